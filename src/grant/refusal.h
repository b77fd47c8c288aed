/*
 * Refusals with what they are about. Each function records the refusal and returns its code, so that a check
 * ends with one line; if the arguments cannot be made, it records nothing and returns why.
 */
#ifndef GRANT_REFUSAL_H
#define GRANT_REFUSAL_H

#include <deputy/token.h>

enum deputy_error refuse(struct deputy_refusal *out, enum deputy_error code);

/* The code, recorded as a refusal unless it is DEPUTY_OK. */
enum deputy_error refuse_if(struct deputy_refusal *out, enum deputy_error code);

/* About a reason in words, which is static. */
enum deputy_error refuse_reason(struct deputy_refusal *out, enum deputy_error code, const char *reason);

enum deputy_error refuse_principal(struct deputy_arena *arena, struct deputy_refusal *out,
        enum deputy_error code, const struct deputy_principal *principal);

/* Resource in display form, ability as written. */
enum deputy_error refuse_capability(struct deputy_arena *arena, struct deputy_refusal *out,
        enum deputy_error code, const struct deputy_capability *capability);

/* CIDs in base32; the second may be NULL. */
enum deputy_error refuse_cids(struct deputy_arena *arena, struct deputy_refusal *out, enum deputy_error code,
        const struct deputy_cid *first, const struct deputy_cid *second);

#endif
