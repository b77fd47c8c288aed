/*
 * How an owner signs in (spec/07 section A5): a nonce, then one message signed with the account's key, which
 * is the very message that opened the session at the node.
 */
#ifndef BACKEND_AUTH_H
#define BACKEND_AUTH_H

#include "backend/frame.h"
#include "backend/nonce.h"

enum { AUTH_MESSAGE_MAX = 256 * 1024, AUTH_SIGNATURE_MAX = 1024, AUTH_MAX_EARLY_S = 60 };

/* What a message of sign-in may be about. */
struct auth_rules {
    const struct deputy_slice *domains; /* of pages, host and port as messages name them */
    size_t domain_count;
    const struct deputy_slice *origins; /* scheme and domain, where a page is not https */
    size_t origin_count;
    uint64_t chain;
};

/*
 * Is it a message of sign-in that the account of its address signed, for one of our pages and of this time?
 * DEPUTY_E_SIGN_IN_…, DEPUTY_E_SIGNATURE and those of deputy_siwe_parse; its nonce is not looked at. The
 * message counts byte for byte as it came.
 */
struct deputy_siwe;
enum deputy_error auth_check(struct deputy_arena *arena, struct deputy_siwe *out,
        const struct auth_rules *rules, struct deputy_slice message, struct deputy_slice signature,
        struct deputy_time now);

/* GET /api/auth/nonce, POST /api/auth/verify. */
extern const struct frame_table auth_routes;

#endif
