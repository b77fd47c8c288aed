/* What a pinned root may do is judged like what any authority may: it is trusted, and not without limits
 * (spec/08 section 3.3). */
#define _GNU_SOURCE /* memmem */
#include "attest/pki.h"
#include "attest/tdx_quote.h"
#include "intel_kit.h"

#define FOLDER "attestation/intel/"
#define KEY_USAGE "0603551d0f0101ff0404030201"
#define PATH_LENGTH "0603551d130101ff040830060101ff0201"

enum { IN_TIME = 1752919234 };

struct judged {
    struct deputy_attest_verdict verdict;
    struct pki pki;
};

/* Intel's root with one octet of an extension changed: nobody asks for its own signature. */
static struct deputy_slice root_with(struct deputy_arena *arena, const char *extension, const char *octet)
{
    char from[128], to[128];
    const char *was = strcmp(extension, KEY_USAGE) == 0 ? "06" : "01";
    snprintf(from, sizeof from, "%s%s", extension, was);
    snprintf(to, sizeof to, "%s%s", extension, octet);
    return edited(arena, check_data(arena, FOLDER "IntelSGXRootCA.der"),
            unhex(arena, deputy_slice_text(from)), unhex(arena, deputy_slice_text(to)));
}

static enum deputy_error begin(struct deputy_arena *arena, struct judged *j, struct deputy_slice root)
{
    verdict_begin(&j->verdict, DEPUTY_ATTEST_TDX, IN_TIME);
    j->pki = (struct pki){.arena = arena, .verdict = &j->verdict, .now = IN_TIME};
    return pki_begin(&j->pki, root);
}

/* The first certificates of a real quote's chain: leaf and authority, without the root. */
static struct deputy_slice platform_chain(struct deputy_arena *arena)
{
    static const char end[] = "-----END CERTIFICATE-----";
    struct tdx_quote quote;
    struct deputy_slice file = check_data(arena, FOLDER "tdx_v4_b0c06f.quote.bin");
    assert_int_equal(tdx_quote_parse(&quote, file), DEPUTY_ATTEST_OK);
    struct deputy_slice chain = quote.certification_data;
    const uint8_t *at = chain.ptr;
    for (size_t i = 0; i < 2; i++) {
        at = memmem(at, chain.len - (size_t)(at - chain.ptr), end, sizeof end - 1);
        assert_non_null(at);
        at += sizeof end - 1;
    }
    return deputy_slice_bytes(chain.ptr, (size_t)(at - chain.ptr));
}

static void root_that_may_not_sign_certificates_is_refused(void **state)
{
    struct judged j;
    assert_ok(begin(*state, &j, root_with(*state, KEY_USAGE, "06")));
    assert_int_equal(begin(*state, &j, root_with(*state, KEY_USAGE, "02")), DEPUTY_E_EVIDENCE);
    assert_int_equal(j.verdict.error, DEPUTY_ATTEST_CERT_CHAIN);
    assert_true(verdict_failed(&j.verdict, DEPUTY_ATTEST_CHECK_ROOT));
}

static void authority_below_a_root_that_allows_none_is_refused(void **state)
{
    struct judged j;
    struct pki_platform platform;
    struct deputy_slice chain = platform_chain(*state);
    assert_ok(begin(*state, &j, root_with(*state, PATH_LENGTH, "01")));
    assert_ok(pki_platform(&j.pki, &platform, chain));
    assert_ok(begin(*state, &j, root_with(*state, PATH_LENGTH, "00")));
    assert_int_equal(pki_platform(&j.pki, &platform, chain), DEPUTY_E_EVIDENCE);
    assert_int_equal(j.verdict.error, DEPUTY_ATTEST_CERT_CHAIN);
}

/* It signs collateral itself, with nobody in between. */
static void signer_below_such_a_root_is_its_own(void **state)
{
    struct judged j;
    const struct x509 *signer;
    struct deputy_slice chain = intel_chain(*state, intel_begin(*state).tcb_signer, NULL);
    assert_ok(begin(*state, &j, root_with(*state, PATH_LENGTH, "00")));
    assert_ok(pki_signer(&j.pki, &signer, DEPUTY_ATTEST_CHECK_TCB, chain));
}

static void root_that_is_no_certificate_is_refused(void **state)
{
    struct judged j;
    struct deputy_slice root = check_data(*state, FOLDER "IntelSGXRootCA.der");
    const struct deputy_slice bad[] = {T(""), T("x"), deputy_slice_bytes(root.ptr, root.len - 1)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(begin(*state, &j, bad[i]), DEPUTY_E_EVIDENCE);
        assert_int_equal(j.verdict.error, DEPUTY_ATTEST_CERT_CHAIN);
    }
}

