/* The layout of quotes, field by field: what is known, what is another's, and where each part ends (spec/08
 * section 3.1). */
#include "attest/tdx_quote.h"
#include "attest/verdict.h"
#include "support/edit.h"

#define FOLDER "attestation/intel/"

enum { VERSION = 0, KEY_TYPE = 2, TEE = 4, VENDOR = 12, HEADER = 48, AUTH_SIZES = 64 + 64 };

static enum deputy_attest_code parse(struct deputy_slice quote)
{
    struct tdx_quote out;
    return tdx_quote_parse(&out, quote);
}

static void put_le(uint8_t *out, size_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

/* A copy with a little-endian number somewhere in it. */
static struct deputy_slice with(
        struct deputy_arena *arena, struct deputy_slice quote, size_t at, size_t number, size_t bytes)
{
    uint8_t *copy = (uint8_t *)joined(arena, quote, T("")).ptr;
    put_le(copy + at, number, bytes);
    return deputy_slice_bytes(copy, quote.len);
}

static struct deputy_slice v4(struct deputy_arena *arena)
{
    return check_data(arena, FOLDER "tdx_v4_b0c06f.quote.bin");
}

static struct deputy_slice v5(struct deputy_arena *arena)
{
    return check_data(arena, FOLDER "tdx_v5_90c06f_go.quote.bin");
}

static struct deputy_slice sgx(struct deputy_arena *arena)
{
    return check_data(arena, FOLDER "sgx_v3_00a067.quote.bin");
}

static void version_goes_with_the_kind_of_platform(void **state)
{
    for (uint16_t version = 0; version < 8; version++) {
        struct deputy_slice td = v5(*state);
        enum deputy_attest_code code = parse(with(*state, sgx(*state), VERSION, version, 2));
        assert_int_equal(code, version == 3 ? CODE(OK) : CODE(UNSUPPORTED));
        code = parse(with(*state, version == 4 ? v4(*state) : td, VERSION, version, 2));
        assert_int_equal(code, version == 4 || version == 5 ? CODE(OK) : CODE(UNSUPPORTED));
    }
    assert_int_equal(parse(with(*state, v4(*state), VERSION, 0x0104, 2)), CODE(UNSUPPORTED));
    assert_int_equal(parse(with(*state, sgx(*state), VERSION, 0x0103, 2)), CODE(UNSUPPORTED));
}

static void other_keys_and_platforms_are_not_known(void **state)
{
    static const uint16_t kinds[] = {0, 1, 3, 4, 0x0102};
    static const uint32_t tees[] = {1, 0x80, 0x82, 0x0181, 0x81000000};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(parse(with(*state, v4(*state), KEY_TYPE, kinds[i], 2)), CODE(UNSUPPORTED));
        assert_int_equal(parse(with(*state, sgx(*state), KEY_TYPE, kinds[i], 2)), CODE(UNSUPPORTED));
    }
    for (size_t i = 0; i < sizeof tees / sizeof tees[0]; i++) {
        assert_int_equal(parse(with(*state, v4(*state), TEE, tees[i], 4)), CODE(UNSUPPORTED));
        assert_int_equal(parse(with(*state, sgx(*state), TEE, tees[i], 4)), CODE(UNSUPPORTED));
    }
}

/* What another quoting enclave writes is no quote to us, whatever else it says. */
static void every_octet_of_the_vendor_counts(void **state)
{
    for (size_t i = 0; i < 16; i++) {
        struct deputy_slice quote = v4(*state);
        assert_int_equal(parse(with(*state, quote, VENDOR + i, quote.ptr[VENDOR + i] ^ 1u, 1)), CODE(PARSE));
    }
}

