-- A batch of messages that the caller has judged by what it remembers of their conversations: who is in them, their
-- epoch, their last sequence number. Everything that changes what a message is judged by raises that number in the
-- same transaction (a commit, a leaving), or sets peer_gone. So one comparison, under the row's lock, says whether
-- the caller's memory is the truth. Where it is not, nothing is stored and `ingest` judges.
--
-- Repetitions are not looked up: the unique index finds them, and again `ingest` judges. What was refused before is
-- looked up, because the same bytes must not pass later.
--
-- Conversations are locked in the order of their ids, as `ingest` does. Plans are pinned as there.
CREATE FUNCTION accept(
  known bytea[], known_seqs bigint[], raised_seqs bigint[],
  conversations bytea[], seqs bigint[], devices bytea[], messages bytea[], epochs bigint[], bodies bytea[],
  digests bytea[], senders bytea[], counters bigint[], now_ms bigint)
RETURNS void
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
  raised integer;
BEGIN
  UPDATE conversation c SET last_seq = k.raised_seq
  FROM (SELECT * FROM unnest(known, known_seqs, raised_seqs) AS u (id, known_seq, raised_seq) ORDER BY u.id) k
  WHERE c.id = k.id AND c.last_seq = k.known_seq AND NOT c.peer_gone;
  GET DIAGNOSTICS raised = ROW_COUNT;

  IF raised < cardinality(known) OR EXISTS (
    SELECT 1 FROM unnest(conversations, devices, messages, digests) AS i (conversation_id, device_id, message_id, digest)
    JOIN epoch_refusal r ON r.conversation_id = i.conversation_id
      AND r.sender_device = i.device_id AND r.message_id = i.message_id AND r.digest = i.digest)
  THEN
    RAISE EXCEPTION 'a conversation is not as remembered' USING ERRCODE = 'serialization_failure';
  END IF;

  INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
  SELECT i.conversation_id, i.seq, i.epoch, now_ms, 0, i.message_id, i.device_id, i.body
  FROM unnest(conversations, seqs, epochs, messages, devices, bodies)
    AS i (conversation_id, seq, epoch, message_id, device_id, body);

  INSERT INTO device_counter AS d (device_id, counter)
  SELECT u.device_id, u.counter FROM unnest(senders, counters) AS u (device_id, counter) ORDER BY u.device_id
  ON CONFLICT (device_id) DO UPDATE SET counter = GREATEST(d.counter, EXCLUDED.counter);
END $$;
