/* How an owner's grant stands, as the app is told. */
#ifndef BACKEND_LOCAL_STANDING_H
#define BACKEND_LOCAL_STANDING_H

#include "backend/backend.h"
#include "base/json_write.h"

enum standing {
    STANDING_NONE,
    STANDING_PENDING, /* kept, and not in use at the node right now: the next request takes it into use */
    STANDING_ACTIVE,
    STANDING_EXPIRED,
    STANDING_STALE,     /* it was given for another policy */
    STANDING_UNREADABLE /* what is kept does not open */
};

struct local_standing {
    uint8_t owner[20];
    enum standing standing;
    struct deputy_time granted, expires; /* when there is one */
};

/*
 * Reads how the owner stands, and removes nothing. `wants` (may be NULL) takes what the policy asks of him.
 * Waits for the disk. GRANT_RECORD is no error here.
 */
enum deputy_error local_standing_read(struct deputy_arena *arena, struct local_standing *out,
        struct backend_wants *wants, const struct backend *backend, const uint8_t owner[20]);

/* A grant that stands is pending unless it is in use. */
void local_standing_finish(struct local_standing *standing, const struct backend *backend);

/* The members owner, state, grantedAt and expiresAt of an object. */
void local_standing_put(struct json_writer *json, const struct local_standing *standing);

/* "did:pkh:eip155:1:0x…", as a member. */
void local_put_owner(struct json_writer *json, const char *name, const uint8_t owner[20]);

/* A time, or null. */
void local_put_time(struct json_writer *json, const char *name, const struct deputy_time *time);

#endif
