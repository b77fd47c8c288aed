/* Tickets: what the holder of a signed URL may read (spec/03 section 11). */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include "store/store.h"

struct store_ticket {
    uint8_t id[STORE_DIGEST_BYTES]; /* BLAKE3 of what the URL carries */
    int64_t expires;                /* seconds */
    struct deputy_slice space;      /* canonical id */
    struct deputy_slice key;
    uint8_t hash[STORE_DIGEST_BYTES]; /* of the value that it is for */
    struct deputy_slice invocation;   /* the token under which it was made */
};

/* Stores a new ticket, and removes some of those that have expired. */
enum deputy_error store_ticket_insert(struct store_write *write, const struct store_ticket *ticket);

/* Fills the ticket of out->id; found is false when there is none. DEPUTY_E_STORE_SEAL when this node did not
 * store it like this. */
enum deputy_error store_ticket_find(
        struct deputy_arena *arena, struct store_ticket *out, bool *found, struct store_read *read);

#endif
