#include "base/cbor.h"
#include "base/codec.h"
#include "base/json.h"
#include "support/check.h"
#include "support/prng.h"
#include <stdlib.h>

static struct deputy_slice unhex(struct deputy_arena *arena, const char *text)
{
    struct deputy_slice bytes;
    assert_ok(hex_read(arena, &bytes, T(text)));
    return bytes;
}

static const struct cbor_value *parsed(struct deputy_arena *arena, const char *hex)
{
    const struct cbor_value *value = NULL;
    assert_ok(cbor_parse(arena, &value, unhex(arena, hex)));
    return value;
}

static void assert_refused(struct deputy_arena *arena, const char *hex, enum deputy_error expected)
{
    const struct cbor_value *value = NULL;
    enum deputy_error error = cbor_parse(arena, &value, unhex(arena, hex));
    if (error != expected)
        fail_msg("%s: %s", hex, deputy_error_info(error)->name);
    assert_null(value);
}

#define ASSERT_EACH_REFUSED(arena, cases, expected)                                                          \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(cases)[0]; i_++)                                         \
    assert_refused((arena), (cases)[i_], (expected))

static struct deputy_slice rewritten(struct deputy_arena *arena, const struct cbor_value *value)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice bytes;
    cbor_put_value(&out, value);
    assert_ok(buf_finish(&out, &bytes));
    return bytes;
}

static void every_kind_is_read(void **state)
{
    assert_int_equal(parsed(*state, "1bffffffffffffffff")->number, UINT64_MAX);
    assert_int_equal(parsed(*state, "1818")->number, 24);
    assert_int_equal(parsed(*state, "20")->kind, CBOR_NEGATIVE);
    assert_int_equal(parsed(*state, "3903e7")->number, 999);
    assert_int_equal(parsed(*state, "43010203")->kind, CBOR_BYTES);
    assert_slice(parsed(*state, "43010203")->bytes, T("\x01\x02\x03"));
    assert_int_equal(parsed(*state, "62c3a9")->kind, CBOR_TEXT);
    assert_text(parsed(*state, "62c3a9")->bytes, "\xc3\xa9");
    assert_int_equal(parsed(*state, "f4")->kind, CBOR_FALSE);
    assert_int_equal(parsed(*state, "f5")->kind, CBOR_TRUE);
    assert_int_equal(parsed(*state, "f6")->kind, CBOR_NULL);
    assert_int_equal(parsed(*state, "fb3ff8000000000000")->kind, CBOR_FLOAT);
    assert_int_equal(parsed(*state, "fb3ff8000000000000")->number, UINT64_C(0x3ff8000000000000));
    assert_int_equal(parsed(*state, "d82a460001551e01aa")->kind, CBOR_LINK);
    assert_slice(parsed(*state, "d82a460001551e01aa")->bytes, T("\x01\x55\x1e\x01\xaa"));
}

static void children_are_read_in_order(void **state)
{
    const struct cbor_value *map = parsed(*state, "a3616101616283020304626161a0");
    assert_int_equal(map->kind, CBOR_MAP);
    assert_int_equal(map->count, 3);
    assert_text(map->first->key, "a");
    assert_text(map->first->next->key, "b");
    assert_text(map->first->next->next->key, "aa");
    assert_null(map->first->next->next->next);
    const struct cbor_value *array = cbor_member(map, "b");
    assert_int_equal(array->kind, CBOR_ARRAY);
    assert_int_equal(array->count, 3);
    assert_int_equal(array->first->number, 2);
    assert_int_equal(array->first->next->next->number, 4);
    assert_false(deputy_slice_present(array->first->key));
    assert_slice(array->raw, T("\x83\x02\x03\x04"));
    assert_int_equal(cbor_member(map, "aa")->kind, CBOR_MAP);
    assert_null(cbor_member(map, "c"));
    assert_null(cbor_member(map, ""));
    assert_null(cbor_member(array, "a"));
    assert_null(cbor_member(NULL, "a"));
}

