#include "base/codec.h"
#include "support/check.h"
#include "support/prng.h"

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static struct deputy_slice encoded(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice text;
    base58_put(&out, bytes);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* draft-msporny-base58 section 5, and the multibase test vectors. */
static void known_answers(void **state)
{
    static const struct {
        const char *hex, *text;
    } known[] = {
            {"", ""},
            {"00", "1"},
            {"0000", "11"},
            {"01", "2"},
            {"39", "z"},
            {"3a", "21"},
            {"48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"},
            {"54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
                    "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
            {"0000287fb4cd", "11233QC4"},
            {"796573206d616e692021", "7paNL19xttacUY"},
            {"00796573206d616e692021", "17paNL19xttacUY"},
            {"0000796573206d616e692021", "117paNL19xttacUY"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct deputy_slice bytes;
        uint8_t out[64];
        size_t len = 999;
        assert_ok(hex_read(*state, &bytes, T(known[i].hex)));
        assert_text(encoded(*state, bytes), known[i].text);
        assert_ok(base58_read(out, sizeof out, &len, T(known[i].text)));
        assert_slice(deputy_slice_bytes(out, len), bytes);
    }
}

static void every_length_survives(void **state)
{
    struct prng prng = {3};
    for (size_t len = 0; len <= BASE58_MAX_BYTES; len++) {
        for (size_t zeros = 0; zeros <= len; zeros += 1 + len / 4) {
            uint8_t bytes[BASE58_MAX_BYTES], again[BASE58_MAX_BYTES];
            size_t got;
            prng_fill(&prng, bytes, len);
            memset(bytes, 0, zeros);
            struct deputy_slice in = deputy_slice_bytes(bytes, len);
            assert_ok(base58_read(again, sizeof again, &got, encoded(*state, in)));
            assert_slice(deputy_slice_bytes(again, got), in);
        }
        deputy_arena_reset(*state);
    }
}

/* Every text of up to three digits is the one text of its bytes. */
static void every_short_text_survives(void **state)
{
    char text[3];
    for (size_t n = 0; n < 58 * 58 * 58; n++) {
        uint8_t bytes[4];
        size_t got;
        text[0] = alphabet[n / 58 / 58];
        text[1] = alphabet[n / 58 % 58];
        text[2] = alphabet[n % 58];
        for (size_t len = 1; len <= 3; len++) {
            struct deputy_slice in = deputy_slice_bytes(text, len);
            assert_ok(base58_read(bytes, sizeof bytes, &got, in));
            assert_slice(encoded(*state, deputy_slice_bytes(bytes, got)), in);
        }
        if (n % 1000 == 0)
            deputy_arena_reset(*state);
    }
}

static void every_byte_outside_the_alphabet_is_refused(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        bool good = byte != 0 && strchr(alphabet, (int)byte) != NULL;
        for (size_t at = 0; at < 12; at++) {
            uint8_t bytes[16];
            size_t len;
            char text[] = "7paNL19xttac";
            text[at] = (char)byte;
            assert_int_equal(base58_read(bytes, sizeof bytes, &len, deputy_slice_bytes(text, 12)),
                    good ? DEPUTY_OK : DEPUTY_E_BASE58);
        }
    }
}

static void more_bytes_than_there_is_room_for_are_refused(void **state)
{
    uint8_t in[34], out[34] = {0};
    size_t len;
    memset(in, 0xff, sizeof in);
    struct deputy_slice text = encoded(*state, deputy_slice_bytes(in, sizeof in));
    assert_ok(base58_read(out, 34, &len, text));
    assert_int_equal(len, 34);
    memset(out, 0, sizeof out);
    assert_int_equal(base58_read(out, 33, &len, text), DEPUTY_E_LIMIT);
    assert_int_equal(out[0], 0);
    assert_int_equal(base58_read(out, 2, &len, T("111")), DEPUTY_E_LIMIT);
    assert_int_equal(base58_read(out, 2, &len, T("112")), DEPUTY_E_LIMIT);
    assert_ok(base58_read(out, 2, &len, T("12")));
}

/* 2^1024 - 1 is the largest value of 128 bytes; the next one has as many digits. */
static void values_beyond_the_maximum_are_refused(void **state)
{
    uint8_t in[BASE58_MAX_BYTES], out[2 * BASE58_MAX_BYTES];
    char text[200];
    size_t len;
    memset(in, 0xff, sizeof in);
    struct deputy_slice largest = encoded(*state, deputy_slice_bytes(in, sizeof in));
    assert_int_equal(largest.len, 175);
    memcpy(text, largest.ptr, largest.len);
    assert_ok(base58_read(out, sizeof out, &len, deputy_slice_bytes(text, largest.len)));
    text[174] = alphabet[1 + (strchr(alphabet, text[174]) - alphabet)];
    assert_int_equal(base58_read(out, sizeof out, &len, deputy_slice_bytes(text, 175)), DEPUTY_E_LIMIT);
    memset(text, 'z', sizeof text);
    assert_int_equal(base58_read(out, sizeof out, &len, deputy_slice_bytes(text, 176)), DEPUTY_E_LIMIT);
    memset(text, '1', sizeof text);
    assert_ok(base58_read(out, sizeof out, &len, deputy_slice_bytes(text, 128)));
    assert_int_equal(base58_read(out, sizeof out, &len, deputy_slice_bytes(text, 129)), DEPUTY_E_LIMIT);
}

static void encoder_refuses_more_than_the_maximum(void **state)
{
    uint8_t bytes[BASE58_MAX_BYTES + 1] = {0};
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice text;
    base58_put(&out, deputy_slice_bytes(bytes, sizeof bytes));
    assert_int_equal(buf_finish(&out, &text), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_answers),
            ARENA_TEST(every_length_survives),
            ARENA_TEST(every_short_text_survives),
            cmocka_unit_test(every_byte_outside_the_alphabet_is_refused),
            ARENA_TEST(more_bytes_than_there_is_room_for_are_refused),
            ARENA_TEST(values_beyond_the_maximum_are_refused),
            ARENA_TEST(encoder_refuses_more_than_the_maximum),
    };
    return cmocka_run_group_tests_name("base.base58", tests, NULL, NULL);
}
