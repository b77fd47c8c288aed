/* What a page learns before anybody signs in: whom to delegate to, and what (spec/07 section A3). */
#ifndef BACKEND_SERVER_INFO_H
#define BACKEND_SERVER_INFO_H

#include "backend/policy.h"

enum { SERVER_INFO_ETAG_BYTES = 45 };

struct server_info_text {
    struct deputy_slice name;     /* of the backend, for the consent; absent for none */
    struct deputy_slice expiry;   /* a duration such as "7d"; absent for none */
    struct deputy_slice features; /* a JSON object; absent for none */
};

struct server_info {
    struct deputy_slice body;          /* compact JSON, made once */
    char etag[SERVER_INFO_ETAG_BYTES]; /* strong, with its quotes: the hash of the body */
};

/* Refused: an expiry that is no duration, as in a manifest, and features that are no JSON object. */
enum deputy_error server_info_make(struct deputy_arena *arena, struct server_info *out,
        struct deputy_refusal *refusal, struct deputy_slice did, const struct backend_policy *policy,
        const struct server_info_text *text);

#endif
