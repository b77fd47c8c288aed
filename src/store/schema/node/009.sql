-- SQL databases of spaces (spec/03 section 9): each is a file of its own below sql/, named by the hash of space
-- and path. bytes is the most that it ever was, which is what its space is charged for.
CREATE TABLE sql_database (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (id),
    path TEXT NOT NULL,
    name BLOB NOT NULL UNIQUE CHECK (length(name) = 32),
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX sql_database_space ON sql_database (space);

-- Events of a commit in such a file that are due to webhooks. The file carries the id as a mark once the commit
-- is made, so that after a crash it is known whether they are true. An id is never used twice.
CREATE TABLE sql_intent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL CHECK (length(name) = 32),
    space TEXT NOT NULL,
    paths TEXT NOT NULL,      -- JSON array
    invocation BLOB NOT NULL  -- the token
) STRICT;
