/* Wrappers and their parts. */
#ifndef GRANT_PORTABLE_H
#define GRANT_PORTABLE_H

#include "grant/attempt.h"
#include <deputy/portable.h>

/* Which members a reader insists on (spec/05 section 10.2). */
enum portable_strictness {
    PORTABLE_LOOSE,   /* unknown members are kept */
    PORTABLE_STRICT,  /* unknown members are refused */
    PORTABLE_ARTIFACT /* as it stands in an artifact: a chain id above 0 */
};

/* Types only; nothing is compared with the token. DEPUTY_E_PORTABLE_… names the member. */
enum deputy_error portable_read(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *value, enum portable_strictness strictness);

/* Checks 5 to 12 of spec/05 section 10.3, the signature, and 13, 15 and 16. */
enum deputy_error portable_verify(
        const struct attempt *attempt, struct deputy_delegation *out, const struct deputy_portable *portable);

/* EIP-55, in the arena. */
enum deputy_error address_text(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t address[20]);

#endif
