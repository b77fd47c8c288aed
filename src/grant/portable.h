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

/* What a receiver asks besides; all zero: nothing. */
struct portable_rules {
    bool ucan_only;                            /* the CACAO form is refused */
    bool bare;                                 /* there is no wrapper but header and CID */
    const struct deputy_time *now;             /* it must not be over */
    const struct deputy_session_key *receiver; /* whose it must be */
    enum deputy_receiving receiving;           /* which texts say that it is not */
};

/* Refused because it ended then. */
enum deputy_error refuse_over(
        const struct attempt *attempt, const struct portable_rules *rules, struct deputy_time end);

enum deputy_error portable_verify(const struct attempt *attempt, struct deputy_delegation *out,
        const struct deputy_portable *portable, const struct portable_rules *rules);

/* A network, or a service that a client may ask for, on a path that a permission can express. */
bool resource_supported(const struct deputy_capability *capability);

/* What is held in one space, and networks, as a plan to be signed again. */
enum deputy_error plan_of_held(
        const struct attempt *attempt, struct deputy_plan *out, struct deputy_permissions held);

/* Checks 7 to 12 of spec/05 section 10.3: what the payload of a compact UCAN must hold, with their texts. */
enum deputy_error portable_payload_check(const struct attempt *attempt, struct deputy_slice jwt);

/* The wrapper's resources and flat members against the token's capabilities. */
enum deputy_error portable_compare(const struct attempt *attempt, const struct deputy_portable *portable,
        const struct deputy_delegation *delegation);

/* A resource of a wrapper as a permission that can be compared: long service, canonical space. */
enum deputy_error resource_normalize(
        struct deputy_arena *arena, struct deputy_permission *out, const struct deputy_permission *resource);

/* EIP-55, in the arena. */
enum deputy_error address_text(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t address[20]);

#endif
