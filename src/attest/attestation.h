/*
 * dstack's versioned attestation: evidence, event log, and what dstack adds, in one value (spec/08
 * section 6.4). The answer of `Attest`, the member `attestation` of `GetQuote`, and an extension of RA-TLS
 * certificates carry it. Nothing of it is proven by being here: quote or report are verified elsewhere, and
 * attestation_check holds the rest against them.
 */
#ifndef ATTEST_ATTESTATION_H
#define ATTEST_ATTESTATION_H

#include "attest/event_log.h"
#include "attest/report_data.h"

enum { ATTESTATION_MAX_BYTES = 10 * 1024 * 1024, ATTESTATION_MAX_CERTIFICATES = 8 };

enum attestation_platform { ATTESTATION_TDX, ATTESTATION_SNP };

struct attestation {
    enum attestation_platform platform;
    /* TDX */
    struct deputy_slice quote;
    struct event_log log;
    /* SEV-SNP */
    struct deputy_slice report;
    struct deputy_slice certificates[ATTESTATION_MAX_CERTIFICATES]; /* DER, PEM, or one kernel table */
    size_t certificate_count;
    struct deputy_slice mr_config; /* the document of HOST_DATA (mr_config.h) */
    /* both */
    struct event_log runtime; /* runtime events alone; bound to the hardware on TDX only */
    uint8_t report_data[REPORT_DATA_BYTES];
    struct deputy_slice config;  /* JSON text, bound to nothing */
    struct deputy_slice payload; /* what report_data is the digest of (dstack-pod), or absent */
};

/*
 * Reads either form: SCALE when the first byte is 0, MessagePack when it begins a map. Slices point into the
 * input or the arena. DEPUTY_E_EVIDENCE_UNSUPPORTED for platforms that are not verified here,
 * DEPUTY_E_EVIDENCE_FORM for what is no attestation, and the errors of event logs.
 */
enum deputy_error attestation_parse(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes);
enum deputy_error attestation_parse_scale(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes);
enum deputy_error attestation_parse_pack(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes);

/*
 * Holds the attestation against verified evidence: report_data is the evidence's, a payload is what
 * report_data says, and on TDX both lists of runtime events replay to the quote's last register. quoted is
 * NULL for SEV-SNP, where no hardware stands behind the events: they are not looked at.
 */
enum deputy_error attestation_check(const struct attestation *attestation,
        const uint8_t report_data[REPORT_DATA_BYTES], const struct rtmrs *quoted);

#endif
