#include "attest/snp_verify.h"
#include "corpus.h"
#include "crypto/x509.h"

/* A certificate of a file that is DER, or PEM of one or more: what is signed stands before who signed it. */
static struct deputy_slice certificate_of(struct deputy_arena *arena, const char *folder,
        const struct json_value *test, const char *member, bool is_root)
{
    enum { CERTIFICATES_MAX = 4 };
    struct deputy_slice certificates[CERTIFICATES_MAX];
    size_t count;
    struct deputy_slice file = corpus_file(arena, folder, test, member);
    if (pem_certificates(arena, certificates, &count, CERTIFICATES_MAX, file) != DEPUTY_OK)
        return file;
    return certificates[is_root ? count - 1 : 0];
}

void corpus_snp(struct deputy_arena *arena, struct deputy_attest_verdict *verdict, const char *folder,
        const struct json_value *test)
{
    struct deputy_attest_policy policy = corpus_policy(arena, folder, test);
    const struct deputy_attest_evidence evidence = {
            .report = corpus_file(arena, folder, test, "report"),
            .vek = certificate_of(arena, folder, test, "vcek", false),
            .ask = certificate_of(arena, folder, test, "ask", false),
            .root = certificate_of(arena, folder, test, "ark", true),
    };
    struct deputy_attest_question question = {.policy = &policy, .cache = corpus_cache};
    assert_ok(json_to_int64(&question.now.sec, json_member(test, "time")));
    assert_ok(deputy_attest_verify(arena, verdict, &evidence, &question));
}
