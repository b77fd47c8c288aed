/* Writing dstack's versioned attestation of a TDX guest, in the very bytes that dstack writes. */
#ifndef AGENT_ATTESTATION_WRITE_H
#define AGENT_ATTESTATION_WRITE_H

#include "attest/attestation.h"
#include "base/buf.h"

void attestation_put_scale(struct buf *out, const struct attestation *attestation);
void attestation_put_pack(struct buf *out, const struct attestation *attestation);

#endif
