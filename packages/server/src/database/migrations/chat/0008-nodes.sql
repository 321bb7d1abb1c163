-- Which node reads which slot of the event bus. A slot is held for as long as its holder renews it, by the clock of the
-- database; `fence` rises with each holder, so that one that was away for too long learns that it is not its any more.
CREATE TABLE chat_node (
  slot       integer PRIMARY KEY,
  node_id    id16 NOT NULL,
  fence      bigint NOT NULL,
  renewed_at timestamptz NOT NULL
) WITH (fillfactor = 50);
