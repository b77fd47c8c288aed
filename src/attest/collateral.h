/*
 * Collateral: what Intel publishes of a platform, signed, in the JSON form of spec/08 section 3.4. Texts that
 * are signed are kept byte for byte: what they say is read from what was verified (tcb_info.h,
 * qe_identity.h).
 */
#ifndef ATTEST_COLLATERAL_H
#define ATTEST_COLLATERAL_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    COLLATERAL_MAX_BYTES = 8 * 1024 * 1024,
    COLLATERAL_MEMBER_MAX = 1024 * 1024,
    COLLATERAL_SIGNATURE = 64
};

/* A signed JSON text with the certificates of its signer (PEM). */
struct signed_text {
    struct deputy_slice text;
    uint8_t signature[COLLATERAL_SIGNATURE]; /* r, s */
    struct deputy_slice chain;
};

struct collateral {
    struct signed_text tcb_info;
    struct signed_text qe_identity;
    struct deputy_slice root_crl, pck_crl; /* DER */
    struct deputy_slice pck_chain;         /* PEM; absent when it is left out or null */
};

/*
 * Reads the JSON. Members that are not known are ignored, among them the chain of the PCK revocation list: it
 * is signed by the authority that the PCK chain brings. DEPUTY_E_JSON_… or DEPUTY_E_HEX when something is
 * missing or of another form, DEPUTY_E_LIMIT when it is too long.
 */
enum deputy_error collateral_parse(
        struct deputy_arena *arena, struct collateral *out, struct deputy_slice json);

#endif
