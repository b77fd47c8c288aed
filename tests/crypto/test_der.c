/* The DER reader takes the one encoding of a value and no other (X.690 section 10). */
#include "crypto/der.h"
#include "support/hex.h"

static struct deputy_slice hex(void **state, const char *text)
{
    return check_hex(*state, text);
}

static void lengths_are_definite_and_shortest(void **state)
{
    static const char *const refused[] = {
            "", "04",           /* no length */
            "0401",             /* no content */
            "0480aabb0000",     /* indefinite */
            "048101aa",         /* long form of 1 */
            "04820001aa",       /* leading zero */
            "04850000000001aa", /* more length bytes than any length here needs */
            "04ff",             /* reserved */
            "1f0400",           /* a tag of several bytes */
    };
    struct deputy_slice content;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct deputy_slice from = hex(state, refused[i]);
        struct deputy_slice before = from;
        assert_false(der_take_any(&from, NULL, &content, NULL));
        assert_ptr_equal(from.ptr, before.ptr);
        assert_int_equal(from.len, before.len);
    }
}

static void long_lengths_are_read(void **state)
{
    uint8_t bytes[3 + 200 + 1] = {DER_OCTET_STRING, 0x81, 200};
    struct deputy_slice from = {bytes, sizeof bytes};
    struct deputy_slice content;
    (void)state;
    assert_true(der_take(&from, DER_OCTET_STRING, &content));
    assert_int_equal(content.len, 200);
    assert_int_equal(from.len, 1);
    from = deputy_slice_bytes(bytes, 202);
    assert_false(der_take(&from, DER_OCTET_STRING, &content));
}

static void another_tag_takes_nothing(void **state)
{
    struct deputy_slice from = hex(state, "0401aa");
    struct deputy_slice content;
    assert_false(der_take(&from, DER_SEQUENCE, &content));
    assert_int_equal(from.len, 3);
    assert_true(der_take(&from, DER_OCTET_STRING, &content));
    assert_int_equal(from.len, 0);
}

static void booleans_are_00_or_ff(void **state)
{
    bool value = true;
    struct deputy_slice from = hex(state, "010100");
    assert_true(der_take_bool(&from, &value));
    assert_false(value);
    from = hex(state, "0101ff");
    assert_true(der_take_bool(&from, &value));
    assert_true(value);
    from = hex(state, "010101");
    assert_false(der_take_bool(&from, &value));
    from = hex(state, "0100");
    assert_false(der_take_bool(&from, &value));
    from = hex(state, "0102ffff");
    assert_false(der_take_bool(&from, &value));
}

static void numbers_have_one_form(void **state)
{
    static const struct {
        const char *der;
        int64_t value; /* -1: refused */
    } rows[] = {
            {"020100", 0},
            {"02017f", 127},
            {"02020080", 128},
            {"020200ff", 255},
            {"0203010000", 65536},
            {"0200", -1},
            {"020180", -1},
            {"0202ffff", -1},
            {"02020001", -1},
            {"02020000", -1},
            {"02050100000000", -1},
            {"030100", -1},
            {"0a0101", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice from = hex(state, rows[i].der);
        uint32_t value;
        assert_int_equal(der_take_number(&from, &value, UINT32_MAX), rows[i].value >= 0);
        if (rows[i].value >= 0)
            assert_int_equal(value, rows[i].value);
    }
    struct deputy_slice from = hex(state, "02020100");
    uint32_t value;
    assert_false(der_take_number(&from, &value, 255));
    assert_true(der_take_number(&from, &value, 256));
}

static void bit_strings_are_of_whole_bytes(void **state)
{
    struct deputy_slice bytes;
    struct deputy_slice from = hex(state, "030200aa");
    assert_true(der_take_bits(&from, &bytes));
    assert_hex(bytes.ptr, bytes.len, "aa");
    from = hex(state, "030201aa");
    assert_false(der_take_bits(&from, &bytes));
    from = hex(state, "0300");
    assert_false(der_take_bits(&from, &bytes));
}

static struct deputy_slice element(uint8_t tag, const char *text)
{
    struct deputy_slice content = deputy_slice_text(text);
    uint8_t *bytes = test_malloc(2 + content.len);
    bytes[0] = tag;
    bytes[1] = (uint8_t)content.len;
    memcpy(bytes + 2, content.ptr, content.len);
    return deputy_slice_bytes(bytes, 2 + content.len);
}

static void times_are_utc_to_the_second(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int64_t value; /* INT64_MIN: refused */
    } rows[] = {
            {DER_UTC_TIME, "180521104510Z", 1526899510},
            {DER_UTC_TIME, "491231235959Z", 2524607999},
            {DER_UTC_TIME, "500101000000Z", -631152000}, /* 1950 */
            {DER_GENERALIZED_TIME, "20491231235959Z", 2524607999},
            {DER_GENERALIZED_TIME, "21200101000000Z", 4733510400},
            {DER_UTC_TIME, "1805211045Z", INT64_MIN},
            {DER_UTC_TIME, "180521104510+0000", INT64_MIN},
            {DER_UTC_TIME, "180521104510", INT64_MIN},
            {DER_UTC_TIME, "181321104510Z", INT64_MIN},
            {DER_UTC_TIME, "180230104510Z", INT64_MIN},
            {DER_UTC_TIME, "181231235960Z", INT64_MIN},
            {DER_UTC_TIME, "1805211045 0Z", INT64_MIN},
            {DER_GENERALIZED_TIME, "20180521104510.5Z", INT64_MIN},
            {DER_GENERALIZED_TIME, "180521104510Z", INT64_MIN},
            {DER_PRINTABLE_STRING, "180521104510Z", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = INT64_MIN;
        struct deputy_slice whole = element(rows[i].tag, rows[i].text);
        struct deputy_slice from = whole;
        assert_int_equal(der_take_time(&from, &value), rows[i].value != INT64_MIN);
        assert_int_equal(value, rows[i].value);
        test_free((void *)(uintptr_t)whole.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(lengths_are_definite_and_shortest),
            ARENA_TEST(long_lengths_are_read),
            ARENA_TEST(another_tag_takes_nothing),
            ARENA_TEST(booleans_are_00_or_ff),
            ARENA_TEST(numbers_have_one_form),
            ARENA_TEST(bit_strings_are_of_whole_bytes),
            ARENA_TEST(times_are_utc_to_the_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
