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

/* ---- the authorities ---- */

struct roles {
    struct x509 root, intermediate, leaf;
    struct snp_key key;
};

/* Those of the real chain of a Milan. */
static struct roles real_roles(struct deputy_arena *arena)
{
    struct roles roles;
    struct snp_evidence evidence = kit_real(arena);
    const struct x509 *root, *intermediate;
    assert_ok(snp_key_parse(arena, &roles.key, evidence.key));
    assert_ok(x509_parse(arena, &root, snp_root(DEPUTY_ATTEST_PRODUCT_MILAN)));
    assert_ok(x509_parse(arena, &intermediate, evidence.intermediate));
    roles.root = *root;
    roles.intermediate = *intermediate;
    roles.leaf = *roles.key.certificate;
    return roles;
}

static bool hold(struct roles *roles)
{
    roles->key.certificate = &roles->leaf;
    return snp_chain_roles_hold(&roles->root, &roles->intermediate, &roles->key);
}

static void authorities_of_a_real_chain_may_be_what_they_are(void **state)
{
    struct roles roles = real_roles(*state);
    assert_true(hold(&roles));
}

static void each_authority_must_be_one_that_signs_certificates_by_rsa(void **state)
{
    struct roles roles;
    for (int i = 0; i < 2; i++) {
        roles = real_roles(*state);
        struct x509 *authority = i == 0 ? &roles.root : &roles.intermediate;
        struct x509 real = *authority;
        authority->is_ca = false;
        assert_false(hold(&roles));
        *authority = real;
        authority->key_cert_sign = false;
        assert_false(hold(&roles));
        *authority = real;
        authority->key.kind = X509_P384;
        assert_false(hold(&roles));
        *authority = real;
        add_critical_extension(authority);
        assert_false(hold(&roles));
        *authority = real;
        assert_true(hold(&roles));
    }
}

