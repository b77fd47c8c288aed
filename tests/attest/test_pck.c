/* The extension that Intel certifies platforms with: every part once, and none that is not known (spec/08
 * section 3.3). What signs the certificate is asked elsewhere: here its extension is changed. */
#include "attest/pck.h"
#include "intel_kit.h"

/* 1.2.840.113741.1.13.1, and below it the security versions at 2. */
#define SGX "2a864886f84d010d01"

static const struct x509 *real(struct deputy_arena *arena)
{
    const struct x509 *leaf;
    struct intel intel = intel_begin(arena);
    assert_ok(x509_parse(arena, &leaf, intel.leaf));
    return leaf;
}

static struct deputy_slice value_of(struct deputy_arena *arena, const struct x509 *leaf)
{
    const struct x509_extension *extension = x509_extension(leaf, unhex(arena, T(SGX)));
    assert_non_null(extension);
    return extension->value;
}

/* The certificate of a platform with this extension in the place of its own. */
static enum deputy_error read_into(struct pck *pck, struct deputy_arena *arena, struct deputy_slice value)
{
    struct x509 leaf = *real(arena);
    struct x509_extension extension = {.oid = unhex(arena, T(SGX)), .value = value};
    leaf.extensions = &extension;
    leaf.extension_count = 1;
    return pck_read(pck, &leaf);
}

static enum deputy_error read(struct deputy_arena *arena, struct deputy_slice value)
{
    struct pck pck;
    return read_into(&pck, arena, value);
}

/* An OID below the prefix, and a value. */
static struct deputy_slice pair(
        struct deputy_arena *arena, const char *prefix, uint8_t arc, struct deputy_slice value)
{
    struct deputy_slice oid = joined(arena, unhex(arena, T(prefix)), deputy_slice_bytes(&arc, 1));
    return der_wrap(arena, DER_SEQUENCE, joined(arena, der_wrap(arena, DER_OID, oid), value));
}

static struct deputy_slice number(struct deputy_arena *arena, uint8_t value)
{
    return der_wrap(arena, DER_INTEGER, deputy_slice_bytes(&value, 1));
}

static struct deputy_slice with_part(struct deputy_arena *arena, struct deputy_slice part)
{
    struct deputy_slice list = der_content(value_of(arena, real(arena)));
    return der_wrap(arena, DER_SEQUENCE, joined(arena, list, part));
}

/* The extension with that part of it replaced. */
static struct deputy_slice with_part_as(struct deputy_arena *arena, uint8_t arc, struct deputy_slice part)
{
    struct deputy_slice list = der_content(value_of(arena, real(arena))), all = T(""), whole, oid;
    size_t found = 0;
    while (list.len > 0) {
        assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
        struct deputy_slice content = der_content(whole);
        assert_true(der_take(&content, DER_OID, &oid));
        bool here = oid.ptr[oid.len - 1] == arc;
        all = joined(arena, all, here ? part : whole);
        found += here;
    }
    assert_int_equal(found, 1);
    return der_wrap(arena, DER_SEQUENCE, all);
}

/* The real list of versions. */
static struct deputy_slice versions(struct deputy_arena *arena)
{
    struct deputy_slice list = der_content(value_of(arena, real(arena))), whole, oid, content = T("");
    for (uint8_t arc = 0; arc != 2; arc = oid.ptr[oid.len - 1]) {
        assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
        content = der_content(whole);
        assert_true(der_take(&content, DER_OID, &oid));
    }
    return der_content(content);
}

static struct deputy_slice with_versions(struct deputy_arena *arena, struct deputy_slice list)
{
    return with_part_as(arena, 2, pair(arena, SGX, 2, der_wrap(arena, DER_SEQUENCE, list)));
}

static struct deputy_slice with_version(struct deputy_arena *arena, struct deputy_slice version)
{
    return with_versions(arena, joined(arena, versions(arena), version));
}

/* The list with the value of one version changed. */
static struct deputy_slice with_version_as(struct deputy_arena *arena, uint8_t arc, struct deputy_slice value)
{
    struct deputy_slice list = versions(arena), all = T(""), whole, oid;
    while (list.len > 0) {
        assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
        struct deputy_slice content = der_content(whole);
        assert_true(der_take(&content, DER_OID, &oid));
        bool here = oid.ptr[oid.len - 1] == arc;
        all = joined(arena, all, here ? pair(arena, SGX "02", arc, value) : whole);
    }
    return with_versions(arena, all);
}

