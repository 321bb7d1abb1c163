-- The same without the digests: whoever was refused under this id, with whatever bytes, is judged by `ingest`. So no
-- message is digested whose sender was not refused. The other one stays, for nodes of the version before.
CREATE FUNCTION accept(
  known bytea[], known_changes bigint[], counts bigint[],
  conversations bytea[], conversation_at bigint[], steps bigint[],
  devices bytea[], messages bytea[], epochs bigint[], bodies bytea[],
  senders bytea[], counters bigint[], now_ms bigint)
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
    SELECT 1 FROM unnest(conversations, devices, messages) AS i (conversation_id, device_id, message_id)
    JOIN epoch_refusal r ON r.conversation_id = i.conversation_id
      AND r.sender_device = i.device_id AND r.message_id = i.message_id)
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