static void text_is_asked_for_by_kind(void **state)
{
    static const char *const others[] = {
            "00", "20", "4161", "80", "a0", "d82a460001551e01aa", "f4", "f6", "fb3ff8000000000000"};
    struct deputy_slice text;
    assert_ok(cbor_to_text(&text, parsed(*state, "6161")));
    assert_text(text, "a");
    assert_int_equal(cbor_to_text(&text, NULL), DEPUTY_E_CBOR_TYPE);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(cbor_to_text(&text, parsed(*state, others[i])), DEPUTY_E_CBOR_TYPE);
}

/* RFC 8949 appendix A, what of it is DAG-CBOR, and the borders of every head. */
static void what_is_read_is_written_again_as_it_was(void **state)
{
    static const char *const cases[] = {"00", "01", "0a", "17", "1818", "1819", "1864", "18ff", "190100",
            "1903e8", "19ffff", "1a00010000", "1a000f4240", "1affffffff", "1b0000000100000000",
            "1b000000e8d4a51000", "1bffffffffffffffff", "20", "29", "37", "3818", "3863", "3903e7",
            "3bffffffffffffffff", "40", "4401020304", "60", "6161", "6449455446", "62225c", "62c3bc",
            "63e6b0b4", "64f0908591", "80", "83010203", "8301820203820405",
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0", "a26161016162820203",
            "826161a161626163", "a56161614161626142616361436164614461656145", "f4", "f5", "f6",
            "fb3ff199999999999a", "fb7e37e43c8800759c", "fb0000000000000000", "fb8000000000000000",
            "fb0000000000000001", "fb7fefffffffffffff", "d82a460001551e01aa", "a2616201626161f6",
            "a36001616102616203"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cbor_value *value = parsed(*state, cases[i]);
        assert_slice(value->raw, unhex(*state, cases[i]));
        assert_slice(rewritten(*state, value), value->raw);
    }
}

static void indefinite_lengths_are_refused(void **state)
{
    static const char *const cases[] = {"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff",
            "9f0102ff", "bfff", "bf616101ff", "5fff", "7fff", "829fff01", "a161619fff", "a17fff01"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_CBOR_CANONICAL);
    static const char *const breaks[] = {"ff", "81ff", "a1ff", "a16161ff", "1f", "3f", "df00"};
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        const struct cbor_value *value;
        assert_int_not_equal(cbor_parse(*state, &value, unhex(*state, breaks[i])), DEPUTY_OK);
    }
}

/* Every head in every form that is longer than it must be. */
static void heads_that_are_not_minimal_are_refused(void **state)
{
    static const uint64_t numbers[] = {
            0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, UINT64_C(0x100000000), UINT64_MAX};
    static const uint64_t limits[] = {24, 0x100, 0x10000, UINT64_C(0x100000000)};
    for (unsigned major = 0; major < 7; major++) {
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            for (unsigned form = 0; form < 4; form++) {
                uint8_t bytes[9] = {(uint8_t)(major << 5 | (24 + form))};
                size_t len = (size_t)1 << form;
                uint64_t number = numbers[i];
                if (len < 8 && number >> 8 * len != 0)
                    continue;
                for (size_t n = len; n > 0; n--, number >>= 8)
                    bytes[n] = (uint8_t)number;
                const struct cbor_value *value;
                enum deputy_error error = cbor_parse(*state, &value, deputy_slice_bytes(bytes, 1 + len));
                if (numbers[i] < limits[form])
                    assert_int_equal(error, DEPUTY_E_CBOR_CANONICAL);
                else
                    assert_int_equal(
                            error, major < 2 ? DEPUTY_OK : DEPUTY_E_CBOR_SYNTAX); /* the rest lacks content */
            }
        }
    }
}

static void keys_out_of_order_and_equal_keys_are_refused(void **state)
{
    static const char *const cases[] = {"a2616200616100", "a262616100616200", "a2616100616100", "a260006000",
            "a3616100616300616200", "a26161006000", "a26261620062616100", "81a2616100616100"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_CBOR_CANONICAL);
    parsed(*state, "a261620062616100"); /* shorter first, whatever the bytes */
}

