#include "attest/attestation.h"
#include "attest/report_data.h"
#include "base/try.h"

static bool begins_map(uint8_t byte)
{
    enum { MAP16 = 0xde, MAP32 = 0xdf };
    return (byte & 0xf0) == 0x80 || byte == MAP16 || byte == MAP32;
}

enum deputy_error attestation_parse(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes)
{
    *out = (struct attestation){0};
    ENSURE(bytes.len <= ATTESTATION_MAX_BYTES, DEPUTY_E_LIMIT);
    ENSURE(bytes.len > 0, DEPUTY_E_EVIDENCE_FORM);
    if (bytes.ptr[0] == 0)
        return attestation_parse_scale(arena, out, bytes);
    ENSURE(begins_map(bytes.ptr[0]), DEPUTY_E_EVIDENCE_FORM);
    return attestation_parse_pack(arena, out, bytes);
}

static enum deputy_error payload_check(const struct attestation *attestation)
{
    uint8_t expected[REPORT_DATA_BYTES];
    if (!deputy_slice_present(attestation->payload))
        return DEPUTY_OK;
    report_data_tagged(expected, deputy_slice_text(REPORT_DATA_TAG_APP), attestation->payload);
    ENSURE(bytes_equal_secret(expected, attestation->report_data, sizeof expected),
            DEPUTY_E_EVIDENCE_BINDING);
    return DEPUTY_OK;
}

enum deputy_error attestation_check(const struct attestation *attestation,
        const uint8_t report_data[REPORT_DATA_BYTES], const struct rtmrs *quoted)
{
    ENSURE(bytes_equal_secret(report_data, attestation->report_data, REPORT_DATA_BYTES),
            DEPUTY_E_EVIDENCE_BINDING);
    TRY(payload_check(attestation));
    if (quoted == NULL)
        return DEPUTY_OK;
    TRY(event_log_check(&attestation->log, quoted, RTMRS_OF_APP));
    return event_log_check(&attestation->runtime, quoted, RTMRS_OF_APP);
}
