/* The JSON reader beside jansson, on texts that are made and then broken. */
#include "base/json_write.h"
#include "support/check.h"
#include "support/json_oracle.h"
#include "support/prng.h"
#include <stdlib.h>

enum { MADE_TEXTS = 4000, MUTANTS_EACH = 12, TEXT_MAX = 64 * 1024 };

static void compare(struct deputy_arena *arena, struct deputy_slice text)
{
    const struct json_value *ours = NULL;
    enum deputy_error error = json_parse(arena, &ours, text);
    if (!json_opinions_agree(text, error, ours))
        fail_msg("ours: %s\n%.*s", deputy_error_info(error)->name, (int)text.len, (const char *)text.ptr);
}

static void put_space(struct buf *out, struct prng *prng)
{
    static const char spaces[] = " \t\n\r";
    while (prng_below(prng, 6) == 0)
        buf_put_byte(out, (uint8_t)spaces[prng_below(prng, 4)]);
}

/* Plain, escaped, multi-byte and odd characters; now and then a run of plain ones. */
static void put_string(struct buf *out, struct prng *prng)
{
    static const char *const parts[] = {"a", "b", "key", "tinycloud.kv/get", "\\n", "\\\"", "\\\\", "\\/",
            "\\u0061", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " ",
            "\x7f", "\\b", "\\u0001", "0123456789abcdefghij"};
    buf_put_byte(out, '"');
    for (size_t n = prng_below(prng, 5); n > 0; n--)
        buf_put_text(out, parts[prng_below(prng, sizeof parts / sizeof parts[0])]);
    buf_put_byte(out, '"');
}

static void put_number(struct buf *out, struct prng *prng)
{
    if (prng_below(prng, 3) == 0)
        buf_put_byte(out, '-');
    buf_put_decimal(out, prng_next(prng) >> prng_below(prng, 64));
    if (prng_below(prng, 3) == 0) {
        buf_put_byte(out, '.');
        buf_put_decimal(out, prng_next(prng) >> prng_below(prng, 64));
    }
    if (prng_below(prng, 4) == 0) {
        static const char *const marks[] = {"e", "E", "e+", "E-", "e-"};
        buf_put_text(out, marks[prng_below(prng, 5)]);
        buf_put_decimal(out, prng_below(prng, 340));
    }
}

static void put_value(struct buf *out, struct prng *prng, size_t depth);

static void put_children(struct buf *out, struct prng *prng, size_t depth, bool keys)
{
    size_t count = prng_below(prng, 20) == 0 ? prng_below(prng, 30) : prng_below(prng, 4);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_put_byte(out, ',');
        put_space(out, prng);
        if (keys) {
            put_string(out, prng);
            put_space(out, prng);
            buf_put_byte(out, ':');
        }
        put_value(out, prng, depth + 1);
    }
}

static void put_value(struct buf *out, struct prng *prng, size_t depth)
{
    static const char *const literals[] = {"null", "true", "false"};
    put_space(out, prng);
    size_t kind = prng_below(prng, depth > 8 ? 4 : 8);
    if (kind == 0) {
        buf_put_text(out, literals[prng_below(prng, 3)]);
    } else if (kind == 1) {
        put_number(out, prng);
    } else if (kind < 4) {
        put_string(out, prng);
    } else {
        bool object = kind > 5;
        buf_put_byte(out, object ? '{' : '[');
        put_children(out, prng, depth, object);
        buf_put_byte(out, object ? '}' : ']');
    }
    put_space(out, prng);
}

/* One change: a byte or a token put in, over or away, or a piece of the text repeated elsewhere. */
static size_t mutate(struct prng *prng, uint8_t *text, size_t len)
{
    static const char tokens[] = "{}[],:\"\\0123456789.eE+-truefalsn \t\n\r/ud8\x80\xc3\xed\xf0\xff";
    size_t at = prng_below(prng, len + 1), from = prng_below(prng, len + 1);
    size_t run = 1 + prng_below(prng, prng_below(prng, 4) == 0 ? 40 : 3);
    uint8_t byte = prng_below(prng, 2) == 0 ? (uint8_t)prng_next(prng)
                                            : (uint8_t)tokens[prng_below(prng, sizeof tokens - 1)];
    switch (prng_below(prng, 4)) {
    case 0: /* over */
        if (at < len)
            text[at] = byte;
        return len;
    case 1: /* in */
        memmove(text + at + 1, text + at, len - at);
        text[at] = byte;
        return len + 1;
    case 2: /* away */
        run = run < len - at ? run : len - at;
        memmove(text + at, text + at + run, len - at - run);
        return len - run;
    default: { /* repeated */
        uint8_t piece[40];
        run = run < len - from ? run : len - from;
        memcpy(piece, text + from, run);
        memmove(text + at + run, text + at, len - at);
        memcpy(text + at, piece, run);
        return len + run;
    }
    }
}

