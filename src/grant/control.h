/*
 * Control tokens (spec/02 sections 7 and 8): they act on a delegation itself, with the exact abilities
 * tinycloud.delegation/revoke and tinycloud.delegation/status. No alias and no wildcard stands for these.
 */
#ifndef GRANT_CONTROL_H
#define GRANT_CONTROL_H

#include <deputy/chain.h>

struct control {
    const struct deputy_token *token;     /* who asks */
    const struct deputy_token *target;    /* about which delegation */
    const struct deputy_closure *closure; /* of the token's proofs */
    struct deputy_slice ability;
    struct deputy_time now;
};

/*
 * The one on whose behalf the token acts is the target's delegator, its delegatee, or the owner of a space
 * that it names. Without a proof that is the signer. With one it is the proof's delegator, if the proof is
 * alive, was given to the signer, and grants the ability; else nobody: there is no way back to the signer.
 */
bool control_is_entitled(const struct control *control);

/* The capability has the ability itself, spelled exactly, and no caveat. */
bool control_ability_is(const struct deputy_capability *capability, struct deputy_slice ability);

/* What follows `prefix`, or an absent slice when the text does not begin with it. */
struct deputy_slice control_text_after(struct deputy_slice text, const char *prefix);

#endif
