/* What Intel certifies of a platform: the SGX extension of a PCK certificate (spec/08 section 3.3). */
#ifndef ATTEST_PCK_H
#define ATTEST_PCK_H

#include "crypto/x509.h"

enum { PCK_COMPONENTS = 16, PCK_PCE_ID_BYTES = 2, PCK_FMSPC_BYTES = 6 };

struct pck {
    uint8_t components[PCK_COMPONENTS]; /* security versions */
    uint16_t pce_svn;
    uint8_t pce_id[PCK_PCE_ID_BYTES];
    uint8_t fmspc[PCK_FMSPC_BYTES];
};

/*
 * Reads the extension. Refused, with DEPUTY_E_CERTIFICATE: a part that is missing or there twice, versions
 * out of their range, and components that are not those of CPUSVN.
 */
enum deputy_error pck_read(struct pck *out, const struct x509 *certificate);

#endif
