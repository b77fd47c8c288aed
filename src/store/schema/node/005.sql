-- Webhooks: who is to be told of which writes, and what is still to be told.

CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- of its CID
    space INTEGER NOT NULL REFERENCES space (id),
    subscriber TEXT NOT NULL, -- DID
    service TEXT NOT NULL,
    prefix TEXT,
    abilities INTEGER NOT NULL, -- a bit each; 0: all of the service
    url TEXT NOT NULL,
    secret BLOB NOT NULL,                                    -- encrypted
    proofs BLOB NOT NULL CHECK (length(proofs) % 32 = 0),    -- digests of the delegations it rests on
    seal BLOB NOT NULL CHECK (length(seal) = 32), -- keyed hash over the columns above but id
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_space ON webhook (space) WHERE active = 1;

-- Written in the transaction of the write that it tells of, and removed once it was delivered.
CREATE TABLE webhook_delivery (
    id INTEGER PRIMARY KEY,
    webhook INTEGER NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL, -- its id
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER, -- when it is tried next; NULL: a dead letter
    UNIQUE (webhook, event)
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, due) WHERE due IS NOT NULL;
