/*
 * What an owner hands in: one delegation or a bundle of them, believed only as far as it is signed (spec/07
 * sections A8, A9 and E10 to E12).
 *
 * Nothing here speaks to anybody: a host that a wrapper names is compared and never contacted. What only a
 * node can know (revocations, proofs that were not given) is asked for where the grant is activated.
 */
#ifndef BACKEND_INTAKE_H
#define BACKEND_INTAKE_H

#include "backend/policy.h"
#include <deputy/portable.h>

enum {
    INTAKE_MAX_BYTES = 256 * 1024,
    INTAKE_MAX_RESOURCES = 256, /* in all */
    INTAKE_MAX_PROOFS = 16,
    INTAKE_MIN_LIFE_MS = 30000,
    INTAKE_MAX_EARLY_S = 60
};

#define INTAKE_FORMAT_LISTEN "listen.delegation-bundle"
#define INTAKE_FORMAT_NEUTRAL "tinycloud.delegation-bundle"

/* Whose delegations are taken, and how they may come. */
struct intake_rules {
    struct deputy_slice did;            /* the backend's */
    const struct deputy_slice *formats; /* of bundles */
    size_t format_count;
    const struct deputy_slice *hosts; /* URLs of nodes that a wrapper may name; one that names none is fine */
    size_t host_count;
};

/* Tokens that may stand behind the delegations: Authorization values, such as that of the owner's sign-in. */
struct intake_proofs {
    const struct deputy_slice *headers;
    size_t count;
};

struct intake {
    const struct deputy_delegation *items;
    size_t count;
    struct deputy_time expires; /* the first end of any of them */
    bool rooted;                /* every lineage was verified up to the owner; else the node has to */
};

/*
 * Takes all of it or nothing. Every delegation must be signed, be for this backend, be about what the owner
 * of `wants` owns and nothing else, say in its wrapper what is signed, and be good for more than 30 s; all
 * together must give what is wanted. A lineage whose tokens are all given is decided by deputy_chain_admit,
 * and its refusal is ours. One code a reason: DEPUTY_E_GRANT_…, DEPUTY_E_PORTABLE_…, those of tokens and
 * chains. The result lives in the arena and points into `serialized`.
 */
enum deputy_error intake_take(struct deputy_arena *arena, struct intake *out, struct deputy_refusal *refusal,
        const struct intake_rules *rules, const struct backend_wants *wants, struct deputy_slice serialized,
        const struct intake_proofs *proofs, struct deputy_time now);

#endif
