/*
 * A ticket for a stream of events (spec/03 section 13.2): what it covers and until when, with a keyed hash of
 * this node. Opaque to clients; nothing is stored about it.
 *
 *     base64url(payload) "." base64url(HMAC-SHA-256(key, the first part))
 */
#ifndef NODE_HOOK_TICKET_H
#define NODE_HOOK_TICKET_H

#include "node/hook_scope.h"

enum { HOOK_TICKET_KEY_BYTES = 32 };

struct hook_ticket {
    struct deputy_slice subscriber; /* DID */
    const struct hook_scope *scopes;
    size_t count;
    int64_t issued; /* seconds, as the next two */
    int64_t expires;
    bool has_parent_expiry;
    int64_t parent_expires;
    struct hook_proofs proofs;
};

enum deputy_error hook_ticket_seal(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[HOOK_TICKET_KEY_BYTES], const struct hook_ticket *ticket);

/* HOOK_TICKET_FORM, then HOOK_TICKET_SIGNATURE, HOOK_TICKET_PAYLOAD, HOOK_TICKET_EXPIRED. */
enum deputy_error hook_ticket_open(struct deputy_arena *arena, struct hook_ticket *out,
        const uint8_t key[HOOK_TICKET_KEY_BYTES], struct deputy_slice text, int64_t now);

#endif
