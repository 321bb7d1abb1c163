CREATE DOMAIN id16 AS bytea CHECK (octet_length(value) = 16);

-- A deleted account keeps its row: its handle is never given out again.
CREATE TABLE account (
  id            id16 PRIMARY KEY,
  handle        text NOT NULL UNIQUE,
  display_name  text NOT NULL,
  opaque_record text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  deleted_at    timestamptz,
  chat_told_at  timestamptz
);
CREATE INDEX account_to_tell ON account (deleted_at) WHERE deleted_at IS NOT NULL AND chat_told_at IS NULL;

CREATE TABLE vault (
  account_id id16 PRIMARY KEY REFERENCES account,
  sealed     bytea NOT NULL,
  wraps      bytea NOT NULL
);

CREATE TABLE identity (
  account_id   id16 PRIMARY KEY REFERENCES account,
  account_key  bytea NOT NULL,
  version      integer NOT NULL,
  device_list  bytea NOT NULL,
  certificates bytea NOT NULL
);

-- Every list ever signed: they are chained by hash, and a contact may have to follow the chain.
CREATE TABLE device_list (
  account_id id16 NOT NULL REFERENCES account,
  version    integer NOT NULL,
  list       bytea NOT NULL,
  PRIMARY KEY (account_id, version)
);

CREATE TABLE device (
  id            id16 PRIMARY KEY,
  account_id    id16 NOT NULL REFERENCES account,
  signature_key bytea NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  revoked_at    timestamptz
);
CREATE INDEX device_of_account ON device (account_id) WHERE revoked_at IS NULL;

-- A session is a family of refresh tokens.
CREATE TABLE session (
  id         id16 PRIMARY KEY,
  account_id id16 NOT NULL REFERENCES account,
  device_id  id16 NOT NULL REFERENCES device,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz
);
CREATE INDEX session_of_account ON session (account_id) WHERE ended_at IS NULL;
CREATE INDEX session_of_device ON session (device_id) WHERE ended_at IS NULL;

CREATE TABLE refresh_token (
  hash        bytea PRIMARY KEY,
  session_id  id16 NOT NULL REFERENCES session ON DELETE CASCADE,
  parent_hash bytea,
  expires_at  timestamptz NOT NULL,
  replaced_at timestamptz
);
CREATE INDEX refresh_token_of_session ON refresh_token (session_id);

CREATE TABLE key_package (
  ref         bytea PRIMARY KEY,
  account_id  id16 NOT NULL,
  device_id   id16 NOT NULL REFERENCES device,
  key_package bytea NOT NULL,
  expires_at  timestamptz NOT NULL,
  stored_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX key_package_of_device ON key_package (device_id, stored_at);

-- What was given out is remembered by its reference, so that publishing the same again adds nothing.
CREATE TABLE key_package_spent (
  ref      bytea PRIMARY KEY,
  spent_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE last_resort_package (
  device_id   id16 PRIMARY KEY REFERENCES device,
  account_id  id16 NOT NULL,
  ref         bytea NOT NULL,
  key_package bytea NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz
);

CREATE TABLE signing_key (
  kid        text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);
