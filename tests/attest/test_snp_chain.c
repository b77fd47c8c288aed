/* Roles in the chain of a report: only the leaf of it may be one, and only what signed it an authority
 * (spec/08 section 5.2). The signatures are right in each of these. */
#include "snp_kit.h"

/* How the real chain of a Milan is, with the leaf as changed. */
static enum snp_chain_error checked_with(struct deputy_arena *arena, void (*change)(struct x509 *leaf))
{
    struct snp_evidence evidence = kit_real(arena);
    struct snp_key key;
    enum snp_chain_error error;
    assert_ok(snp_key_parse(arena, &key, evidence.key));
    struct x509 leaf = *key.certificate;
    change(&leaf);
    key.certificate = &leaf;
    const struct snp_chain chain = {.root = snp_root(DEPUTY_ATTEST_PRODUCT_MILAN),
            .intermediate = evidence.intermediate,
            .key = &key,
            .now = KIT_REAL_NOW};
    assert_ok(snp_chain_check(arena, &error, &chain));
    return error;
}

static void leave(struct x509 *leaf)
{
    (void)leaf;
}

static void make_authority(struct x509 *leaf)
{
    leaf->is_ca = true;
}

static void let_sign(struct x509 *leaf)
{
    leaf->key_cert_sign = true;
}

static void name_another_algorithm(struct x509 *leaf)
{
    leaf->sealed.algorithm = X509_ECDSA_SHA384;
}

static void add_critical_extension(struct x509 *leaf)
{
    static const struct x509_extension unknown = {.oid = {(const uint8_t *)"\x2a\x03", 2}, .critical = true};
    leaf->extensions = &unknown;
    leaf->extension_count = 1;
}

static void key_of_a_report_that_is_an_authority_too_is_refused(void **state)
{
    assert_int_equal(checked_with(*state, leave), SNP_CHAIN_OK);
    assert_int_equal(checked_with(*state, make_authority), SNP_CHAIN_BROKEN);
    assert_int_equal(checked_with(*state, let_sign), SNP_CHAIN_BROKEN);
}

static void key_with_what_nobody_understands_is_refused(void **state)
{
    assert_int_equal(checked_with(*state, add_critical_extension), SNP_CHAIN_BROKEN);
    assert_int_equal(checked_with(*state, name_another_algorithm), SNP_CHAIN_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(key_of_a_report_that_is_an_authority_too_is_refused),
            ARENA_TEST(key_with_what_nobody_understands_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
