/* Sealed rows as a request and the audit read them. */
#ifndef STORE_SEALED_ROW_H
#define STORE_SEALED_ROW_H

#include "store/decryption.h"
#include "store/state.h"
#include "store/ticket.h"
#include "store/webhook.h"

#define DECRYPTION_COLUMNS "request, requester, network, node, outcome, decided_at, seal"

/* A row of DECRYPTION_COLUMNS. DEPUTY_E_STORE_SEAL when it does not carry the seal. Texts lie in the
 * statement until its next step. */
enum deputy_error decryption_row_take(
        struct store_decryption *out, const struct statement *statement, const uint8_t *seal_key);

#define TICKET_COLUMNS "expires, space, key, hash, invocation, seal"

/* A row of TICKET_COLUMNS, of the ticket with out->id. DEPUTY_E_STORE_SEAL when it does not carry the seal.
 */
enum deputy_error ticket_row_take(struct deputy_arena *arena, struct store_ticket *out,
        const struct statement *statement, const uint8_t *seal_key);

#define WEBHOOK_COLUMNS                                                                                      \
    "w.id, w.digest, s.name, w.subscriber, w.service, w.prefix, w.abilities, w.url, w.secret, w.proofs,"     \
    " w.created_at, w.active, w.seal"

/* A row of WEBHOOK_COLUMNS, of webhook w in space s. DEPUTY_E_STORE_SEAL when it does not carry the seal. */
enum deputy_error webhook_row_take(struct deputy_arena *arena, struct store_webhook *out,
        const struct statement *statement, const uint8_t *seal_key);

#endif
