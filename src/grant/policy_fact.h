/*
 * Facts of policy tokens (spec/02 section 10). This node implements no policies: it recognizes their tokens
 * only to refuse them, both at the door and as parents (H17).
 */
#ifndef GRANT_POLICY_FACT_H
#define GRANT_POLICY_FACT_H

#include <deputy/token.h>

/* With which of the DEPUTY_E_POLICY_ codes a delegation is refused because of its facts, or DEPUTY_OK. */
enum deputy_error policy_fact_refusal(
        struct deputy_arena *arena, enum deputy_error *out, const struct deputy_token *token);

/* The token's one fact has a policy role or is that of a policy session, in whatever shape. */
enum deputy_error policy_fact_marks(struct deputy_arena *arena, bool *out, const struct deputy_token *token);

#endif
