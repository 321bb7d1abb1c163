-- The private part of a wrapping key is in a file beside the database, never here.
CREATE TABLE wrapping_key (
  version    integer PRIMARY KEY,
  public_key bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);

CREATE TABLE data_key (
  id               id16 PRIMARY KEY,
  wrapping_version integer NOT NULL REFERENCES wrapping_key,
  wrapped          bytea NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX data_key_of_wrapping_key ON data_key (wrapping_version, id);

-- From where the session was last renewed, sealed; gone when the session ends.
ALTER TABLE session ADD COLUMN seen bytea;
