-- Revocations become a chain, so that one that was deleted, edited or moved is noticed: each row carries a
-- keyed hash over the link before it and its own columns. Rows of schema 1 get theirs when the store opens.
ALTER TABLE revocation ADD COLUMN link BLOB NOT NULL DEFAULT x'';

-- One row: how many links there are, the last of them, and a keyed hash over both, so that the end of the
-- chain cannot be cut off.
CREATE TABLE revocation_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32),
    mark BLOB NOT NULL CHECK (length(mark) = 32)
) STRICT;

-- Which events have their content in the file of a hash.
CREATE INDEX kv_event_file ON kv_event (hash) WHERE value IS NULL AND hash IS NOT NULL;
