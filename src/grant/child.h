/* The token of a child delegation (spec/05 section 8.2). */
#ifndef GRANT_CHILD_H
#define GRANT_CHILD_H

#include "grant/attempt.h"
#include <deputy/session.h>
#include <deputy/ucan.h>

struct child_claims {
    struct deputy_slice issuer;   /* DID or DID URL */
    struct deputy_slice audience; /* DID without path, query and fragment */
    double expiry;                /* seconds since 1970 */
    struct deputy_slice nonce;
    struct deputy_slice facts; /* absent for none */
    const struct deputy_cid *proof;
};

/*
 * Builds and signs it, and lists what it grants as resources of a wrapper: by service and path, actions in
 * the order of the rows, networks under their label. Rows of the service "encryption" are URNs.
 */
enum deputy_error child_build(const struct attempt *attempt, struct deputy_slice *jwt,
        struct deputy_permissions *resources, const struct deputy_session_key *key,
        const struct deputy_space_abilities *abilities, const struct child_claims *claims);

/* The form in which the client library writes tokens of this key. */
enum deputy_ucan_form session_key_form(const struct deputy_session_key *key);

/* By service and then path, as a wrapper lists them. */
enum deputy_error resources_sort(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions resources);

/* Abilities as resources of a wrapper, in the order of the rows. */
enum deputy_error resources_of_abilities(struct deputy_arena *arena, struct deputy_permissions *out,
        const struct deputy_space_abilities *abilities);

#endif
