-- The authority store of a data node. A landed number is never edited: a change is a new file.
--
-- Tokens are kept as the bytes that were signed; every other column about them is a projection, for finding
-- rows, and is held against the bytes before it is trusted. Digests are 32 bytes of BLAKE3. Times are
-- microseconds since 1970, cut.

-- One row: shows with which key the delegations below are sealed.
CREATE TABLE seal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL
) STRICT;

CREATE TABLE space (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE, -- tinycloud:<did suffix>:<name>
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE delegation (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    signed_digest BLOB NOT NULL CHECK (length(signed_digest) = 32), -- the same for every encoding
    parents BLOB NOT NULL CHECK (length(parents) % 32 = 0),         -- digests, in signed order
    seal BLOB NOT NULL CHECK (length(seal) = 32), -- keyed hash over the three columns above
    bytes BLOB NOT NULL,
    delegator TEXT NOT NULL,
    delegatee TEXT NOT NULL,
    not_before INTEGER,
    expires INTEGER,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX delegation_delegator ON delegation (delegator);
CREATE INDEX delegation_delegatee ON delegation (delegatee);

-- A delegation is revoked when a row has its signed digest: then every encoding of it is.
CREATE TABLE revocation (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    target BLOB NOT NULL CHECK (length(target) = 32),
    signed_digest BLOB NOT NULL CHECK (length(signed_digest) = 32),
    bytes BLOB NOT NULL,
    revoker TEXT NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocation_signed_digest ON revocation (signed_digest);

-- Invocations that changed something: who asked for which event.
CREATE TABLE invocation (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    bytes BLOB NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

-- Every put and deletion, in commit order. hash NULL: a deletion. value NULL beside a hash: the content is
-- the file of that name below blobs/.
CREATE TABLE kv_event (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (id),
    key BLOB NOT NULL,
    invocation INTEGER NOT NULL REFERENCES invocation (id),
    hash BLOB CHECK (length(hash) = 32),
    size INTEGER,
    metadata TEXT,
    value BLOB
) STRICT;

-- The newest event of each key. live is 0 after a deletion, which is not the same as no row.
CREATE TABLE kv_current (
    space INTEGER NOT NULL REFERENCES space (id),
    key BLOB NOT NULL,
    event INTEGER NOT NULL REFERENCES kv_event (id),
    live INTEGER NOT NULL,
    PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;

-- Used invocations, until they could not be used anyway.
CREATE TABLE replay (
    fingerprint BLOB NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 16),
    expires INTEGER NOT NULL -- seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX replay_expires ON replay (expires);
