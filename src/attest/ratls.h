/*
 * RA-TLS: a TLS certificate that carries evidence about the key in it (spec/08 section 6.4). Whoever holds
 * the key runs in the guest that the evidence is of, if the evidence is bound to the key: ratls_report_data.
 */
#ifndef ATTEST_RATLS_H
#define ATTEST_RATLS_H

#include "attest/report_data.h"
#include "crypto/x509.h"

/* The content of dstack's extensions; absent when not there. */
struct ratls {
    struct deputy_slice attestation; /* versioned (attestation.h): preferred */
    struct deputy_slice quote;       /* the older form: a TDX quote, */
    struct deputy_slice event_log;   /* and its log as JSON text */
    struct deputy_slice app_id;
};

/*
 * The extensions of a certificate that x509_parse read; whether it is signed by anybody is of no interest
 * here. DEPUTY_E_EVIDENCE_FORM when one of them is no OCTET STRING, or when there is no evidence among them.
 */
enum deputy_error ratls_read(struct ratls *out, const struct x509 *certificate);

/* The report_data that evidence in this certificate must have. */
void ratls_report_data(uint8_t out[REPORT_DATA_BYTES], const struct x509 *certificate);

#endif
