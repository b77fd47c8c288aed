/*
 * The certificates behind a report of SEV-SNP, fetched from AMD's key distribution service (KDS) or a mirror:
 * spec/08 section 5.2. AMD lets each address ask only now and then: what was fetched is kept.
 */
#ifndef EVIDENCE_AMD_H
#define EVIDENCE_AMD_H

#include "attest/snp_report.h"

#define AMD_SERVICE "https://kdsintf.amd.com"

/* Which certificate: of one chip, at one security version. */
struct amd_chip {
    enum deputy_attest_product product;
    struct deputy_attest_snp_tcb tcb;
    struct deputy_slice id; /* 64 bytes; of Turin the first 8. Points into the report */
};

/*
 * The chip that signed a report. Reports of version 2 do not name their product: then it is given, else
 * NO_PRODUCT. DEPUTY_E_COLLATERAL_CHIP when the report is signed by a provider's key (VLEK), hides its chip,
 * or names another product or none; errors of snp_report_parse.
 */
enum deputy_error amd_chip_of(
        struct amd_chip *out, struct deputy_slice report, enum deputy_attest_product product);

/* DER, in the arena. */
struct amd_certificates {
    struct deputy_slice vcek;
    struct deputy_slice ask;
};

/*
 * Two answers of the service at that base (maker.h). Errors of maker.h; COLLATERAL_FETCH also for an answer
 * of another form, and for the certificate of another chip or security version. No signature is verified.
 */
enum deputy_error amd_fetch(struct deputy_arena *arena, struct amd_certificates *out,
        struct deputy_refusal *refusal, struct deputy_slice base, const struct amd_chip *chip);

/* The one JSON that verdicts take: {"vcek": "<hex>", "ask": "<hex>"}, DER both. */
enum deputy_error amd_json(
        struct deputy_arena *arena, struct deputy_slice *json, const struct amd_certificates *certificates);
/* DEPUTY_E_JSON_... or DEPUTY_E_HEX when it is no such JSON. */
enum deputy_error amd_read(
        struct deputy_arena *arena, struct amd_certificates *out, struct deputy_slice json);

/* Whether a certificate is that of the chip at its security version. No signature is verified. */
bool amd_is_of_chip(struct deputy_arena *arena, struct deputy_slice vcek, const struct amd_chip *chip);

#endif
