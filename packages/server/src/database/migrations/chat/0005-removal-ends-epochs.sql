-- A commit that takes somebody out ends the grace of the epochs before it: what others still encrypted for those
-- could be opened by whoever is out. It is refused, and its sender encrypts it anew.
ALTER TABLE conversation ADD COLUMN min_epoch bigint NOT NULL DEFAULT 0;

-- One batch of messages, in one transaction and one round trip.
--
-- The conversations are locked first, in the order of their ids, so that two batches never wait for each
-- other in a circle; each statement after that sees what was committed before it got the locks.
-- The caller never puts the same (conversation, device, message id) twice into one batch.
--
-- Repetitions are looked up only where there can be any: a device numbers its encryptions, and a number
-- above all that are stored of it is new. Looking into 64 partitions costs more than everything else
-- here together. Should a device lie about its numbers, the unique index says so, and the batch is judged
-- again with every message looked up.
--
-- Plans are made once and pinned to index lookups: on fresh tables without statistics the planner would
-- hash whole tables, and planning anew for each batch would cost more than the batch.
--
-- status: 0 accepted or accepted before, else the number of the error in the catalogue.
CREATE OR REPLACE FUNCTION ingest(
  conversations bytea[], devices bytea[], messages bytea[], epochs bigint[], counters bigint[],
  bodies bytea[], digests bytea[], locks bytea[], past_epochs bigint, now_ms bigint)
RETURNS TABLE (ord bigint, status integer, seq bigint, server_time bigint, fresh boolean)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  look_up boolean;
  known_seqs bigint[];
  known_times bigint[];
  known_same boolean[];
  out_ords bigint[];
  out_statuses integer[];
  out_seqs bigint[];
  out_times bigint[];
  out_fresh boolean[];
BEGIN
  PERFORM 1 FROM conversation WHERE id = ANY (locks) ORDER BY id FOR NO KEY UPDATE;

  look_up := EXISTS (
    SELECT 1 FROM unnest(devices, counters) AS u (device_id, counter)
    JOIN device_counter d ON d.device_id = u.device_id AND u.counter <= d.counter);

  LOOP
    IF look_up THEN
      SELECT array_agg(m.seq ORDER BY u.ord), array_agg(m.server_time ORDER BY u.ord),
        array_agg(m.kind = 0 AND m.epoch = u.epoch AND m.body = u.body ORDER BY u.ord)
      INTO known_seqs, known_times, known_same
      FROM unnest(conversations, devices, messages, epochs, bodies)
        WITH ORDINALITY AS u (conversation_id, device_id, message_id, epoch, body, ord)
      LEFT JOIN message m ON m.conversation_id = u.conversation_id
        AND m.sender_device = u.device_id AND m.message_id = u.message_id;
    END IF;

    BEGIN
      WITH judged AS MATERIALIZED (
        SELECT i.*, c.last_seq, c.epoch AS current_epoch, r.current_epoch AS refused_epoch,
          CASE
            WHEN b.device_id IS NULL THEN 80
            WHEN i.known_seq IS NOT NULL THEN CASE WHEN i.same THEN 0 ELSE 86 END
            WHEN r.current_epoch IS NOT NULL THEN 82
            WHEN b.left_seq IS NOT NULL THEN 84
            WHEN c.peer_gone THEN 85
            WHEN i.epoch > c.epoch OR i.epoch < GREATEST(c.epoch - past_epochs, c.min_epoch) THEN 82
            ELSE 0
          END AS status
        FROM unnest(
            conversations, devices, messages, epochs, counters, bodies, digests,
            known_seqs, known_times, known_same)
          WITH ORDINALITY AS i (
            conversation_id, device_id, message_id, epoch, counter, body, digest,
            known_seq, known_time, same, ord)
        LEFT JOIN conversation c ON c.id = i.conversation_id
        LEFT JOIN conversation_member b
          ON b.conversation_id = i.conversation_id AND b.device_id = i.device_id
        LEFT JOIN epoch_refusal r ON r.conversation_id = i.conversation_id
          AND r.sender_device = i.device_id AND r.message_id = i.message_id AND r.digest = i.digest
      ),
      placed AS MATERIALIZED (
        SELECT j.*, j.status = 0 AND j.known_seq IS NULL AS fresh,
          j.last_seq + row_number() OVER (
            PARTITION BY j.conversation_id, j.status = 0 AND j.known_seq IS NULL ORDER BY j.ord) AS new_seq
        FROM judged j
      ),
      raised AS (
        UPDATE conversation c SET last_seq = top.seq
        FROM (
          SELECT p.conversation_id, max(p.new_seq) AS seq FROM placed p WHERE p.fresh GROUP BY p.conversation_id
        ) top
        WHERE c.id = top.conversation_id
      ),
      stored AS (
        INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
        SELECT p.conversation_id, p.new_seq, p.epoch, now_ms, 0, p.message_id, p.device_id, p.body
        FROM placed p WHERE p.fresh
      ),
      counted AS (
        INSERT INTO device_counter AS d (device_id, counter)
        SELECT p.device_id, max(p.counter) FROM placed p WHERE p.fresh GROUP BY p.device_id ORDER BY p.device_id
        ON CONFLICT (device_id) DO UPDATE SET counter = GREATEST(d.counter, EXCLUDED.counter)
      ),
      recorded AS (
        INSERT INTO epoch_refusal (conversation_id, sender_device, message_id, digest, current_epoch)
        SELECT p.conversation_id, p.device_id, p.message_id, p.digest, p.current_epoch
        FROM placed p WHERE p.status = 82 AND p.refused_epoch IS NULL
        ON CONFLICT DO NOTHING
      )
      SELECT array_agg(p.ord), array_agg(p.status),
        array_agg(CASE p.status
          WHEN 0 THEN coalesce(p.known_seq, p.new_seq)
          WHEN 82 THEN coalesce(p.refused_epoch, p.current_epoch)
          ELSE 0
        END),
        array_agg(coalesce(p.known_time, now_ms)), array_agg(p.fresh)
      INTO out_ords, out_statuses, out_seqs, out_times, out_fresh
      FROM placed p;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      IF look_up THEN
        RAISE;
      END IF;
      look_up := true;
    END;
  END LOOP;

  RETURN QUERY SELECT * FROM unnest(out_ords, out_statuses, out_seqs, out_times, out_fresh);
END $$;
