-- The place of the last event that changed what messages are judged by: a commit, a leaving. Messages do not raise it, so
-- what one node remembers stays good when others write to the same conversation.
ALTER TABLE conversation ADD COLUMN changed_seq bigint NOT NULL DEFAULT 0;

DROP FUNCTION accept;

-- A batch of messages that the caller has judged by what it remembers of their conversations: who is in them, and their
-- epoch. Everything that changes this sets changed_seq in the same transaction, or peer_gone. So one comparison, under
-- the row's lock, says whether the caller's memory is the truth. Where it is not, nothing is stored and `ingest` judges.
--
-- `conversation_at` is the number of a message's conversation among the known ones, from 1, and `step` its number among
-- the batch's messages in it, from 1. Answers, for each known conversation, with the place before the first of these.
--
-- Repetitions are not looked up: the unique index finds them, and again `ingest` judges. What was refused before is
-- looked up, because the same bytes must not pass later.
--
-- Conversations are locked in the order of their ids, as `ingest` does. Plans are pinned as there.
CREATE FUNCTION accept(
  known bytea[], known_changes bigint[], counts bigint[],
  conversations bytea[], conversation_at bigint[], steps bigint[],
  devices bytea[], messages bytea[], epochs bigint[], bodies bytea[],
  digests bytea[], senders bytea[], counters bigint[], now_ms bigint)
RETURNS bigint[]
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
  bases bigint[];
BEGIN
  WITH raised AS (
    UPDATE conversation c SET last_seq = c.last_seq + k.count
    FROM (
      SELECT * FROM unnest(known, known_changes, counts) WITH ORDINALITY AS u (id, changed_seq, count, at) ORDER BY u.id
    ) k
    WHERE c.id = k.id AND c.changed_seq = k.changed_seq AND NOT c.peer_gone
    RETURNING k.at, c.last_seq - k.count AS base)
  SELECT array_agg(r.base ORDER BY r.at) INTO bases FROM raised r;

  IF coalesce(cardinality(bases), 0) < cardinality(known) OR EXISTS (
    SELECT 1 FROM unnest(conversations, devices, messages, digests) AS i (conversation_id, device_id, message_id, digest)
    JOIN epoch_refusal r ON r.conversation_id = i.conversation_id
      AND r.sender_device = i.device_id AND r.message_id = i.message_id AND r.digest = i.digest)
  THEN
    RAISE EXCEPTION 'a conversation is not as remembered' USING ERRCODE = 'serialization_failure';
  END IF;

  INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
  SELECT i.conversation_id, bases[i.conversation_at] + i.step, i.epoch, now_ms, 0, i.message_id, i.device_id, i.body
  FROM unnest(conversations, conversation_at, steps, epochs, messages, devices, bodies)
    AS i (conversation_id, conversation_at, step, epoch, message_id, device_id, body);

  INSERT INTO device_counter AS d (device_id, counter)
  SELECT u.device_id, u.counter FROM unnest(senders, counters) AS u (device_id, counter) ORDER BY u.device_id
  ON CONFLICT (device_id) DO UPDATE SET counter = GREATEST(d.counter, EXCLUDED.counter);

  RETURN bases;
END $$;
