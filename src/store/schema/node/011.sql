-- What was asked to be decrypted, by whom, and what came of it (spec/04 sections 6.1 and 13): names and hashes, nothing
-- that opens anything. In the order in which it was decided, so that many records share a page and its sync; the first row of
-- a request is its outcome, those behind it are what came of it again. Rows are never removed.
CREATE TABLE decryption (
    id INTEGER PRIMARY KEY,
    request TEXT NOT NULL CHECK (length(request) = 64), -- requestHash
    requester TEXT NOT NULL,                            -- DID
    network TEXT NOT NULL,
    node TEXT NOT NULL, -- DID
    outcome TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    seal BLOB NOT NULL CHECK (length(seal) = 32) -- keyed hash over the columns above, but for id
) STRICT;