static void real_extension_is_read_as_it_is_and_taken_apart_and_put_together(void **state)
{
    assert_ok(read(*state, value_of(*state, real(*state))));
    assert_ok(read(*state, with_part(*state, T(""))));
    assert_ok(read(*state, with_version(*state, T(""))));
}

/* Parts are numbered 1 to 7. The larger numbers would mark bits that are not there. */
static void part_with_a_number_that_no_part_has_is_refused(void **state)
{
    static const uint8_t arcs[] = {0, 8, 31, 32, 40, 127};
    for (size_t i = 0; i < sizeof arcs; i++)
        assert_int_equal(read(*state, with_part(*state, pair(*state, SGX, arcs[i], number(*state, 0)))),
                DEPUTY_E_CERTIFICATE);
}

/* Versions are numbered 1 to 18: behind the last of them there is no room. */
static void version_with_a_number_that_no_version_has_is_refused(void **state)
{
    static const uint8_t arcs[] = {0, 19, 31, 32, 40, 127};
    for (size_t i = 0; i < sizeof arcs; i++)
        assert_int_equal(
                read(*state, with_version(*state, pair(*state, SGX "02", arcs[i], number(*state, 0)))),
                DEPUTY_E_CERTIFICATE);
}

/* The extension with one OID in it changed: that of PPID, which nothing needs, and that of the first version.
 */
static enum deputy_error read_with_oid(struct deputy_arena *arena, const char *from, const char *to)
{
    struct deputy_slice value = value_of(arena, real(arena));
    return read(arena, edited(arena, value, unhex(arena, T(from)), unhex(arena, T(to))));
}

#define PPID "060a" SGX "01"
#define VERSION_1 "060b" SGX "0201"

static void part_and_version_below_another_number_are_refused(void **state)
{
    assert_ok(read_with_oid(*state, PPID, PPID));
    assert_int_equal(read_with_oid(*state, PPID, "060a2a864886f84d010d0201"), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read_with_oid(*state, PPID, "060a2a864886f84d010c0101"), DEPUTY_E_CERTIFICATE);
    assert_ok(read_with_oid(*state, VERSION_1, VERSION_1));
    assert_int_equal(read_with_oid(*state, VERSION_1, "060b" SGX "0301"), DEPUTY_E_CERTIFICATE);
}

/* Ten octets that begin like nine are no number of a part. */
static void part_with_an_oid_of_another_length_is_refused(void **state)
{
    struct deputy_slice list = der_content(value_of(*state, real(*state))), first, rest;
    assert_true(der_take_whole(&list, DER_SEQUENCE, &first));
    struct deputy_slice content = der_content(first), oid;
    assert_true(der_take(&content, DER_OID, &oid));
    assert_int_equal(oid.ptr[oid.len - 1], 1);
    rest = pair(*state, SGX "01", 1, content);
    assert_int_equal(
            read(*state, der_wrap(*state, DER_SEQUENCE, joined(*state, rest, list))), DEPUTY_E_CERTIFICATE);
    rest = pair(*state, SGX, 1, content);
    assert_ok(read(*state, der_wrap(*state, DER_SEQUENCE, joined(*state, rest, list))));
}

