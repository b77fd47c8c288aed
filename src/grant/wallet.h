/* Orders for a wallet's signature. */
#ifndef GRANT_WALLET_H
#define GRANT_WALLET_H

#include "grant/abilities.h"
#include "grant/attempt.h"
#include <deputy/wallet.h>

/* What an order is made of. */
struct wallet_draft {
    const struct deputy_account *signer;
    struct deputy_slice domain;
    struct deputy_slice nonce;
    struct deputy_slice uri;
    const struct deputy_cid *proof; /* NULL for none */
    struct ability_rows rows;       /* networks under the service "encryption" */
};

/* The message of the draft, for the space, owner, audience and end that the order names already. */
enum deputy_error wallet_message(const struct attempt *attempt, struct deputy_wallet_order *order,
        const struct wallet_draft *draft, struct deputy_time now);

/* Now plus the lifetime, but not beyond the limit. */
enum deputy_error wallet_end(const struct attempt *attempt, struct deputy_time *out, double lifetime_ms,
        const struct deputy_authority *limit, struct deputy_time now);

/* Those among the permissions that a caveat restricts. */
enum deputy_error caveated_among(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions permissions);

#endif
