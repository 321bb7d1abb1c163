-- What an account keeps here is written by two functions, so that a write is one way to the database and not six, and
-- the lock on its counters is held for no longer than the writing takes.
--
-- They refuse by an exception, which undoes what they have begun: EN001 the account was deleted, EN002 there is no
-- room.

-- The account's counters, locked until the commit. Inserting also waits for a rival that is just inserting; an update
-- alone would not see its row. Whether the account is gone is asked in a statement of its own, after the lock: an
-- account is marked as gone before what it kept is erased.
CREATE FUNCTION lock_account_store(account bytea)
RETURNS account_store
LANGUAGE plpgsql
AS $$
DECLARE
  store account_store;
BEGIN
  INSERT INTO account_store AS s (account_id) VALUES (account)
  ON CONFLICT (account_id) DO UPDATE SET archive_bytes = s.archive_bytes
  RETURNING * INTO store;
  IF EXISTS (SELECT FROM gone_account g WHERE g.account_id = account) THEN
    RAISE EXCEPTION 'the account was deleted' USING ERRCODE = 'EN001';
  END IF;
  RETURN store;
END $$;

-- False where the account never was in the conversation. What it could read there it may keep, also after it has left.
CREATE FUNCTION write_archive(
  account bytea, conversation bytea,
  messages bytea[], seqs bigint[], key_versions bigint[], seals bytea[], quota_bytes bigint)
RETURNS boolean
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  added bigint;
  total bigint;
BEGIN
  IF NOT EXISTS (
    SELECT FROM conversation_member m WHERE m.conversation_id = conversation AND m.account_id = account)
  THEN
    RETURN false;
  END IF;
  PERFORM lock_account_store(account);
  WITH stored AS (
    INSERT INTO archive_record (account_id, conversation_id, message_id, seq, key_version, sealed)
    SELECT account, conversation, u.message_id, u.seq, u.key_version, u.sealed
    FROM unnest(messages, seqs, key_versions, seals) AS u (message_id, seq, key_version, sealed)
    ON CONFLICT DO NOTHING
    RETURNING octet_length(sealed) AS bytes)
  SELECT coalesce(sum(bytes), 0) INTO added FROM stored;
  IF added > 0 THEN
    UPDATE account_store SET archive_bytes = archive_bytes + added WHERE account_id = account
    RETURNING archive_bytes INTO total;
    IF total > quota_bytes THEN
      RAISE EXCEPTION 'the archive is full' USING ERRCODE = 'EN002';
    END IF;
  END IF;
  RETURN true;
END $$;

-- Of two writings of one key the higher (stamp, device) stays. Answers with the revisions before and after.
CREATE FUNCTION write_account_state(
  account bytea, device bytea, keys bytea[], stamps bigint[], seals bytea[], entries_limit bigint)
RETURNS TABLE (previous bigint, revision bigint)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  store account_store := lock_account_store(account);
  stored bigint;
  added bigint;
BEGIN
  WITH winners AS (
    SELECT u.*, s.key IS NULL AS is_new, row_number() OVER (ORDER BY u.place) AS step
    FROM unnest(keys, stamps, seals) WITH ORDINALITY AS u (key, stamp, sealed, place)
    LEFT JOIN account_state s ON s.account_id = account AND s.key = u.key
    WHERE s.key IS NULL OR (u.stamp, device) > (s.stamp, s.device_id::bytea)
  ), written AS (
    INSERT INTO account_state AS a (account_id, key, stamp, device_id, revision, sealed)
    SELECT account, w.key, w.stamp, device, store.state_revision + w.step, w.sealed FROM winners w
    ON CONFLICT (account_id, key) DO UPDATE SET stamp = EXCLUDED.stamp,
      device_id = EXCLUDED.device_id, revision = EXCLUDED.revision, sealed = EXCLUDED.sealed
  )
  SELECT count(*), count(*) FILTER (WHERE w.is_new) INTO stored, added FROM winners w;
  IF added > 0 AND store.state_entries + added > entries_limit THEN
    RAISE EXCEPTION 'the account state is full' USING ERRCODE = 'EN002';
  END IF;
  IF stored > 0 THEN
    UPDATE account_store s
    SET state_revision = store.state_revision + stored, state_entries = store.state_entries + added
    WHERE s.account_id = account;
  END IF;
  RETURN QUERY SELECT store.state_revision::bigint, (store.state_revision + stored)::bigint;
END $$;
