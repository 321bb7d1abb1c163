-- Statements by which one account key names the next, oldest first, as one CBOR list; it is empty at first.
ALTER TABLE identity ADD COLUMN successions bytea NOT NULL DEFAULT '\x80';
