/* Versioned attestations in both wire forms, and the configuration in them. */
#include "attest/attestation.h"
#include "attest/mr_config.h"
#include "attest/os_image.h"
#include "attest/snp_key.h"
#include "base/codec.h"
#include "property.h"

static bool lies_within(struct deputy_slice part, size_t most)
{
    return part.len <= most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attestation attestation;
    struct snp_certificates certificates;
    struct mr_config config;
    struct os_image image;
    struct rtmrs rtmrs;
    if (attestation_parse(fuzz_arena(), &attestation, deputy_slice_bytes(data, size)) != DEPUTY_OK)
        return 0;
    HOLDS(lies_within(attestation.quote, size) && lies_within(attestation.report, size));
    HOLDS(attestation.certificate_count <= ATTESTATION_MAX_CERTIFICATES);
    HOLDS(utf8_valid(attestation.config) && utf8_valid(attestation.mr_config));
    event_log_replay(&rtmrs, &attestation.runtime);
    (void)attestation_check(&attestation, attestation.report_data, &rtmrs);
    (void)snp_certificates_read(
            fuzz_arena_kept(), &certificates, attestation.certificates, attestation.certificate_count);
    (void)mr_config_parse(fuzz_arena_kept(), &config, attestation.mr_config);
    (void)os_image_parse(fuzz_arena_kept(), &image, attestation.config);
    return 0;
}
