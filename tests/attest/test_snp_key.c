/* What AMD writes into the certificate of a key, each part of it changed in a real one (spec/08 section 5.2).
 * Who signed it is asked elsewhere. */
#include "intel_kit.h"
#include "snp_kit.h"

/* 1.3.6.1.4.1.3704.1, and what stands below it. */
#define AMD "2b060104019c7801"
#define PRODUCT AMD "02"
#define BL AMD "0301"
#define TEE AMD "0302"
#define SNP AMD "0303"
#define UCODE AMD "0308"
#define FMC AMD "0309"
#define CHIP AMD "04"
#define PROVIDER AMD "05"

static struct deputy_slice real(struct deputy_arena *arena)
{
    return kit_real(arena).key;
}

/* The certificate with another signed part. */
static struct deputy_slice with_content(
        struct deputy_arena *arena, struct deputy_slice der, struct deputy_slice content)
{
    struct deputy_slice rest = der_content(der), was;
    assert_true(der_take_whole(&rest, DER_SEQUENCE, &was));
    return der_wrap(arena, DER_SEQUENCE, joined(arena, der_wrap(arena, DER_SEQUENCE, content), rest));
}

static struct deputy_slice extension(struct deputy_arena *arena, const char *oid, struct deputy_slice value)
{
    struct deputy_slice name = der_wrap(arena, DER_OID, unhex(arena, T(oid)));
    return der_wrap(arena, DER_SEQUENCE, joined(arena, name, der_wrap(arena, DER_OCTET_STRING, value)));
}

/* The certificate without that extension, and then with it as given unless that is absent. */
static struct deputy_slice with(
        struct deputy_arena *arena, struct deputy_slice der, const char *oid, struct deputy_slice value)
{
    struct deputy_slice from = der_content(intel_signed_part(der)), before = from, list, all = T(""), one;
    while (!der_is_next(from, DER_CONTEXT(3)))
        assert_true(der_take_any(&from, NULL, NULL, NULL));
    before.len -= from.len;
    assert_true(der_take(&from, DER_CONTEXT(3), &list));
    list = der_content(list);
    while (list.len > 0) {
        struct deputy_slice name, content;
        assert_true(der_take_whole(&list, DER_SEQUENCE, &one));
        content = der_content(one);
        assert_true(der_take(&content, DER_OID, &name));
        if (!deputy_slice_equal(name, unhex(arena, T(oid))))
            all = joined(arena, all, one);
    }
    if (deputy_slice_present(value))
        all = joined(arena, all, extension(arena, oid, value));
    list = der_wrap(arena, DER_CONTEXT(3), der_wrap(arena, DER_SEQUENCE, all));
    return with_content(arena, der, joined(arena, before, list));
}

static struct deputy_slice without(struct deputy_arena *arena, struct deputy_slice der, const char *oid)
{
    return with(arena, der, oid, (struct deputy_slice){0});
}

static struct deputy_slice named(struct deputy_arena *arena, struct deputy_slice der, const char *name)
{
    return edited(arena, der, T("SEV-VCEK"), T(name));
}

static enum deputy_error parse(struct deputy_arena *arena, struct deputy_slice der)
{
    struct snp_key key;
    return snp_key_parse(arena, &key, der);
}

static struct deputy_slice of_hex(struct deputy_arena *arena, const char *hex)
{
    return unhex(arena, T(hex));
}

/* Each is an INTEGER of one octet, with nothing behind it. */
static void each_security_version_is_there_and_a_number_up_to_255(void **state)
{
    static const char *const versions[] = {BL, TEE, SNP, UCODE};
    static const char *const bad[] = {"", "0201", "02020100", "04010a", "0201ff", "02010a0500", "02010a00"};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct snp_key key;
        assert_ok(snp_key_parse(
                *state, &key, with(*state, real(*state), versions[i], of_hex(*state, "020200c8"))));
        const uint8_t read[] = {key.tcb.bl, key.tcb.tee, key.tcb.snp, key.tcb.ucode};
        assert_int_equal(read[i], 200);
        assert_int_equal(parse(*state, without(*state, real(*state), versions[i])), DEPUTY_E_CERTIFICATE);
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++)
            assert_int_equal(parse(*state, with(*state, real(*state), versions[i], of_hex(*state, bad[j]))),
                    DEPUTY_E_CERTIFICATE);
    }
}

static struct deputy_slice product(struct deputy_arena *arena, uint8_t tag, const char *name)
{
    return with(arena, real(arena), PRODUCT, der_wrap(arena, tag, T(name)));
}

