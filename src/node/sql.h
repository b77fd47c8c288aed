/* The SQL service under /invoke (spec/03 section 9). */
#ifndef NODE_SQL_H
#define NODE_SQL_H

#include "base/json.h"
#include "node/admit.h"
#include "store/sql_registry.h"

enum { SQL_BODY_MAX = 1000000 };

/* Which database the admitted capabilities name, what is held on it, and under which caveat. */
struct sql_target {
    struct deputy_slice space; /* canonical id */
    struct deputy_slice path;  /* "default" when none is named */
    struct sql_rights rights;
    /* The constrained statements under which the capabilities were admitted, each a JSON array: those of the
     * grants, which no other proof can change (I27, H2). None: unconstrained. */
    const struct deputy_slice *caveats;
    size_t caveat_count;
    struct deputy_slice facts; /* the invoker's own narrowing, or absent */
};

/* Does the decision ask for SQL? */
bool sql_asked(const struct deputy_decision *decision);

/* SQL_SPACES, SQL_PATHS, SQL_NO_ABILITY; INVALID_INPUTS when it would change values on the side. */
enum deputy_error sql_target_of(
        struct deputy_arena *arena, struct sql_target *out, const struct admission *admission);

/*
 * From the body of a request to what the store runs (section 9.3), with the caveat or the narrowing applied
 * (9.7). Everything lives in the arena, or in the body and the target.
 */
enum deputy_error sql_request_read(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct sql_target *target, struct deputy_slice body);

/* A list of parameters as values. SQL_FORM, SQL_INTEGER. */
enum deputy_error sql_params_read(struct deputy_arena *arena, const struct sql_value **out, size_t *count,
        struct deputy_refusal *refusal, const struct json_value *params);

/* What a body asks for, before caveats. */
struct sql_asking {
    enum sql_action action;
    bool named;
    struct deputy_slice name; /* of a named statement */
    const struct sql_value *params;
    size_t param_count;
};

/* Applies the constrained statements: fills in the one that is named, or refuses (section 9.7). */
enum deputy_error sql_profile_apply(struct deputy_arena *arena, struct sql_request *out,
        const struct sql_target *target, const struct sql_asking *asking);

/* Applies the invoker's own narrowing, which also holds the texts of named statements. */
enum deputy_error sql_narrowing_apply(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct sql_target *target, const struct sql_asking *asking);

/* Takes over the admission; ends the exchange, now or later. */
enum http_flow sql_serve(
        struct http_exchange *x, struct admission *admission, const struct store_replay *replay);

/* Tells what a commit had still to tell when the node stopped. Before anything runs. */
enum deputy_error sql_recover(struct node *node, const char *directory);

#endif
