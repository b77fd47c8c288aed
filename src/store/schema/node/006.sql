-- Listings of delegations: by the spaces that they name, and by when they were issued. Projections like the
-- others: they find rows, and the bytes say what a row is. Delegations stored before this step are found by
-- their principals alone, also when they are posted again; the doctor names them.
ALTER TABLE delegation ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
UPDATE delegation SET issued = received_at;
CREATE INDEX delegation_granted ON delegation (delegator, issued DESC, digest);
CREATE INDEX delegation_received ON delegation (delegatee, issued DESC, digest);
DROP INDEX delegation_delegator;
DROP INDEX delegation_delegatee;

CREATE TABLE delegation_space (
    space TEXT NOT NULL, -- canonical id; hosted here or not
    delegation INTEGER NOT NULL REFERENCES delegation (id),
    PRIMARY KEY (space, delegation)
) STRICT, WITHOUT ROWID;