/* CBOR that others made: any order, but nothing twice, and all else as strict. */
static void unordered_maps_have_unique_keys_in_any_order(void **state)
{
    static const char *const right[] = {
            "a2616200616100", "a262616100616100", "a3616100616300616200", "a0", "81a2616200616100"};
    static const char *const twice[] = {"a2616100616100", "a260006000", "a3616200616100616200",
            "a27801610061"
            "6100"};
    const struct cbor_value *value;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_ok(cbor_parse_unordered(*state, &value, unhex(*state, right[i])));
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
        assert_int_equal(
                cbor_parse_unordered(*state, &value, unhex(*state, twice[i])), DEPUTY_E_CBOR_CANONICAL);
    assert_int_equal(cbor_parse_unordered(*state, &value, unhex(*state, "a000")), DEPUTY_E_CBOR_TRAILING);
    assert_int_equal(
            cbor_parse_unordered(*state, &value, unhex(*state, "bf616100ff")), DEPUTY_E_CBOR_CANONICAL);
}

static void unordered_map_beyond_its_limit_is_refused(void **state)
{
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice input;
    const struct cbor_value *value;
    cbor_put_map(&out, CBOR_UNORDERED_MEMBERS + 1);
    for (uint8_t i = 0; i < CBOR_UNORDERED_MEMBERS + 1; i++) {
        uint8_t name = (uint8_t)('!' + i);
        cbor_put_text(&out, deputy_slice_bytes(&name, 1));
        cbor_put_null(&out);
    }
    assert_ok(buf_finish(&out, &input));
    assert_int_equal(cbor_parse_unordered(*state, &value, input), DEPUTY_E_LIMIT);
    assert_ok(cbor_parse(*state, &value, input));
}

static void keys_that_are_not_text_are_refused(void **state)
{
    static const char *const cases[] = {"a10000", "a12000", "a1416100", "a18000", "a1a000", "a1f400",
            "a1f600", "a1d82a460001551e01aa00", "a1fb3ff800000000000000"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_CBOR_SYNTAX);
    assert_refused(*state, "a161ff00", DEPUTY_E_UTF8);
    assert_refused(*state, "a178016100", DEPUTY_E_CBOR_CANONICAL);
}

/* Links: tag 42 in its shortest form, over bytes that begin with 0 and go on. */
static void tags_other_than_links_are_refused(void **state)
{
    static const char *const cases[] = {"c000", "c11a514b67b0", "c249010000000000000000", "d74401020304",
            "d818456449455446", "d9d9f700", "d829420001", "d82b420001", "d82a00", "d82a6100", "d82a40",
            "d82a4100", "d82a450001551e20", "d82a460002551e01aa", "d82a460001551e02aa",
            "d82a470001551e01aabb", "d82a420101", "d82a8100", "d82ad82a460001551e01aa", "d82af6", "d82a",
            "d9002a", "da0000002a"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cbor_value *value;
        enum deputy_error error = cbor_parse(*state, &value, unhex(*state, cases[i]));
        assert_true(error == DEPUTY_E_CBOR_SYNTAX || error == DEPUTY_E_CBOR_CANONICAL);
    }
    assert_refused(*state, "d9002a420001", DEPUTY_E_CBOR_CANONICAL);
    assert_refused(*state, "d82a58020001", DEPUTY_E_CBOR_CANONICAL);
    assert_refused(*state, "d82a5f420001ff", DEPUTY_E_CBOR_CANONICAL);
}

static void floats_that_are_short_or_not_finite_are_refused(void **state)
{
    static const char *const shorter[] = {
            "f90000", "f93c00", "f97c00", "f97e00", "fa47c35000", "fa7f800000", "fa7fc00000"};
    static const char *const not_finite[] = {"fb7ff0000000000000", "fbfff0000000000000", "fb7ff8000000000000",
            "fb7ff0000000000001", "fbffffffffffffffff"};
    ASSERT_EACH_REFUSED(*state, shorter, DEPUTY_E_CBOR_CANONICAL);
    ASSERT_EACH_REFUSED(*state, not_finite, DEPUTY_E_CBOR_SYNTAX);
}

