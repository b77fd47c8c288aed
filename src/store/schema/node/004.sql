-- What a space holds, for its quota: each content once, under however many keys and however often it was
-- written. Deleting a key does not remove content, so `used` only grows.
CREATE TABLE content (
    space INTEGER NOT NULL REFERENCES space (id),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    size INTEGER NOT NULL,
    PRIMARY KEY (space, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO content (space, hash, size)
    SELECT space, hash, max(size) FROM kv_event WHERE hash IS NOT NULL GROUP BY space, hash;

ALTER TABLE space ADD COLUMN used INTEGER NOT NULL DEFAULT 0; -- the sum of its contents' sizes
UPDATE space SET used = (SELECT coalesce(sum(size), 0) FROM content WHERE content.space = space.id);