/* The text itself, then copies with one to three changes. The copies end where their memory ends. */
static void compare_with_mutants(struct deputy_arena *arena, struct prng *prng, struct deputy_slice text)
{
    static uint8_t mutant[TEXT_MAX];
    compare(arena, text);
    for (int i = 0; i < MUTANTS_EACH; i++) {
        size_t len = text.len;
        memcpy(mutant, text.ptr, len);
        for (size_t n = 1 + prng_below(prng, 3); n > 0; n--)
            len = mutate(prng, mutant, len);
        uint8_t *exact = malloc(len + (len == 0));
        memcpy(exact, mutant, len);
        compare(arena, deputy_slice_bytes(exact, len));
        free(exact);
    }
}

static void made_texts_and_their_mutants_read_as_jansson_reads_them(void **state)
{
    struct prng prng = {6};
    for (int i = 0; i < MADE_TEXTS; i++) {
        struct buf out = buf_make(*state, TEXT_MAX / 2);
        struct deputy_slice text;
        put_value(&out, &prng, 0);
        if (buf_finish(&out, &text) == DEPUTY_OK)
            compare_with_mutants(*state, &prng, text);
        deputy_arena_reset(*state);
    }
}

/* Each string in a file of vectors that is itself JSON, or a token with JSON in it, is a text to start from.
 */
static void compare_strings_within(
        struct deputy_arena *arena, struct prng *prng, const struct json_value *value)
{
    JSON_EACH (child, value)
        compare_strings_within(arena, prng, child);
    if (value->kind == JSON_OBJECT && value->raw.len < TEXT_MAX / 2 && prng_below(prng, 8) == 0)
        compare_with_mutants(arena, prng, value->raw);
    if (value->kind == JSON_STRING && value->text.len > 2 && value->text.len < TEXT_MAX / 2 &&
            value->text.ptr[0] == '{')
        compare_with_mutants(arena, prng, value->text);
}

static void recorded_texts_and_their_mutants_read_as_jansson_reads_them(void **state)
{
    static const char *const files[] = {"tokens.json", "chain.json", "compose.json"};
    struct prng prng = {7};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct json_value *root = NULL;
        struct deputy_slice text = check_data(*state, files[i]);
        assert_ok(json_parse(*state, &root, text));
        assert_true(json_opinions_agree(text, DEPUTY_OK, root));
        compare_strings_within(*state, &prng, root);
    }
}

/* Every text of one, two or three of the bytes that mean something. */
static void every_short_text_reads_as_jansson_reads_it(void **state)
{
    static const uint8_t bytes[] = "{}[],:\"\\0159.eE+-tnu/ \t\n\x00\x1f\x7f\x80\xc2\xef\xff";
    enum { COUNT = sizeof bytes - 1 };
    for (size_t n = 0; n < (size_t)COUNT * COUNT * COUNT; n++) {
        uint8_t text[3] = {bytes[n / COUNT / COUNT], bytes[n / COUNT % COUNT], bytes[n % COUNT]};
        for (size_t len = n < COUNT ? 1 : n < (size_t)COUNT * COUNT ? 2 : 3; len <= 3; len++)
            compare(*state, deputy_slice_bytes(text + 3 - len, len));
        if (n % 1000 == 0)
            deputy_arena_reset(*state);
    }
}

static void rewritten_value_equals_the_first(void **state)
{
    struct prng prng = {8};
    int accepted = 0;
    for (int i = 0; i < MADE_TEXTS; i++) {
        struct buf out = buf_make(*state, TEXT_MAX), again = buf_make(*state, 2 * TEXT_MAX);
        struct deputy_slice text, rewritten;
        const struct json_value *value, *second;
        put_value(&out, &prng, 0);
        if (buf_finish(&out, &text) == DEPUTY_OK && json_parse(*state, &value, text) == DEPUTY_OK) {
            struct json_writer writer = json_writer_make(&again);
            json_rewrite(&writer, value);
            assert_ok(buf_finish(&again, &rewritten));
            assert_ok(json_parse(*state, &second, rewritten));
            assert_true(json_equal(value, second) && json_equal(second, value));
            accepted++;
        }
        deputy_arena_reset(*state);
    }
    assert_true(accepted > MADE_TEXTS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(made_texts_and_their_mutants_read_as_jansson_reads_them),
            ARENA_TEST(recorded_texts_and_their_mutants_read_as_jansson_reads_them),
            ARENA_TEST(every_short_text_reads_as_jansson_reads_it),
            ARENA_TEST(rewritten_value_equals_the_first),
    };
    return cmocka_run_group_tests_name("base.json_oracle", tests, NULL, NULL);
}