/* Of all initial bytes of major type 7, alone or followed by enough, only four begin a value. */
static void other_simple_values_are_refused(void **state)
{
    for (unsigned minor = 0; minor < 32; minor++) {
        uint8_t bytes[9] = {(uint8_t)(0xe0 | minor)};
        size_t len = 1 + (minor < 24 || minor > 27 ? 0 : (size_t)1 << (minor - 24));
        const struct cbor_value *value;
        bool good = minor == 20 || minor == 21 || minor == 22 || minor == 27;
        assert_int_equal(cbor_parse(*state, &value, deputy_slice_bytes(bytes, len)) == DEPUTY_OK, good);
    }
    for (unsigned simple = 0; simple < 256; simple++) {
        uint8_t bytes[2] = {0xf8, (uint8_t)simple};
        const struct cbor_value *value;
        assert_int_equal(cbor_parse(*state, &value, deputy_slice_bytes(bytes, 2)), DEPUTY_E_CBOR_SYNTAX);
    }
}

static void reserved_heads_are_refused(void **state)
{
    for (unsigned major = 0; major < 8; major++) {
        for (unsigned minor = 28; minor < 31; minor++) {
            uint8_t bytes[17] = {(uint8_t)(major << 5 | minor)};
            const struct cbor_value *value;
            assert_int_equal(cbor_parse(*state, &value, deputy_slice_bytes(bytes, 1)), DEPUTY_E_CBOR_SYNTAX);
            assert_int_equal(cbor_parse(*state, &value, deputy_slice_bytes(bytes, 17)), DEPUTY_E_CBOR_SYNTAX);
        }
    }
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    static const char *const cases[] = {
            "61ff", "62c328", "63eda080", "62c080", "61c3", "8161ff", "a1616161ff"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_UTF8);
    parsed(*state, "41ff");
}

static void bytes_after_the_value_are_refused(void **state)
{
    static const char *const cases[] = {"0000", "f6f6", "a000", "6161ff", "80f6", "4301020304"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_CBOR_TRAILING);
    assert_refused(*state, "", DEPUTY_E_CBOR_SYNTAX);
}

/* A small arena would not hold what these counts and lengths promise: they are refused before anything is
 * allocated. */
static void counts_that_cannot_be_true_allocate_nothing(void **state)
{
    static const char *const cases[] = {"9bffffffffffffffff", "9affffffff", "9a7fffffff00",
            "bbffffffffffffffff", "baffffffff", "ba7fffffff00", "5bffffffffffffffff", "7bffffffffffffffff",
            "5affffffff", "8200", "830000", "a1", "a16161", "a26161006162", "98190000", "4200", "6261",
            "1bffffffffffffff", "18", "19ff", "fb3ff8", "9affffffff00000000000000000000000000000000",
            "8f0000000000000000000000000000", "ab6161006162006163006164006165006166"};
    struct deputy_arena *small = NULL;
    assert_ok(deputy_arena_create(&small, 512));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cbor_value *value = NULL;
        assert_int_equal(cbor_parse(small, &value, unhex(*state, cases[i])), DEPUTY_E_CBOR_SYNTAX);
        deputy_arena_reset(small);
    }
    deputy_arena_destroy(small);
}

/* Whatever memory there is: it is enough, or the input is refused for that. */
static void too_small_an_arena_is_a_refusal(void **state)
{
    struct deputy_slice input = unhex(*state, "a361618f0000000000000000000000000000006162a0616380");
    unsigned refused = 0;
    for (size_t size = 0; size < 4096; size += 16) {
        struct deputy_arena *small = NULL;
        const struct cbor_value *value = NULL;
        assert_ok(deputy_arena_create(&small, size));
        enum deputy_error error = cbor_parse(small, &value, input);
        assert_int_equal(error, value == NULL ? DEPUTY_E_LIMIT : DEPUTY_OK);
        refused += error != DEPUTY_OK;
        deputy_arena_destroy(small);
    }
    assert_true(refused > 50 && refused < 200);
}

