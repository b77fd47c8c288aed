/*
 * Caveats (spec/02 section 2.5): conditions under which a capability was granted. A child keeps its parent's
 * or narrows them; what is invoked must be under caveats that this node can enforce.
 *
 * A caveat list is the parsed JSON array of a capability, or NULL when the capability has none. Reasons are
 * static texts, NULL when there is nothing to object to.
 */
#ifndef GRANT_CAVEAT_H
#define GRANT_CAVEAT_H

#include "base/json.h"
#include <deputy/token.h>

/* The caveat list of a capability. */
enum deputy_error caveat_list(struct deputy_arena *arena, const struct json_value **out,
        const struct deputy_capability *capability);

/* Why a delegation's caveats do not lie inside its parent's. */
const char *caveat_delegation_reason(const struct json_value *parent, const struct json_value *child);

/* Why an invocation's caveats do not lie inside those of its proof. */
const char *caveat_invocation_reason(const struct json_value *parent, const struct json_value *child);

/* Why a capability may not be stored with these caveats, whoever grants it. */
const char *caveat_unusable_reason(const struct json_value *caveats);

/* Why the node could not execute the capability under these caveats (H11). */
const char *caveat_unenforceable_reason(
        const struct deputy_capability *capability, const struct json_value *caveats);

/* Whether something of the caveats of an admitted capability is left to the service that executes it. */
bool caveat_binds_service(const struct json_value *caveats);

#endif