static void product_is_a_known_one_with_or_without_its_stepping(void **state)
{
    static const char *const good[] = {"Milan", "Milan-B0", "Milan-", "Genoa-B1"};
    static const char *const bad[] = {"", "Mila", "MilanB0", "Milano", "milan", "-B0", "Naples", "Rome-B0"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(parse(*state, product(*state, DER_IA5_STRING, good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(*state, product(*state, DER_IA5_STRING, bad[i])), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, product(*state, DER_UTF8_STRING, "Milan")), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, without(*state, real(*state), PRODUCT)), DEPUTY_E_CERTIFICATE);
    struct deputy_slice longer = joined(*state, der_wrap(*state, DER_IA5_STRING, T("Milan")), T("\x05"));
    assert_int_equal(parse(*state, with(*state, real(*state), PRODUCT, longer)), DEPUTY_E_CERTIFICATE);
}

static struct deputy_slice octets(struct deputy_arena *arena, size_t len)
{
    static const uint8_t bytes[80] = {0x41};
    return joined(arena, deputy_slice_bytes(bytes, len), T(""));
}

static enum deputy_error with_chip(struct deputy_arena *arena, struct deputy_slice value)
{
    return parse(arena, with(arena, real(arena), CHIP, value));
}

/* Bare, or in an OCTET STRING. */
static void chip_has_64_octets(void **state)
{
    assert_ok(with_chip(*state, octets(*state, 64)));
    assert_ok(with_chip(*state, der_wrap(*state, DER_OCTET_STRING, octets(*state, 64))));
    assert_int_equal(with_chip(*state, octets(*state, 63)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(with_chip(*state, octets(*state, 65)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(with_chip(*state, octets(*state, 8)), DEPUTY_E_CERTIFICATE);
    for (size_t len = 63; len <= 65; len += 2)
        assert_int_equal(with_chip(*state, der_wrap(*state, DER_OCTET_STRING, octets(*state, len))),
                DEPUTY_E_CERTIFICATE);
    assert_int_equal(
            with_chip(*state, der_wrap(*state, DER_IA5_STRING, octets(*state, 64))), DEPUTY_E_CERTIFICATE);
    assert_int_equal(
            with_chip(*state, joined(*state, der_wrap(*state, DER_OCTET_STRING, octets(*state, 64)), T("x"))),
            DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, without(*state, real(*state), CHIP)), DEPUTY_E_CERTIFICATE);
}

/* Turin alone has a version of its FMC, and a chip of 8 octets. */
static void key_of_a_turin_has_one_version_more_and_a_short_chip(void **state)
{
    struct snp_key key;
    struct deputy_slice turin = product(*state, DER_IA5_STRING, "Turin-B1");
    struct deputy_slice whole =
            with(*state, with(*state, turin, CHIP, octets(*state, 8)), FMC, of_hex(*state, "020107"));
    assert_ok(snp_key_parse(*state, &key, whole));
    assert_int_equal(key.tcb.fmc, 7);
    assert_int_equal(key.chip_id.len, 8);
    assert_int_equal(parse(*state, without(*state, whole, FMC)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, with(*state, whole, CHIP, octets(*state, 64))), DEPUTY_E_CERTIFICATE);
    assert_ok(snp_key_parse(*state, &key, with(*state, real(*state), FMC, of_hex(*state, "020107"))));
    assert_int_equal(key.tcb.fmc, 0);
}

/* One names its chip and no provider, the other a provider and no chip. */
static void key_is_of_a_chip_or_of_a_provider(void **state)
{
    struct snp_key key;
    struct deputy_slice provider = der_wrap(*state, DER_IA5_STRING, T("cloud"));
    struct deputy_slice both = with(*state, real(*state), PROVIDER, provider);
    assert_int_equal(parse(*state, both), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, named(*state, both, "SEV-VLEK")), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, named(*state, real(*state), "SEV-VLEK")), DEPUTY_E_CERTIFICATE);
    struct deputy_slice theirs = named(*state, without(*state, both, CHIP), "SEV-VLEK");
    assert_ok(snp_key_parse(*state, &key, theirs));
    assert_int_equal(key.kind, SNP_SIGNED_BY_VLEK);
    assert_int_equal(parse(*state, without(*state, theirs, PROVIDER)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(parse(*state, without(*state, both, CHIP)), DEPUTY_E_CERTIFICATE);
}

static void name_is_that_of_one_of_the_two_keys(void **state)
{
    static const char *const bad[] = {"SEV-VCEX", "sev-VCEK", "SEV-VDEK"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(*state, named(*state, real(*state), bad[i])), DEPUTY_E_CERTIFICATE);
}

/* A point of P-256 would be read as if it were one of P-384. */
static void key_is_of_p384(void **state)
{
    const struct x509 *certificate, *other;
    struct intel intel = intel_begin(*state);
    struct deputy_slice der = real(*state);
    assert_ok(x509_parse(*state, &certificate, der));
    assert_ok(x509_parse(*state, &other, intel.leaf));
    struct deputy_slice content = der_content(intel_signed_part(der));
    assert_ok(parse(*state, with_content(*state, der, content)));
    content = edited(*state, content, certificate->public_key_info, other->public_key_info);
    assert_int_equal(parse(*state, with_content(*state, der, content)), DEPUTY_E_CERTIFICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(each_security_version_is_there_and_a_number_up_to_255),
            ARENA_TEST(product_is_a_known_one_with_or_without_its_stepping),
            ARENA_TEST(chip_has_64_octets),
            ARENA_TEST(key_of_a_turin_has_one_version_more_and_a_short_chip),
            ARENA_TEST(key_is_of_a_chip_or_of_a_provider),
            ARENA_TEST(name_is_that_of_one_of_the_two_keys),
            ARENA_TEST(key_is_of_p384),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