static void depth_of_32_is_the_last_allowed(void **state)
{
    uint8_t bytes[4 * CBOR_MAX_DEPTH + 8];
    const struct cbor_value *value;
    memset(bytes, 0x81, sizeof bytes);
    bytes[CBOR_MAX_DEPTH] = 0;
    assert_ok(cbor_parse(*state, &value, deputy_slice_bytes(bytes, CBOR_MAX_DEPTH + 1)));
    bytes[CBOR_MAX_DEPTH] = 0x80;
    assert_int_equal(
            cbor_parse(*state, &value, deputy_slice_bytes(bytes, CBOR_MAX_DEPTH + 1)), DEPUTY_E_CBOR_DEPTH);
    for (size_t i = 0; i <= CBOR_MAX_DEPTH; i++)
        memcpy(bytes + 3 * i, "\xa1\x61k", 3);
    bytes[3 * CBOR_MAX_DEPTH] = 0;
    assert_ok(cbor_parse(*state, &value, deputy_slice_bytes(bytes, 3 * CBOR_MAX_DEPTH + 1)));
    bytes[3 * CBOR_MAX_DEPTH] = 0xa0;
    assert_int_equal(cbor_parse(*state, &value, deputy_slice_bytes(bytes, 3 * CBOR_MAX_DEPTH + 1)),
            DEPUTY_E_CBOR_DEPTH);
}

/* Values of all kinds, their maps in order because their keys are letters that go up. */
static void put_random(struct buf *out, struct prng *prng, size_t depth)
{
    static const char *const texts[] = {"", "a", "text of some length, more than 23", "\xe2\x82\xac"};
    size_t count = prng_below(prng, 5);
    switch (prng_below(prng, depth > 5 ? 8 : 12)) {
    case 0:
        return cbor_put_uint(out, prng_next(prng) >> prng_below(prng, 64));
    case 1:
        return cbor_put_negative(out, prng_next(prng) >> prng_below(prng, 64));
    case 2:
        return cbor_put_bytes(out, T(texts[prng_below(prng, 4)]));
    case 3:
        return cbor_put_text(out, T(texts[prng_below(prng, 4)]));
    case 4:
        return cbor_put_link(out, T("\x01\x55\x1e\x09 a digest"));
    case 5:
        return cbor_put_bool(out, prng_below(prng, 2) == 0);
    case 6:
        return cbor_put_null(out);
    case 7:
        return cbor_put_float(out, (double)prng_next(prng) / 1000);
    case 8:
    case 9:
        cbor_put_array(out, count);
        break;
    default:
        cbor_put_map(out, count);
        for (uint8_t key = 'a'; count > 0; count--, key++) {
            cbor_put_text(out, deputy_slice_bytes(&key, 1));
            put_random(out, prng, depth + 1);
        }
        return;
    }
    for (; count > 0; count--)
        put_random(out, prng, depth + 1);
}

static struct deputy_slice random_cbor(struct deputy_arena *arena, struct prng *prng)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice bytes;
    put_random(&out, prng, 0);
    assert_ok(buf_finish(&out, &bytes));
    return bytes;
}

static void random_values_survive(void **state)
{
    struct prng prng = {12};
    for (int i = 0; i < 5000; i++) {
        const struct cbor_value *value = NULL;
        struct deputy_slice bytes = random_cbor(*state, &prng);
        assert_ok(cbor_parse(*state, &value, bytes));
        assert_slice(rewritten(*state, value), bytes);
        deputy_arena_reset(*state);
    }
}

/* Strict means: what is accepted is the one encoding of its value. The memory of each mutant ends where it
 * ends. */
