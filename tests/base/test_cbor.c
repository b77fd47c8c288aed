#include "base/cbor.h"
#include "base/codec.h"
#include "support/check.h"

static struct deputy_slice unhex(struct deputy_arena *arena, const char *text)
{
    struct deputy_slice bytes;
    assert_ok(hex_decode(arena, &bytes, T(text)));
    return bytes;
}

/* What is read is written again as it was. */
static void every_kind_reads_and_writes_the_same(void **state)
{
    static const char *const cases[] = {
            "00",
            "17",
            "1818",
            "18ff",
            "190100",
            "19ffff",
            "1a00010000",
            "1b0000000100000000",
            "1bffffffffffffffff",
            "20",
            "3bffffffffffffffff",
            "40",
            "43010203",
            "60",
            "62c3a9",
            "80",
            "83010203",
            "a0",
            "a2616101616202",
            "a2616201626161f6",
            "d82a4500aabbccdd",
            "f4",
            "f5",
            "f6",
            "fb3ff8000000000000",
            "fb8000000000000000",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cbor_value *value;
        struct deputy_slice written, input = unhex(*state, cases[i]);
        struct buf out = buf_make(*state, 100);
        assert_ok(cbor_parse(*state, &value, input));
        cbor_put_value(&out, value);
        assert_ok(buf_finish(&out, &written));
        assert_slice(written, input);
        assert_slice(value->raw, input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_kind_reads_and_writes_the_same),
    };
    return cmocka_run_group_tests_name("base.cbor", tests, NULL, NULL);
}