/* ---- how many, and in which order ---- */

/* By their letters: the root, the signer of collateral, an authority, and the platform's own certificate. */
static struct deputy_slice chain_of(struct deputy_arena *arena, const char *letters)
{
    struct intel intel = intel_begin(arena);
    struct buf out = buf_make(arena, INTEL_FILE_MAX);
    for (; *letters != '\0'; letters++)
        intel_put_pem(&out, *letters == 'r'   ? intel.root
                            : *letters == 's' ? intel.tcb_signer
                            : *letters == 'a' ? intel.authority
                                              : intel.leaf);
    return intel_finish(&out);
}

static void signer_stands_alone_or_in_front_of_the_root(void **state)
{
    static const char *const good[] = {"s", "sr"};
    static const char *const bad[] = {
            "", "r", "rr", "rs", "ss", "ssr", "sa", "sar", "as", "srr", "srs", "ls", "l", "a", "sssr"};
    const struct deputy_slice root = check_data(*state, FOLDER "IntelSGXRootCA.der");
    const struct x509 *signer;
    struct judged j;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(begin(*state, &j, root));
        assert_ok(pki_signer(&j.pki, &signer, DEPUTY_ATTEST_CHECK_TCB, chain_of(*state, good[i])));
        assert_slice(signer->der, intel_begin(*state).tcb_signer);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_ok(begin(*state, &j, root));
        assert_int_equal(pki_signer(&j.pki, &signer, DEPUTY_ATTEST_CHECK_TCB, chain_of(*state, bad[i])),
                DEPUTY_E_EVIDENCE);
        assert_int_equal(j.verdict.checks[DEPUTY_ATTEST_CHECK_TCB].code, DEPUTY_ATTEST_CERT_CHAIN);
    }
}

static void platform_stands_in_front_of_its_authority_and_nothing_else(void **state)
{
    static const char *const good[] = {"la", "lar"};
    static const char *const bad[] = {"", "l", "a", "r", "lr", "ar", "al", "alr", "laa", "laar", "lla",
            "llar", "lra", "las", "lasr", "ls", "lsr", "larr", "rla", "lalar"};
    const struct deputy_slice root = check_data(*state, FOLDER "IntelSGXRootCA.der");
    struct pki_platform platform;
    struct judged j;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(begin(*state, &j, root));
        assert_ok(pki_platform(&j.pki, &platform, chain_of(*state, good[i])));
        assert_slice(platform.leaf->der, intel_begin(*state).leaf);
        assert_slice(platform.authority->der, intel_begin(*state).authority);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_ok(begin(*state, &j, root));
        assert_int_equal(pki_platform(&j.pki, &platform, chain_of(*state, bad[i])), DEPUTY_E_EVIDENCE);
        assert_int_equal(j.verdict.checks[DEPUTY_ATTEST_CHECK_PCK_CHAIN].code, DEPUTY_ATTEST_CERT_CHAIN);
    }
}

/* ---- lists ---- */

static enum deputy_error listed_at(struct deputy_arena *arena, int64_t now, const struct x509_crl **list)
{
    struct judged j;
    struct deputy_slice file = check_data(arena, FOLDER "pcs_go_rootcacrl.der");
    assert_ok(begin(arena, &j, check_data(arena, FOLDER "IntelSGXRootCA.der")));
    j.pki.now = now;
    enum deputy_error error = pki_list(&j.pki, list, file, j.pki.root);
    assert_int_equal(j.verdict.error, error == DEPUTY_OK ? DEPUTY_ATTEST_OK : DEPUTY_ATTEST_CRL);
    return error;
}

/* Its own first second counts, and the one at which the next list is due no more. */
static void list_is_valid_from_its_first_second_until_the_next_is_due(void **state)
{
    const struct x509_crl *list = NULL;
    (void)listed_at(*state, 0, &list);
    int64_t first = list->this_update, next = list->next_update;
    assert_int_equal(listed_at(*state, first - 1, &list), DEPUTY_E_EVIDENCE);
    assert_ok(listed_at(*state, first, &list));
    assert_ok(listed_at(*state, next - 1, &list));
    assert_int_equal(listed_at(*state, next, &list), DEPUTY_E_EVIDENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(root_that_may_not_sign_certificates_is_refused),
            ARENA_TEST(authority_below_a_root_that_allows_none_is_refused),
            ARENA_TEST(signer_below_such_a_root_is_its_own),
            ARENA_TEST(root_that_is_no_certificate_is_refused),
            ARENA_TEST(signer_stands_alone_or_in_front_of_the_root),
            ARENA_TEST(platform_stands_in_front_of_its_authority_and_nothing_else),
            ARENA_TEST(list_is_valid_from_its_first_second_until_the_next_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