static void pair_that_is_none_is_refused(void **state)
{
    struct deputy_slice flat = number(*state, 7);
    struct deputy_slice unnamed = der_wrap(*state, DER_SEQUENCE, joined(*state, flat, flat));
    assert_int_equal(read(*state, with_part(*state, flat)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read(*state, with_part(*state, unnamed)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(
            read(*state, with_part(*state, der_wrap(*state, DER_SEQUENCE, T("")))), DEPUTY_E_CERTIFICATE);
}

static void part_and_version_that_come_twice_are_refused(void **state)
{
    struct pck pck;
    assert_ok(read_into(&pck, *state, value_of(*state, real(*state))));
    struct deputy_slice fmspc = deputy_slice_bytes(pck.fmspc, sizeof pck.fmspc);
    struct deputy_slice id = der_wrap(*state, DER_OCTET_STRING, fmspc);
    assert_int_equal(read(*state, with_part(*state, pair(*state, SGX, 4, id))), DEPUTY_E_CERTIFICATE);
    struct deputy_slice first = number(*state, pck.components[0]);
    assert_int_equal(
            read(*state, with_version(*state, pair(*state, SGX "02", 1, first))), DEPUTY_E_CERTIFICATE);
}

/* The list with one of its pairs told twice, one behind the other. */
static struct deputy_slice doubled(struct deputy_arena *arena, struct deputy_slice list, size_t at)
{
    struct deputy_slice all = T(""), whole;
    for (size_t i = 0; list.len > 0; i++) {
        assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
        all = joined(arena, all, whole);
        if (i == at)
            all = joined(arena, all, whole);
    }
    return all;
}

static size_t count_of(struct deputy_slice list)
{
    struct deputy_slice whole;
    size_t count = 0;
    for (; list.len > 0; count++)
        assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
    return count;
}

static void each_part_and_version_that_comes_twice_in_a_row_is_refused(void **state)
{
    struct deputy_slice parts = der_content(value_of(*state, real(*state)));
    assert_int_equal(count_of(versions(*state)), 18);
    for (size_t i = 0; i < count_of(versions(*state)); i++)
        assert_int_equal(read(*state, with_versions(*state, doubled(*state, versions(*state), i))),
                DEPUTY_E_CERTIFICATE);
    for (size_t i = 0; i < count_of(parts); i++)
        assert_int_equal(read(*state, der_wrap(*state, DER_SEQUENCE, doubled(*state, parts, i))),
                DEPUTY_E_CERTIFICATE);
}

/* In the place of PPID, which nothing needs. */
static void pair_with_something_behind_its_value_or_without_one_is_refused(void **state)
{
    struct deputy_slice one = number(*state, 0);
    const struct deputy_slice bad[] = {T(""), joined(*state, one, one), T("x")};
    assert_ok(read(*state, with_part_as(*state, 1, pair(*state, SGX, 1, one))));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
                read(*state, with_part_as(*state, 1, pair(*state, SGX, 1, bad[i]))), DEPUTY_E_CERTIFICATE);
}

/* Versions, PCEID and FMSPC: something is decided by each. */
static void extension_without_a_part_that_is_needed_is_refused(void **state)
{
    for (uint8_t arc = 1; arc <= 7; arc++) {
        bool is_needed = arc >= 2 && arc <= 4;
        assert_int_equal(
                read(*state, with_part_as(*state, arc, T(""))), is_needed ? DEPUTY_E_CERTIFICATE : DEPUTY_OK);
    }
}

static void each_version_is_needed(void **state)
{
    for (size_t at = 0; at < 18; at++) {
        struct deputy_slice list = versions(*state), all = T(""), whole;
        for (size_t i = 0; list.len > 0; i++) {
            assert_true(der_take_whole(&list, DER_SEQUENCE, &whole));
            all = i == at ? all : joined(*state, all, whole);
        }
        assert_int_equal(read(*state, with_versions(*state, all)), DEPUTY_E_CERTIFICATE);
    }
}

/* Also where it is too short to be anything. */
static void octet_behind_the_last_pair_is_refused(void **state)
{
    static const char *const octets[] = {"00", "30", "05", "3000", "0500"};
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        struct deputy_slice more = unhex(*state, T(octets[i]));
        assert_int_equal(read(*state, with_version(*state, more)), DEPUTY_E_CERTIFICATE);
        assert_int_equal(read(*state, with_part(*state, more)), DEPUTY_E_CERTIFICATE);
    }
}

static void version_that_is_no_pair_is_refused(void **state)
{
    assert_int_equal(read(*state, with_version(*state, number(*state, 1))), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read(*state, with_versions(*state, number(*state, 1))), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read(*state, with_part_as(*state, 2, pair(*state, SGX, 2, number(*state, 1)))),
            DEPUTY_E_CERTIFICATE);
}

static void version_of_the_certification_enclave_has_two_octets_and_a_component_one(void **state)
{
    struct pck pck;
    struct deputy_slice large = unhex(*state, T("0202012c")); /* 300 */
    assert_ok(read_into(&pck, *state, with_version_as(*state, 17, large)));
    assert_int_equal(pck.pce_svn, 300);
    assert_int_equal(read(*state, with_version_as(*state, 1, large)), DEPUTY_E_CERTIFICATE);
    assert_int_equal(
            read(*state, with_version_as(*state, 17, unhex(*state, T("0203010000")))), DEPUTY_E_CERTIFICATE);
}

/* They are told twice, as numbers and as octets: each of them must agree. */
static void components_that_are_not_those_of_cpusvn_are_refused(void **state)
{
    struct pck pck;
    assert_ok(read_into(&pck, *state, value_of(*state, real(*state))));
    for (uint8_t i = 0; i < PCK_COMPONENTS; i++)
        assert_int_equal(read(*state, with_version_as(*state, (uint8_t)(i + 1),
                                              number(*state, (uint8_t)(pck.components[i] ^ 1)))),
                DEPUTY_E_CERTIFICATE);
}

/* A number whose last octet is the right one: 256 more than CPUSVN says. */
static void component_with_more_than_one_octet_is_refused(void **state)
{
    struct pck pck;
    assert_ok(read_into(&pck, *state, value_of(*state, real(*state))));
    for (uint8_t i = 0; i < PCK_COMPONENTS; i++) {
        const uint8_t more[] = {DER_INTEGER, 2, 1, pck.components[i]};
        assert_int_equal(read(*state, with_version_as(*state, (uint8_t)(i + 1),
                                              deputy_slice_bytes(more, sizeof more))),
                DEPUTY_E_CERTIFICATE);
    }
}

static void octets_of_another_kind_or_length_are_refused(void **state)
{
    static const struct {
        uint8_t arc;
        const char *good, *bad[3];
    } cases[] = {{3, "04020000", {"02020100", "0401000000", "0403000000"}},
            {4, "0406112233445566", {"0206112233445566", "04051122334455", "040711223344556677"}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t arc = cases[i].arc;
        assert_ok(read(
                *state, with_part_as(*state, arc, pair(*state, SGX, arc, unhex(*state, T(cases[i].good))))));
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(read(*state, with_part_as(*state, arc,
                                                  pair(*state, SGX, arc, unhex(*state, T(cases[i].bad[j]))))),
                    DEPUTY_E_CERTIFICATE);
    }
}

static void extension_with_something_behind_it_is_refused(void **state)
{
    struct deputy_slice value = joined(*state, value_of(*state, real(*state)), number(*state, 0));
    assert_int_equal(read(*state, value), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read(*state, T("")), DEPUTY_E_CERTIFICATE);
    assert_int_equal(read(*state, number(*state, 0)), DEPUTY_E_CERTIFICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(real_extension_is_read_as_it_is_and_taken_apart_and_put_together),
            ARENA_TEST(part_with_a_number_that_no_part_has_is_refused),
            ARENA_TEST(version_with_a_number_that_no_version_has_is_refused),
            ARENA_TEST(part_and_version_below_another_number_are_refused),
            ARENA_TEST(part_with_an_oid_of_another_length_is_refused),
            ARENA_TEST(pair_that_is_none_is_refused),
            ARENA_TEST(part_and_version_that_come_twice_are_refused),
            ARENA_TEST(extension_without_a_part_that_is_needed_is_refused),
            ARENA_TEST(each_version_is_needed),
            ARENA_TEST(octet_behind_the_last_pair_is_refused),
            ARENA_TEST(version_that_is_no_pair_is_refused),
            ARENA_TEST(version_of_the_certification_enclave_has_two_octets_and_a_component_one),
            ARENA_TEST(components_that_are_not_those_of_cpusvn_are_refused),
            ARENA_TEST(component_with_more_than_one_octet_is_refused),
            ARENA_TEST(each_part_and_version_that_comes_twice_in_a_row_is_refused),
            ARENA_TEST(octets_of_another_kind_or_length_are_refused),
            ARENA_TEST(pair_with_something_behind_its_value_or_without_one_is_refused),
            ARENA_TEST(extension_with_something_behind_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
