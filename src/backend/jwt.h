/*
 * Session tokens (spec/07 section A5): JWT, HS256 alone, under a key of their own that is derived from the
 * identity's. They outlive the process, and nothing is kept of them.
 */
#ifndef BACKEND_JWT_H
#define BACKEND_JWT_H

#include "backend/identity.h"
#include <deputy/time.h>

enum { JWT_MAX_BYTES = 1024 };

struct tokens;

/* A life of 1 s to a year, else DEPUTY_E_ARGUMENT. */
enum deputy_error tokens_create(struct tokens **out, const struct backend_identity *identity, int64_t life_s);
/* Wipes. NULL is allowed. */
void tokens_destroy(struct tokens *tokens);

int64_t tokens_life_s(const struct tokens *tokens);

/* A token for the account, from now on. Any thread, as the next. */
enum deputy_error token_issue(struct deputy_arena *arena, struct deputy_slice *out,
        const struct tokens *tokens, const uint8_t address[20], struct deputy_time now);

/*
 * Whose token it is. DEPUTY_E_SESSION_INVALID for one that is not ours, was changed, or is over (its end has
 * come: exp <= now); nothing is read of one before its signature is known to be ours.
 */
enum deputy_error token_subject(
        const struct tokens *tokens, uint8_t address[20], struct deputy_slice token, struct deputy_time now);

#endif
