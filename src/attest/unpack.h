/* Evidence that comes in one piece, as dstack packs it (attestation.h), for the one entry (deputy/attest.h).
 */
#ifndef ATTEST_UNPACK_H
#define ATTEST_UNPACK_H

#include "attest/attestation.h"
#include <deputy/attest.h>

struct unpacked {
    struct deputy_attest_evidence evidence; /* as given, and in it what the piece brings */
    bool is_packed;
    struct attestation attestation; /* when packed */
};

/* Errors of attestation_parse, and DEPUTY_E_ARGUMENT when there is a quote or report beside the piece. */
enum deputy_error evidence_unpack(
        struct deputy_arena *arena, struct unpacked *out, const struct deputy_attest_evidence *evidence);

#endif
