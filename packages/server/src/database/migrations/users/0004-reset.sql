-- What the operator gave to somebody who has lost password and phrase: good once, until it expires. Once it was used
-- the row stays until chat has forgotten what the account had there.
CREATE TABLE reset_code (
  account_id id16 PRIMARY KEY REFERENCES account,
  hash       bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
