-- Records that only the backend's identity opens: grants of owners, and what else must survive a restart.
CREATE TABLE sealed (
    name BLOB NOT NULL PRIMARY KEY, -- is authenticated with the record, so that no record answers for another
    record BLOB NOT NULL            -- nonce, ciphertext, tag
) STRICT, WITHOUT ROWID;
