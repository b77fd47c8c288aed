-- Signed URLs (spec/03 section 11). What the URL carries is not here, only its hash, so that reading the
-- database opens nothing; the seal is a keyed hash over the other columns, so that writing it does not either.
CREATE TABLE ticket (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    expires INTEGER NOT NULL, -- seconds
    space TEXT NOT NULL,
    key BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- the value that it is for
    invocation BLOB NOT NULL,                     -- the token under which it was made, judged again at use
    seal BLOB NOT NULL CHECK (length(seal) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_expires ON ticket (expires);
