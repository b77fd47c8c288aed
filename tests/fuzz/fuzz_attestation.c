/*
 * Versioned attestations in both wire forms, the configuration in them, and the verdict on them: there always
 * is one, and a good one needs a signature.
 */
#include "attest/attestation.h"
#include "attest/mr_config.h"
#include "attest/os_image.h"
#include "attest/snp_key.h"
#include "base/codec.h"
#include "property.h"
#include <deputy/attest.h>

static bool lies_within(struct deputy_slice part, size_t most)
{
    return part.len <= most;
}

static void verdict_is_sound(struct deputy_slice input)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict verdict;
    const struct deputy_attest_evidence evidence = {.attestation = input};
    const struct deputy_attest_question question = {.policy = &policy, .now = {.sec = 1781740800}};
    policy.require_nonce = false;
    HOLDS(deputy_attest_verify(fuzz_arena_kept(), &verdict, &evidence, &question) == DEPUTY_OK);
    HOLDS(verdict.ok == (verdict.error == DEPUTY_ATTEST_OK));
    HOLDS(!verdict.ok || verdict.checks[DEPUTY_ATTEST_CHECK_SNP_SIGNATURE].state == DEPUTY_ATTEST_PASS);
    HOLDS(verdict.ok || verdict.error != DEPUTY_ATTEST_SNP_SIGNATURE || !verdict.app.present);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attestation attestation;
    struct snp_certificates certificates;
    struct mr_config config;
    struct os_image image;
    struct rtmrs rtmrs;
    struct deputy_slice input = deputy_slice_bytes(data, size);
    (void)fuzz_arena();
    verdict_is_sound(input);
    if (attestation_parse(fuzz_arena_kept(), &attestation, input) != DEPUTY_OK)
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
