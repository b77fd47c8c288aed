/* What a delegation's row says about its token: the one place that derives it, when it is stored and when it
 * is held against the signed bytes. */
#ifndef NODE_PROJECTION_H
#define NODE_PROJECTION_H

#include "store/store.h"
#include <deputy/token.h>

/* The row of a token; it points into the token and the arena. */
enum deputy_error projection_of(
        struct deputy_arena *arena, struct store_delegation *out, const struct deputy_token *token);

#endif
