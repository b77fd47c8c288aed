/* Wrappers and their parts. */
#ifndef GRANT_PORTABLE_H
#define GRANT_PORTABLE_H

#include "grant/abilities.h"
#include "grant/attempt.h"
#include <deputy/portable.h>
#include <deputy/ucan.h>

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
enum deputy_error portable_verify(const struct attempt *attempt, struct deputy_delegation *out,
        const struct deputy_portable *portable);

/* EIP-55, in the arena. */
enum deputy_error address_text(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t address[20]);

/* The rows as resources of a wrapper, by service and path; networks get their label as space. */
enum deputy_error resources_of_rows(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_slice space, const struct ability_rows *rows);

/* A DID without path, query or fragment. */
enum deputy_error audience_check(const struct attempt *attempt, struct deputy_slice audience);

/* The grants of a UCAN; rows of encryption are URNs, all others lie in the space. */
enum deputy_error rows_to_grants(const struct attempt *attempt, struct deputy_ucan_grant **grants,
        size_t *count, struct deputy_slice space, const struct ability_rows *rows);

/* The form in which the client library writes tokens of this key. */
enum deputy_ucan_form session_key_form(const struct deputy_session_key *key);

#endif