static void body_of_version_5_has_a_type_and_the_length_of_that_type(void **state)
{
    enum { TYPE = HEADER, SIZE = HEADER + 2 };
    struct deputy_slice quote = v5(*state);
    size_t type = quote.ptr[TYPE], size = quote.ptr[SIZE] | (size_t)quote.ptr[SIZE + 1] << 8;
    assert_int_equal(size, type == 2 ? TD10_BYTES : TD15_BYTES);
    for (size_t other = 0; other < 6; other++)
        assert_int_equal(parse(with(*state, quote, TYPE, other, 2)), other == type ? CODE(OK) : CODE(PARSE));
    assert_int_equal(parse(with(*state, quote, TYPE, type | 0x100, 2)), CODE(PARSE));
    const size_t sizes[] = {0, size - 1, size + 1, size | 0x10000, TD10_BYTES + TD15_BYTES - size, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_int_equal(parse(with(*state, quote, SIZE, sizes[i], 4)), CODE(PARSE));
}

/* ---- what stands behind the signed part ---- */

struct parts {
    size_t auth;  /* where its length is */
    size_t outer; /* the type of what wraps the second half; 0: nothing does */
    size_t inner; /* the type of the certification */
    size_t end;
};

static struct parts parts_of(struct deputy_slice quote)
{
    struct tdx_quote view;
    assert_int_equal(tdx_quote_parse(&view, quote), CODE(OK));
    struct parts parts = {.auth = view.signed_part.len};
    if (view.version != 3)
        parts.outer = parts.auth + 4 + AUTH_SIZES;
    parts.inner = (size_t)(view.certification_data.ptr - quote.ptr) - 6;
    parts.end = parts.inner + 6 + view.certification_data.len;
    return parts;
}

static void certification_is_one_of_five_kinds(void **state)
{
    const struct deputy_slice quotes[] = {v4(*state), v5(*state), sgx(*state)};
    for (size_t i = 0; i < 3; i++) {
        struct parts parts = parts_of(quotes[i]);
        for (uint16_t type = 0; type < 10; type++) {
            bool known = type >= 1 && type <= 5;
            assert_int_equal(parse(with(*state, quotes[i], parts.inner, type, 2)),
                    known ? CODE(OK) : CODE(UNSUPPORTED));
            if (parts.outer != 0)
                assert_int_equal(parse(with(*state, quotes[i], parts.outer, type, 2)),
                        type == 6 ? CODE(OK) : CODE(UNSUPPORTED));
        }
        assert_int_equal(parse(with(*state, quotes[i], parts.inner, 0x0105, 2)), CODE(UNSUPPORTED));
    }
}

/* Cut anywhere, with the lengths around it made to fit: never is a part taken that is not all there. */
static void part_that_is_not_all_there_is_no_part(void **state)
{
    const struct deputy_slice quotes[] = {v4(*state), v5(*state), sgx(*state)};
    struct deputy_arena *scratch = check_arena();
    for (size_t i = 0; i < 3; i++) {
        struct parts parts = parts_of(quotes[i]);
        for (size_t len = parts.auth + 4; len < parts.end; len++) {
            deputy_arena_reset(scratch);
            struct deputy_slice cut = deputy_slice_bytes(quotes[i].ptr, len);
            cut = with(scratch, cut, parts.auth, len - parts.auth - 4, 4);
            if (parts.outer != 0 && len >= parts.outer + 6)
                cut = with(scratch, cut, parts.outer + 2, len - parts.outer - 6, 4);
            enum deputy_attest_code code = parse(cut);
            if (code != CODE(PARSE))
                fail_msg("quote %zu cut at %zu: %s", i, len, deputy_attest_code_name(code));
        }
    }
    deputy_arena_destroy(scratch);
}

/* Each length says exactly what is there: one octet more or less, and it is no quote. */
static void every_length_is_exact(void **state)
{
    const struct deputy_slice quotes[] = {v4(*state), v5(*state), sgx(*state)};
    for (size_t i = 0; i < 3; i++) {
        struct parts parts = parts_of(quotes[i]);
        const size_t lengths[] = {parts.inner + 2, parts.outer + 2};
        const size_t values[] = {parts.end - parts.inner - 6, parts.end - parts.outer - 6};
        for (size_t j = 0; j < (parts.outer != 0 ? 2u : 1u); j++) {
            assert_int_equal(parse(with(*state, quotes[i], lengths[j], values[j], 4)), CODE(OK));
            assert_int_equal(parse(with(*state, quotes[i], lengths[j], values[j] - 1, 4)), CODE(PARSE));
            assert_int_equal(parse(with(*state, quotes[i], lengths[j], values[j] + 1, 4)), CODE(PARSE));
        }
        assert_int_equal(
                parse(with(*state, quotes[i], parts.auth, parts.end - parts.auth - 5, 4)), CODE(PARSE));
        assert_int_equal(parse(with(*state, quotes[i], parts.auth, quotes[i].len, 4)), CODE(PARSE));
    }
}

static void quote_has_a_length_that_quotes_have(void **state)
{
    struct deputy_slice quote = v4(*state);
    uint8_t *large = test_calloc(QUOTE_MAX_BYTES + 1, 1);
    memcpy(large, quote.ptr, quote.len);
    assert_int_equal(parse(deputy_slice_bytes(large, QUOTE_MAX_BYTES)), CODE(OK)); /* zeros behind it */
    assert_int_equal(parse(deputy_slice_bytes(large, QUOTE_MAX_BYTES + 1)), CODE(PARSE));
    assert_int_equal(parse(deputy_slice_bytes(large, QUOTE_MIN_BYTES - 1)), CODE(PARSE));
    assert_int_equal(parse(deputy_slice_bytes(large, 0)), CODE(PARSE));
    test_free(large);
}

/* ---- what it measures ---- */

static void quote_measures_what_is_of_its_kind(void **state)
{
    const struct deputy_slice quotes[] = {
            v4(*state), check_data(*state, FOLDER "tdx_v5_90c06f_nomatch.quote.bin"), sgx(*state)};
    for (size_t i = 0; i < 3; i++) {
        struct deputy_slice m[DEPUTY_ATTEST_MEASUREMENT_COUNT] = {0};
        struct tdx_quote quote;
        assert_int_equal(tdx_quote_parse(&quote, quotes[i]), CODE(OK));
        tdx_quote_measured(m, &quote);
        bool enclave = quote.platform == DEPUTY_ATTEST_SGX;
        assert_int_equal(deputy_slice_present(m[DEPUTY_ATTEST_MEASURED_MR_ENCLAVE]), enclave);
        assert_int_equal(deputy_slice_present(m[DEPUTY_ATTEST_MEASURED_MR_TD]), !enclave);
        assert_int_equal(deputy_slice_present(m[DEPUTY_ATTEST_MEASURED_RTMR3]), !enclave);
        bool is_15 = !enclave && quote.signed_part.len > QUOTE_HEADER_BYTES + TD10_BYTES + 6;
        assert_int_equal(deputy_slice_present(m[DEPUTY_ATTEST_MEASURED_MR_SERVICE_TD]), is_15);
        struct deputy_slice data = m[DEPUTY_ATTEST_MEASURED_REPORT_DATA];
        assert_slice(data, enclave ? quote.enclave.report_data : quote.td.report_data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(version_goes_with_the_kind_of_platform),
            ARENA_TEST(other_keys_and_platforms_are_not_known),
            ARENA_TEST(every_octet_of_the_vendor_counts),
            ARENA_TEST(body_of_version_5_has_a_type_and_the_length_of_that_type),
            ARENA_TEST(certification_is_one_of_five_kinds),
            ARENA_TEST(part_that_is_not_all_there_is_no_part),
            ARENA_TEST(every_length_is_exact),
            ARENA_TEST(quote_has_a_length_that_quotes_have),
            ARENA_TEST(quote_measures_what_is_of_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
