#include "base/cbor.h"
#include "base/codec.h"
#include "support/check.h"
#include <math.h>

/* What was written so far, as hex; the buffer starts again. */
static struct deputy_slice written(struct buf *out)
{
    struct deputy_slice bytes, text;
    struct buf hex = buf_make(out->arena, 4096);
    assert_ok(buf_finish(out, &bytes));
    hex_put(&hex, bytes);
    assert_ok(buf_finish(&hex, &text));
    *out = buf_make(out->arena, 4096);
    return text;
}

static void integers_have_the_shortest_heads(void **state)
{
    static const struct {
        uint64_t number;
        const char *positive, *negative;
    } cases[] = {
            {0, "00", "20"},
            {23, "17", "37"},
            {24, "1818", "3818"},
            {255, "18ff", "38ff"},
            {256, "190100", "390100"},
            {65535, "19ffff", "39ffff"},
            {65536, "1a00010000", "3a00010000"},
            {UINT32_MAX, "1affffffff", "3affffffff"},
            {UINT64_C(1) << 32, "1b0000000100000000", "3b0000000100000000"},
            {UINT64_MAX, "1bffffffffffffffff", "3bffffffffffffffff"},
    };
    struct buf out = buf_make(*state, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cbor_put_uint(&out, cases[i].number);
        assert_text(written(&out), cases[i].positive);
        cbor_put_negative(&out, cases[i].number);
        assert_text(written(&out), cases[i].negative);
    }
}

static void strings_links_and_containers_carry_their_lengths(void **state)
{
    struct buf out = buf_make(*state, 4096);
    cbor_put_bytes(&out, T("\x01\x02\x03\x04"));
    assert_text(written(&out), "4401020304");
    cbor_put_text(&out, T("IETF"));
    assert_text(written(&out), "6449455446");
    cbor_put_text(&out, T(""));
    assert_text(written(&out), "60");
    cbor_put_link(&out, T("\x01\x55\x1e"));
    assert_text(written(&out), "d82a440001551e");
    cbor_put_array(&out, 3);
    assert_text(written(&out), "83");
    cbor_put_array(&out, 25);
    assert_text(written(&out), "9819");
    cbor_put_map(&out, 2);
    assert_text(written(&out), "a2");
}

static void simple_values_and_floats_are_written(void **state)
{
    struct buf out = buf_make(*state, 4096);
    cbor_put_bool(&out, false);
    cbor_put_bool(&out, true);
    cbor_put_null(&out);
    assert_text(written(&out), "f4f5f6");
    cbor_put_float(&out, 1.1);
    assert_text(written(&out), "fb3ff199999999999a");
    cbor_put_float(&out, 0);
    assert_text(written(&out), "fb0000000000000000");
}

static void floats_that_are_not_finite_are_refused(void **state)
{
    const double refused[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct buf out = buf_make(*state, 16);
        struct deputy_slice bytes;
        cbor_put_float(&out, refused[i]);
        assert_int_equal(buf_finish(&out, &bytes), DEPUTY_E_CBOR_SYNTAX);
    }
}

static void writer_keeps_the_bound_of_its_buffer(void **state)
{
    struct buf out = buf_make(*state, 4);
    struct deputy_slice bytes;
    cbor_put_text(&out, T("IETF"));
    assert_int_equal(buf_finish(&out, &bytes), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(integers_have_the_shortest_heads),
            ARENA_TEST(strings_links_and_containers_carry_their_lengths),
            ARENA_TEST(simple_values_and_floats_are_written),
            ARENA_TEST(floats_that_are_not_finite_are_refused),
            ARENA_TEST(writer_keeps_the_bound_of_its_buffer),
    };
    return cmocka_run_group_tests_name("base.cbor_write", tests, NULL, NULL);
}
