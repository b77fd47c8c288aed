/* One admission under way: what is asked, and what was found out so far. Shared by the files of the decision.
 */
#ifndef GRANT_ADMISSION_H
#define GRANT_ADMISSION_H

#include "grant/contain.h"
#include "grant/lineage.h"

/* How a use refuses: the same check has one text for a delegation and another for an invocation. */
struct admission_codes {
    enum deputy_error proof_revoked;
    enum deputy_error ancestor_revoked;
    enum deputy_error uncovered;
    enum deputy_error caveats;
};

struct admission {
    struct deputy_arena *arena;
    enum deputy_use use;
    const struct deputy_token *token;
    const struct deputy_closure *closure;
    const struct deputy_rules *rules;
    struct deputy_time now;
    const struct admission_codes *codes;
    const struct deputy_capability *dependent; /* the first that its signer does not own; NULL for none */
    struct lineage lineage;
    struct deputy_grant *grants;
    struct deputy_refusal refusal; /* set by the check that failed */
};

/* Whether the signer is the root of the capability (spec/02 section 5.4). */
bool capability_is_rooted(const struct deputy_capability *capability, const struct deputy_principal *signer);

/* The checks of the cited proofs: of all of them, whatever they are good for. */

/* Every proof is known and cited once, else DEPUTY_E_MISSING_PARENTS. */
enum deputy_error proofs_are_known(struct admission *admission);

/* At least one proof; each known, cited once, and given to the one who now delegates, one after the other. */
enum deputy_error proofs_are_held_by_delegator(struct admission *admission);

/* At least one proof; all known and cited once, then all given to the one who now invokes. */
enum deputy_error proofs_are_held_by_invoker(struct admission *admission);

/*
 * No proof and no ancestor is revoked or missing; for an invocation, each of them is in time. Leaves the
 * lineage of all proofs behind.
 */
enum deputy_error proofs_are_alive(struct admission *admission);

/* No proof has a policy role, none is terminal (spec/02 section 10). */
enum deputy_error proofs_may_be_parents(struct admission *admission);

/* The proofs whose window encloses the token's, a bit each; none left is a refusal (spec/02 section 5.3). */
enum deputy_error proofs_enclosing(struct admission *admission, uint32_t *usable);

#endif
