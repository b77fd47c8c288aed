/*
 * What a subscription to write events covers (spec/03 section 13.1): a space, a service, and optionally a
 * prefix of paths and some abilities; and the authority it stands on.
 */
#ifndef NODE_HOOK_SCOPE_H
#define NODE_HOOK_SCOPE_H

#include "base/json_write.h"
#include "node/admit.h"

enum { HOOK_PROOFS_MAX = DEPUTY_TOKEN_MAX_PROOFS };

/* The abilities whose use is an event, a bit each. */
enum hook_ability { HOOK_KV_PUT = 1, HOOK_KV_DELETE = 2, HOOK_SQL_WRITE = 4 };

struct hook_scope {
    struct deputy_slice space;   /* canonical id */
    struct deputy_slice service; /* "kv" or "sql" */
    struct deputy_slice prefix;  /* without / at its ends; absent: none */
    unsigned abilities;          /* 0: all */
};

/* From a space id, service and prefix as a request names them; each may be absent. PEER_SPACE, HOOK_SERVICE.
 */
enum deputy_error hook_scope_make(struct deputy_arena *arena, struct hook_scope *out,
        struct deputy_slice space, struct deputy_slice service, struct deputy_slice prefix);

/* From the members space, service, pathPrefix and abilities of an object. As above, and HOOK_ABILITY. */
enum deputy_error hook_scope_read(
        struct deputy_arena *arena, struct hook_scope *out, const struct json_value *object);

/* The same members, into an object that is being written. */
void hook_scope_put(struct json_writer *json, const struct hook_scope *scope);

const char *hook_ability_name(enum hook_ability ability);

/* Does an event belong to it? */
bool hook_scope_matches(const struct hook_scope *scope, struct deputy_slice space,
        struct deputy_slice service, enum hook_ability ability, struct deputy_slice path);

/* Does everything of the inner one belong to the outer one, whose abilities are not looked at? */
bool hook_scope_encloses(const struct hook_scope *outer, const struct hook_scope *inner);

/* The delegations on which something rests. None: it rests on the owner's own key. */
struct hook_proofs {
    struct deputy_cid cids[HOOK_PROOFS_MAX];
    size_t count;
};

/*
 * Does an admitted invocation hold the ability on the scope? Then the delegation that gave it is added to the
 * proofs (may be NULL). A capability under a caveat does not count: nothing here could enforce it.
 */
bool hook_scope_granted(struct hook_proofs *proofs, const struct deputy_decision *decision,
        const char *ability, const struct hook_scope *scope);

/* Does it hold the ability on exactly this path of hooks of the space, or (path absent) on any? */
bool hook_path_granted(const struct deputy_decision *decision, const char *ability, struct deputy_slice space,
        struct deputy_slice path);

/* DEPUTY_E_HOOK_AUTHORITY when one of the delegations is revoked, over, or its ancestors are. */
enum deputy_error hook_proofs_stand(struct deputy_arena *arena, const struct hook_proofs *proofs,
        struct store_read *read, struct deputy_time now);

#endif
