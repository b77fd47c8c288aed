/* Evidence of SEV-SNP for tests: the real report and chain of the vectors, and files as index.json names
 * them. */
#ifndef TESTS_ATTEST_SNP_KIT_H
#define TESTS_ATTEST_SNP_KIT_H

#include "attest/snp_verify.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

/* The certificate with that number in a file that is DER, or PEM of one or more. */
static inline struct deputy_slice kit_certificate(struct deputy_arena *arena, const char *file, size_t number)
{
    struct deputy_slice certificates[4];
    size_t count = 0;
    struct deputy_slice bytes = check_data(arena, file);
    if (bytes.len < 10 || memcmp(bytes.ptr, "-----BEGIN", 10) != 0)
        return bytes;
    assert_ok(pem_certificates(arena, certificates, &count, 4, bytes));
    assert_in_range(count, 1, 4);
    return certificates[number < count ? number : 0];
}

/* The path of a file that a row of the generated collection names. */
static inline const char *kit_path(struct deputy_arena *arena, const struct json_value *row, const char *name)
{
    struct deputy_slice text = joined(arena, T("attestation/generated/"), check_text_of(row, name));
    return (const char *)joined(arena, text, deputy_slice_bytes("", 1)).ptr;
}

/* A Milan report of version 3 with its whole chain, as dstack's tests have it. */
static inline struct snp_evidence kit_real(struct deputy_arena *arena)
{
    return (struct snp_evidence){.report = check_data(arena, "attestation/snp/milan_v3_report.bin"),
            .key = kit_certificate(arena, "attestation/snp/milan_v3_vcek.pem", 0),
            .intermediate = kit_certificate(arena, "attestation/snp/milan_v3_ask.pem", 0)};
}

enum { KIT_REAL_NOW = 1781740800 };

static inline struct deputy_attest_policy kit_policy(void)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    policy.require_nonce = false;
    return policy;
}

/* The first failure, or DEPUTY_ATTEST_OK when the verdict is good. */
static inline enum deputy_attest_code kit_code(
        struct deputy_arena *arena, const struct snp_evidence *evidence, const struct snp_question *question)
{
    struct deputy_attest_verdict verdict;
    assert_ok(snp_verify(arena, &verdict, evidence, question));
    assert_int_equal(verdict.ok, verdict.error == DEPUTY_ATTEST_OK);
    return verdict.error;
}

/* A case of the generated collection. */
struct kit_case {
    struct deputy_attest_policy policy;
    struct snp_evidence evidence;
    struct snp_question question;
};

static inline void kit_case_read(
        struct deputy_arena *arena, struct kit_case *out, const struct json_value *row)
{
    struct deputy_refusal refusal;
    int64_t now;
    assert_ok(json_to_int64(&now, json_member(row, "time")));
    assert_ok(deputy_attest_policy_parse(
            arena, &out->policy, &refusal, check_data(arena, kit_path(arena, row, "policy"))));
    out->evidence = (struct snp_evidence){.report = check_data(arena, kit_path(arena, row, "report")),
            .key = kit_certificate(arena, kit_path(arena, row, "vcek"), 0),
            .intermediate = kit_certificate(arena, kit_path(arena, row, "ask"), 0)};
    out->question = (struct snp_question){.policy = &out->policy,
            .root = kit_certificate(arena, kit_path(arena, row, "ark"), 1),
            .now = now};
}

#endif
