-- Of groups, what their context says at the current epoch: who owns them, which links are open.
ALTER TABLE conversation_group ADD COLUMN group_data bytea;

-- What the joiners of an epoch need beside its tree, and as long: the group's state, sealed for them.
ALTER TABLE ratchet_tree ADD COLUMN snapshot bytea;
ALTER TABLE ratchet_tree ALTER COLUMN snapshot SET STORAGE EXTERNAL;

-- Open invite links that have been written; a row ends with the commit that takes its id out of the group data.
CREATE TABLE invite (
  invite_id       id16 PRIMARY KEY,
  conversation_id id16 NOT NULL REFERENCES conversation,
  sealed          bytea NOT NULL
);
ALTER TABLE invite ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX invite_of_conversation ON invite (conversation_id);

-- Accounts that have said that they leave and still have a leaf. The proposal stands in the log at `seq`.
CREATE TABLE leaving (
  conversation_id id16 NOT NULL REFERENCES conversation,
  account_id      id16 NOT NULL,
  epoch           bigint NOT NULL,
  seq             bigint NOT NULL,
  PRIMARY KEY (conversation_id, account_id)
);
