-- Uses of invocations that were held in memory together and written together: one row instead of one each, so
-- that remembering a read costs no page of its own. Whoever needs to know of a single use asks the memory.
CREATE TABLE replay_page (
    id INTEGER PRIMARY KEY,
    expires INTEGER NOT NULL, -- seconds, the latest of the entries
    entries BLOB NOT NULL CHECK (length(entries) % 24 = 0) -- fingerprint (16), expiry in seconds (8, big-endian)
) STRICT;
CREATE INDEX replay_page_expires ON replay_page (expires);
