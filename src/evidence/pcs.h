/*
 * Answers of Intel's provisioning service (PCS) and of mirrors (PCCS), spec/08 section 3.4. What is signed is
 * cut out byte for byte. DEPUTY_E_JSON_..., DEPUTY_E_HEX, DEPUTY_E_PEM, DEPUTY_E_CERTIFICATE and
 * DEPUTY_E_HTTP_SYNTAX say what an answer is not.
 */
#ifndef EVIDENCE_PCS_H
#define EVIDENCE_PCS_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum { PCS_DEPTH_MAX = 16, PCS_SIGNATURE_DIGITS = 128, PCS_CHAIN_MAX = 4 };

/* {"<member>": {...}, "signature": "<hex>"}; both point into the body, the text just as it was signed. */
struct pcs_signed {
    struct deputy_slice text;
    struct deputy_slice signature; /* PCS_SIGNATURE_DIGITS digits */
};

/* Nothing but the two members may stand in it. DEPUTY_E_LIMIT beyond PCS_DEPTH_MAX. */
enum deputy_error pcs_signed_read(
        struct deputy_arena *arena, struct pcs_signed *out, struct deputy_slice body, const char *member);

/* The header of an issuer chain: certificates in PEM, percent-encoded once. */
enum deputy_error pcs_chain_read(
        struct deputy_arena *arena, struct deputy_slice *pem, struct deputy_slice header);

/* A revocation list: DER from Intel, hexadecimal digits from mirrors. Gives DER that is one. */
enum deputy_error pcs_list_read(
        struct deputy_arena *arena, struct deputy_slice *der, struct deputy_slice body);

#endif
