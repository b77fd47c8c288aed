/* What is kept of a request to decrypt (spec/04 sections 9.5 and 13). */
#ifndef NODE_DECRYPT_RECORD_H
#define NODE_DECRYPT_RECORD_H

#include "node/admit.h"
#include "seal/decrypt.h"
#include "store/decryption.h"

/* Is this what the node decided about a request, and not that it could not? Then it is kept. */
bool decrypt_is_decided(enum deputy_error outcome);

/*
 * The record of a request whose body and facts were read. refusal->code is DEPUTY_OK when it is allowed; its
 * arguments are those of the dedicated route. Lives in the arena, and points into claim, names and refusal.
 */
enum deputy_error decrypt_record_make(struct deputy_arena *arena, struct store_decryption *out,
        const struct admission *admission, const struct decrypt_claim *claim,
        const struct decrypt_names *names, const struct deputy_refusal *refusal);

#endif
