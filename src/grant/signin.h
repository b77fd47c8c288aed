/* The messages that a wallet is asked to sign. */
#ifndef GRANT_SIGNIN_H
#define GRANT_SIGNIN_H

#include "grant/abilities.h"
#include "grant/attempt.h"
#include <deputy/recap.h>
#include <deputy/session.h>

/* The text of a message for `uri`, granting what the plan says under the given proofs. */
enum deputy_error message_for_plan(const struct attempt *attempt, struct deputy_slice *siwe,
        const struct deputy_plan *plan, struct deputy_slice uri, const struct deputy_cid *proofs,
        size_t proof_count, const struct deputy_sign_in *sign_in);

/* The resource URI of a row, and refused what would not read back as that resource. */
enum deputy_error row_check(const struct attempt *attempt, const struct deputy_ability_row *row);

#endif
