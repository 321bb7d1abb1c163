-- A node that cannot say who listens to what hears everything. So does one that does not know of this yet.
ALTER TABLE chat_node ADD COLUMN hears_all boolean NOT NULL DEFAULT true;
