-- Encryption networks (spec/04 section 6). A network is never removed: its name stays taken when it is
-- revoked. The private key is encrypted under a key of this node, bound to the id and the public key.
CREATE TABLE network (
    id TEXT NOT NULL PRIMARY KEY, -- canonical URN
    algorithm TEXT NOT NULL,
    key_version INTEGER NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    private_key BLOB NOT NULL CHECK (length(private_key) = 61),
    revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    seal BLOB NOT NULL CHECK (length(seal) = 32) -- keyed hash over the columns above
) STRICT, WITHOUT ROWID;
