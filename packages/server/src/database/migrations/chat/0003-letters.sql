-- What a device of an account tells another one of it, sealed for that one alone, until it is settled.
CREATE TABLE device_letter (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id id16 NOT NULL,
  device_id  id16 NOT NULL,
  letter     bytea NOT NULL
);
CREATE INDEX letter_of_device ON device_letter (device_id, id);
CREATE INDEX letter_of_account ON device_letter (account_id);
ALTER TABLE device_letter ALTER COLUMN letter SET STORAGE EXTERNAL;
