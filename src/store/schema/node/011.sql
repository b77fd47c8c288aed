-- What was asked to be decrypted, by whom, and what came of it (spec/04 sections 6.1 and 13): names and hashes, nothing
-- that opens anything. The first outcome of a request stays. Rows are never removed.
CREATE TABLE decryption (
    request TEXT NOT NULL PRIMARY KEY CHECK (length(request) = 64), -- requestHash
    requester TEXT NOT NULL,                                        -- DID
    network TEXT NOT NULL,
    node TEXT NOT NULL, -- DID
    outcome TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    seal BLOB NOT NULL CHECK (length(seal) = 32) -- keyed hash over the columns above
) STRICT, WITHOUT ROWID;
