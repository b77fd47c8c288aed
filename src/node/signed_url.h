/* Signed URLs: what their making and their use share. */
#ifndef NODE_SIGNED_URL_H
#define NODE_SIGNED_URL_H

#include "store/ticket.h"
#include <deputy/chain.h>

/* May whoever was admitted read the ticket's value? DEPUTY_E_SIGNED_SCOPE, or DEPUTY_E_SIGNED_PATH for what
 * names no value. */
enum deputy_error signed_scope_check(struct deputy_arena *arena, const struct deputy_decision *decision,
        const struct store_ticket *ticket);

#endif
