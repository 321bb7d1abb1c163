-- Ed25519 public key derived from the recovery phrase.
ALTER TABLE account ADD COLUMN recovery_key bytea;

ALTER TABLE device ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