static void mutants_are_canonical_or_refused(void **state)
{
    struct prng prng = {13};
    unsigned accepted = 0;
    for (int i = 0; i < 40000; i++) {
        struct deputy_slice bytes = random_cbor(*state, &prng);
        size_t len = prng_below(&prng, 3) == 0 ? prng_below(&prng, bytes.len + 1) : bytes.len;
        uint8_t *mutant = malloc(len + (len == 0));
        memcpy(mutant, bytes.ptr, len);
        for (size_t n = prng_below(&prng, 3) + (len == bytes.len); n > 0 && len > 0; n--)
            mutant[prng_below(&prng, len)] = (uint8_t)prng_next(&prng);
        const struct cbor_value *value = NULL;
        if (cbor_parse(*state, &value, deputy_slice_bytes(mutant, len)) == DEPUTY_OK) {
            assert_slice(rewritten(*state, value), deputy_slice_bytes(mutant, len));
            accepted++;
        }
        free(mutant);
        deputy_arena_reset(*state);
    }
    assert_true(accepted > 1000);
}

/* Every input of up to three bytes. */
static void every_short_input_is_canonical_or_refused(void **state)
{
    for (uint32_t word = 0; word < 1U << 24; word++) {
        uint8_t bytes[3] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16)};
        for (size_t len = word < 0x100 ? 1 : word < 0x10000 ? 2 : 3; len <= 3; len++) {
            const struct cbor_value *value = NULL;
            if (cbor_parse(*state, &value, deputy_slice_bytes(bytes, len)) == DEPUTY_OK)
                assert_slice(rewritten(*state, value), deputy_slice_bytes(bytes, len));
        }
        deputy_arena_reset(*state);
    }
}

/* A recorded CACAO: its members, and every prefix and every extension of it refused. */
static void recorded_cacao_is_read_and_written(void **state)
{
    const struct json_value *root, *vector;
    const struct cbor_value *cacao;
    struct deputy_slice bytes, text;
    assert_ok(json_parse(*state, &root, check_data(*state, "tokens.json")));
    vector = json_member(json_member(root, "vectors"), "cacao")->first;
    assert_ok(json_to_text(&text, json_member(vector, "dagCborBase64Url")));
    assert_ok(base64url_read(*state, &bytes, text, BASE64_UNPADDED));
    assert_ok(cbor_parse(*state, &cacao, bytes));
    assert_slice(rewritten(*state, cacao), bytes);
    assert_int_equal(cacao->count, 3);
    assert_ok(cbor_to_text(&text, cbor_member(cbor_member(cacao, "h"), "t")));
    assert_text(text, "eip4361");
    assert_int_equal(cbor_member(cbor_member(cacao, "s"), "s")->bytes.len, 65);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
                cbor_parse(*state, &cacao, deputy_slice_bytes(bytes.ptr, len)), DEPUTY_E_CBOR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_kind_is_read),
            ARENA_TEST(children_are_read_in_order),
            ARENA_TEST(text_is_asked_for_by_kind),
            ARENA_TEST(what_is_read_is_written_again_as_it_was),
            ARENA_TEST(indefinite_lengths_are_refused),
            ARENA_TEST(heads_that_are_not_minimal_are_refused),
            ARENA_TEST(keys_out_of_order_and_equal_keys_are_refused),
            ARENA_TEST(unordered_maps_have_unique_keys_in_any_order),
            ARENA_TEST(unordered_map_beyond_its_limit_is_refused),
            ARENA_TEST(keys_that_are_not_text_are_refused),
            ARENA_TEST(tags_other_than_links_are_refused),
            ARENA_TEST(floats_that_are_short_or_not_finite_are_refused),
            ARENA_TEST(other_simple_values_are_refused),
            ARENA_TEST(reserved_heads_are_refused),
            ARENA_TEST(text_that_is_not_utf8_is_refused),
            ARENA_TEST(bytes_after_the_value_are_refused),
            ARENA_TEST(counts_that_cannot_be_true_allocate_nothing),
            ARENA_TEST(too_small_an_arena_is_a_refusal),
            ARENA_TEST(depth_of_32_is_the_last_allowed),
            ARENA_TEST(random_values_survive),
            ARENA_TEST(mutants_are_canonical_or_refused),
            ARENA_TEST(every_short_input_is_canonical_or_refused),
            ARENA_TEST(recorded_cacao_is_read_and_written),
    };
    return cmocka_run_group_tests_name("base.cbor", tests, NULL, NULL);
}
