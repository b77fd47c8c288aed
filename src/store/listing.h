/*
 * Which delegations there are, for listings. The columns searched here are projections: they find rows, and
 * whoever shows one loads it and looks at its bytes.
 */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "store/store.h"

struct store_listed {
    int64_t id; /* ascending in the order of storing */
    uint8_t digest[STORE_DIGEST_BYTES];
    struct deputy_time issued; /* cut to microseconds */
};

struct store_listing {
    struct store_listed *rows;
    size_t count;
};

/* Delegations that name the space, in the order of storing, behind the row `after` (0: from the first). */
enum deputy_error store_list_by_space(struct deputy_arena *arena, struct store_listing *out,
        struct store_read *read, struct deputy_slice space, int64_t after, size_t limit);

/* Which side of a delegation somebody is on. */
struct store_sides {
    bool granted;
    bool received;
};

/* Delegations that the principal made or received, the newest first, then by digest, behind `after` (NULL:
 * from the first). */
enum deputy_error store_list_by_principal(struct deputy_arena *arena, struct store_listing *out,
        struct store_read *read, struct deputy_slice principal, struct store_sides sides,
        const struct store_listed *after, size_t limit);

/* Where a delegation stands in the listing of that principal; found is false when it is not in it. */
enum deputy_error store_listed_find(struct store_listed *out, bool *found, struct store_read *read,
        struct deputy_slice principal, const uint8_t digest[STORE_DIGEST_BYTES]);

struct store_revoked {
    bool found;
    struct deputy_slice revoker; /* principal */
    struct deputy_time at;
};

/* The first revocation of what has this signed digest. */
enum deputy_error store_revoked_by(struct deputy_arena *arena, struct store_revoked *out,
        struct store_read *read, const uint8_t signed_digest[STORE_DIGEST_BYTES]);

#endif