static void root_must_allow_an_authority_below_it_and_the_intermediate_none(void **state)
{
    static const struct {
        int32_t root, intermediate;
        bool holds;
    } cases[] = {{X509_NO_PATH_LENGTH, X509_NO_PATH_LENGTH, true}, {1, 0, true}, {2, 1, true}, {0, 0, false},
            {1, X509_NO_PATH_LENGTH, true}, {0, X509_NO_PATH_LENGTH, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct roles roles = real_roles(*state);
        roles.root.path_length = cases[i].root;
        roles.intermediate.path_length = cases[i].intermediate;
        assert_int_equal(hold(&roles), cases[i].holds);
    }
}

/* Root and intermediate are of the product of the key, and of the sort of the key. */
static void authorities_have_the_names_of_their_product_and_sort(void **state)
{
    static const struct {
        const char *root, *intermediate;
        enum snp_signer kind;
        enum deputy_attest_product product;
        bool hold;
    } cases[] = {
            {"ARK-Milan", "SEV-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, true},
            {"ARK-Milan", "SEV-VLEK-Milan", SNP_SIGNED_BY_VLEK, DEPUTY_ATTEST_PRODUCT_MILAN, true},
            {"ARK-Turin", "SEV-Turin", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_TURIN, true},
            {"ARK-Genoa", "SEV-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-Milan", "SEV-Genoa", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-Milan", "SEV-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_GENOA, false},
            {"ARK-Milan", "SEV-VLEK-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-Milan", "SEV-Milan", SNP_SIGNED_BY_VLEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"SEV-Milan", "SEV-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-Milan", "ARK-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-Milan-2", "SEV-Milan", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
            {"ARK-", "SEV-", SNP_SIGNED_BY_VCEK, DEPUTY_ATTEST_PRODUCT_MILAN, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct roles roles = real_roles(*state);
        roles.root.common_name = T(cases[i].root);
        roles.intermediate.common_name = T(cases[i].intermediate);
        roles.key.kind = cases[i].kind;
        roles.key.product = cases[i].product;
        assert_int_equal(hold(&roles), cases[i].hold);
    }
}

/* ---- times: each certificate's own, both ends included ---- */

static enum snp_chain_error checked_under(struct deputy_arena *arena, struct deputy_slice root, int64_t now)
{
    struct snp_evidence evidence = kit_real(arena);
    struct snp_key key;
    enum snp_chain_error error;
    assert_ok(snp_key_parse(arena, &key, evidence.key));
    const struct snp_chain chain = {
            .root = root, .intermediate = evidence.intermediate, .key = &key, .now = now};
    assert_ok(snp_chain_check(arena, &error, &chain));
    return error;
}

static enum snp_chain_error checked_at(struct deputy_arena *arena, int64_t now)
{
    return checked_under(arena, snp_root(DEPUTY_ATTEST_PRODUCT_MILAN), now);
}

static void chain_holds_while_all_of_its_certificates_do(void **state)
{
    struct roles roles = real_roles(*state);
    const struct x509 *const all[] = {&roles.root, &roles.intermediate, &roles.leaf};
    int64_t first = INT64_MIN, last = INT64_MAX;
    for (size_t i = 0; i < 3; i++) {
        first = all[i]->not_before > first ? all[i]->not_before : first;
        last = all[i]->not_after < last ? all[i]->not_after : last;
        assert_int_equal(checked_at(*state, all[i]->not_before - 1), SNP_CHAIN_EARLY);
    }
    assert_int_equal(checked_at(*state, first - 1), SNP_CHAIN_EARLY);
    assert_int_equal(checked_at(*state, first), SNP_CHAIN_OK);
    assert_int_equal(checked_at(*state, last), SNP_CHAIN_OK);
    assert_int_equal(checked_at(*state, last + 1), SNP_CHAIN_EXPIRED);
}

/* Nobody signs the root: what is changed in it is refused for what it says. */
static void root_has_its_own_time_and_a_key_that_is_one(void **state)
{
    static const struct {
        const char *from, *to;
        enum snp_chain_error error;
    } cases[] = {{"451022172305Z", "451022172304Z", SNP_CHAIN_OK},
            {"451022172305Z", "260617235959Z", SNP_CHAIN_EXPIRED},
            {"451022172305Z", "260618000000Z", SNP_CHAIN_OK},
            {"201022172305Z", "260618000000Z", SNP_CHAIN_OK},
            {"201022172305Z", "260618000001Z", SNP_CHAIN_EARLY},
            {"\x02\x03\x01\x00\x01", "\x02\x03\x01\x00\x02", SNP_CHAIN_BROKEN},
            {"\x02\x03\x01\x00\x01", "\x02\x03\x01\x00\x03", SNP_CHAIN_BROKEN}};
    struct deputy_slice real = snp_root(DEPUTY_ATTEST_PRODUCT_MILAN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = cases[i].from[0] == 2 ? 5 : strlen(cases[i].from);
        struct deputy_slice root = edited(
                *state, real, deputy_slice_bytes(cases[i].from, len), deputy_slice_bytes(cases[i].to, len));
        assert_int_equal(checked_under(*state, root, KIT_REAL_NOW), cases[i].error);
    }
}

/* ---- the root's list of what it revoked ---- */

static struct x509_crl list_of(const struct x509 *root)
{
    return (struct x509_crl){.issuer = root->subject,
            .this_update = 100,
            .next_update = 200,
            .sealed = {.algorithm = X509_PSS_SHA384}};
}

static void list_is_of_the_root_that_may_sign_lists(void **state)
{
    struct roles roles = real_roles(*state);
    struct x509_crl list = list_of(&roles.root);
    assert_true(snp_list_is_of(&list, &roles.root));
    list.issuer = roles.intermediate.subject;
    assert_false(snp_list_is_of(&list, &roles.root));
    list = list_of(&roles.root);
    list.sealed.algorithm = X509_ECDSA_SHA384;
    assert_false(snp_list_is_of(&list, &roles.root));
    list = list_of(&roles.root);
    roles.root.crl_sign = false;
    assert_false(snp_list_is_of(&list, &roles.root));
    list = list_of(&roles.intermediate);
    assert_false(snp_list_is_of(&list, &roles.intermediate)); /* AMD's intermediates may not */
}

static void list_holds_from_its_first_second_to_before_its_last(void **state)
{
    struct roles roles = real_roles(*state);
    struct x509_crl list = list_of(&roles.root);
    assert_false(snp_list_holds_at(&list, 99));
    assert_true(snp_list_holds_at(&list, 100));
    assert_true(snp_list_holds_at(&list, 199));
    assert_false(snp_list_holds_at(&list, 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(key_of_a_report_that_is_an_authority_too_is_refused),
            ARENA_TEST(key_with_what_nobody_understands_is_refused),
            ARENA_TEST(authorities_of_a_real_chain_may_be_what_they_are),
            ARENA_TEST(each_authority_must_be_one_that_signs_certificates_by_rsa),
            ARENA_TEST(root_must_allow_an_authority_below_it_and_the_intermediate_none),
            ARENA_TEST(authorities_have_the_names_of_their_product_and_sort),
            ARENA_TEST(root_has_its_own_time_and_a_key_that_is_one),
            ARENA_TEST(list_is_of_the_root_that_may_sign_lists),
            ARENA_TEST(list_holds_from_its_first_second_to_before_its_last),
            ARENA_TEST(chain_holds_while_all_of_its_certificates_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
