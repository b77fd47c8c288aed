/* Requests that stand on more than one delegation. */
#ifndef GRANT_INVOKE_H
#define GRANT_INVOKE_H

#include <deputy/session.h>

/* As deputy_session_ask, citing all the proofs, which are different ones; an action without a space is
 * refused unless it is about a network. */
enum deputy_error session_ask_citing(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_cid *proofs, size_t proof_count,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_slice node, struct deputy_time now);

#endif
