-- What an account keeps here beside its conversations. The row is the lock of its archive and of its state:
-- whoever writes either holds it until the commit.
CREATE TABLE account_store (
  account_id     id16 PRIMARY KEY,
  archive_bytes  bigint NOT NULL DEFAULT 0,
  state_entries  bigint NOT NULL DEFAULT 0,
  state_revision bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Decrypted events, sealed under the account's archive key. The primary key is also the order in which they
-- are read: a page is one range of it. Paging by sequence number needs that number to be there once.
CREATE TABLE archive_record (
  account_id      id16 NOT NULL,
  conversation_id id16 NOT NULL,
  seq             bigint NOT NULL,
  message_id      id16 NOT NULL,
  key_version     bigint NOT NULL,
  sealed          bytea NOT NULL,
  PRIMARY KEY (account_id, conversation_id, seq),
  UNIQUE (account_id, conversation_id, message_id)
);
ALTER TABLE archive_record ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Revisions are given out under the lock of the account's row: whoever has read up to one misses no commit below it.
CREATE TABLE account_state (
  account_id id16 NOT NULL,
  key        bytea NOT NULL CHECK (octet_length(key) = 32),
  stamp      bigint NOT NULL,
  device_id  id16 NOT NULL,
  revision   bigint NOT NULL,
  sealed     bytea NOT NULL,
  PRIMARY KEY (account_id, key),
  UNIQUE (account_id, revision)
);
ALTER TABLE account_state ALTER COLUMN sealed SET STORAGE EXTERNAL;
