/* What of TOML is read, what is refused and where; and that tomllib reads the same. */
#include "base/json_write.h"
#include "run/toml.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 * 1024 };

static void value_write(struct json_writer *json, const struct toml_value *value)
{
    if (value->kind == TOML_TEXT) {
        json_text(json, value->text);
    } else if (value->kind == TOML_INTEGER) {
        json_int(json, value->integer);
    } else if (value->kind == TOML_BOOLEAN) {
        json_bool(json, value->boolean);
    } else {
        json_array_begin(json);
        for (const struct toml_value *item = value->first; item != NULL; item = item->next)
            value_write(json, item);
        json_array_end(json);
    }
}

/* All assignments as one JSON object: {"a.b": 1}. */
static struct deputy_slice flat(struct deputy_arena *arena, const struct toml_entry *entries)
{
    struct buf out = buf_make(arena, TEXT_MAX);
    struct json_writer json = json_writer_make(&out);
    struct deputy_slice text;
    json_object_begin(&json);
    for (; entries != NULL; entries = entries->next) {
        json_key_slice(&json, entries->path);
        value_write(&json, &entries->value);
    }
    json_object_end(&json);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static const struct {
    const char *toml, *json;
} accepted[] = {
        {"", "{}"},
        {"# nothing", "{}"},
        {"\n\r\n \t\n", "{}"},
        {"a = 1", "{\"a\":1}"},
        {"a=1#c\r\nb\t= 2 # d", "{\"a\":1,\"b\":2}"},
        {"a-b_9 = true\nA = false", "{\"a-b_9\":true,\"A\":false}"},
        {"\"a\" = 'x'\n'b' = \"y\"", "{\"a\":\"x\",\"b\":\"y\"}"},
        {"a = 'C:\\n \"q\"'", "{\"a\":\"C:\\\\n \\\"q\\\"\"}"},
        {"a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e4\\U0001F600\"",
                "{\"a\":\"\\b\\t\\n\\f\\r\\\"\\\\\xc3\xa4\xf0\x9f\x98\x80\"}"},
        {"a = \"\"\nb = ''", "{\"a\":\"\",\"b\":\"\"}"},
        {"a = \"tab\there # no comment\"", "{\"a\":\"tab\\there # no comment\"}"},
        {"a = -9223372036854775808\nb = 9223372036854775807\nc = +5\nd = -0\ne = 1_000_000",
                "{\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":5,\"d\":0,\"e\":1000000}"},
        {"[global]\nport = 1\n[global.storage]\ndatadir = \"d\"\n[ global . keys ]\ntype = \"t\"",
                "{\"global.port\":1,\"global.storage.datadir\":\"d\",\"global.keys.type\":\"t\"}"},
        {"a.b.c = 1\na.b.d = 2\na . e = 3", "{\"a.b.c\":1,\"a.b.d\":2,\"a.e\":3}"},
        {"[a.b]\nc = 1\n[a]\nd = 2", "{\"a.b.c\":1,\"a.d\":2}"},
        {"[a]\nb.c = 1\n[a.b.d]\ne = 1", "{\"a.b.c\":1,\"a.b.d.e\":1}"},
        {"[a]\n[a.b]\n[a.b.c]", "{}"},
        {"a = []", "{\"a\":[]}"},
        {"a = [1, 2,\n # c\n 3,]\nb = [ \"x\" , true ]", "{\"a\":[1,2,3],\"b\":[\"x\",true]}"},
        {"1 = 2\n-_ = 3", "{\"1\":2,\"-_\":3}"},
        {"true = false", "{\"true\":false}"},
};

static void supported_text_is_read(void **state)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        const struct toml_entry *entries;
        struct toml_problem problem;
        enum deputy_error error = toml_parse(*state, &entries, &problem, T(accepted[i].toml));
        if (error != DEPUTY_OK)
            fail_msg("%s\nline %u: %s", accepted[i].toml, problem.line, problem.text);
        assert_text(flat(*state, entries), accepted[i].json);
    }
}

static const struct {
    const char *toml;
    unsigned line;
} refused[] = {
        /* not TOML */
        {"a", 1},
        {"a =", 1},
        {"= 1", 1},
        {"\na = 1 b = 2", 2},
        {"a = 1\n\na = 2", 3},
        {"a = 1\na.b = 2", 2},
        {"a.b = 1\na = 2", 2},
        {"[a]\n[a]", 2},
        {"[a]\nb = 1\n[a.b]", 3},
        {"a = 1\n[a]", 2},
        {"[a]\nb.c = 1\n[a.b]", 3},
        {"[a.b]\nc = 1\n[a]\nb.d = 1", 4},
        {"[a", 1},
        {"[]", 1},
        {"[a.]", 1},
        {"[.a]", 1},
        {"a. = 1", 1},
        {"[a] b = 1", 1},
        {"a = \"x", 1},
        {"a = \"x\ny\"", 1},
        {"a = 'x\ny'", 1},
        {"a = \"\\x\"", 1},
        {"a = \"\\u12\"", 1},
        {"a = \"\\ud800\"", 1},
        {"a = \"\\U00110000\"", 1},
        {"a = \"\x01\"", 1},
        {"a = 1 # \x01", 1},
        {"a = \"\xff\"", 1},
        {"a = 01", 1},
        {"a = 1__0", 1},
        {"a = 1_", 1},
        {"a = _1", 1},
        {"a = 9223372036854775808", 1},
        {"a = -9223372036854775809", 1},
        {"a = True", 1},
        {"a = trueish", 1},
        {"a = yes", 1},
        {"a = [1 2]", 1},
        {"a = [1\n", 2},
        {"a = [,]", 1},
        {"a = 1\rb = 2", 1},
        {"\xef\xbb\xbf"
         "a = 1",
                1},
        /* TOML that is not supported */
        {"a = 1.5", 1},
        {"a = 1e3", 1},
        {"a = inf", 1},
        {"a = 0x10", 1},
        {"a = 1979-05-27", 1},
        {"a = 07:32:00", 1},
        {"a = \"\"\"x\"\"\"", 1},
        {"a = '''x'''", 1},
        {"a = {b = 1}", 1},
        {"\n[[a]]", 2},
        {"a = [[1]]", 1},
        {"\"a b\" = 1", 1},
        {"\"a.b\" = 1", 1},
        {"\"\" = 1", 1},
};

static void everything_else_is_refused_with_its_line(void **state)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct toml_entry *entries;
        struct toml_problem problem;
        enum deputy_error error = toml_parse(*state, &entries, &problem, T(refused[i].toml));
        if (error != DEPUTY_E_CONFIG_SYNTAX || problem.line != refused[i].line || problem.text == NULL)
            fail_msg("%s\nerror %d, line %u", refused[i].toml, error, problem.line);
    }
}

static void a_nul_and_too_many_names_are_refused(void **state)
{
    const struct toml_entry *entries;
    struct toml_problem problem;
    assert_int_equal(toml_parse(*state, &entries, &problem, deputy_slice_bytes("a = \"\0\"", 7)),
            DEPUTY_E_CONFIG_SYNTAX);
    struct buf text = buf_make(*state, TEXT_MAX);
    struct deputy_slice many;
    for (unsigned i = 0; i <= TOML_MAX_NAMES; i++) {
        buf_put_text(&text, "a");
        buf_put_decimal(&text, i);
        buf_put_text(&text, " = 1\n");
    }
    assert_ok(buf_finish(&text, &many));
    assert_int_equal(toml_parse(*state, &entries, &problem, many), DEPUTY_E_CONFIG_SYNTAX);
    assert_int_equal(problem.line, TOML_MAX_NAMES + 1);
}

/* ---- tomllib as the judge ---- */

/*
 * Reads a JSON list of documents and prints, as a JSON list, what tomllib makes of each: a flat object like
 * ours, or null when it refuses.
 */
static const char oracle[] =
        "import json, sys, tomllib\n"
        "def flat(table, prefix, out):\n"
        "    for key, value in table.items():\n"
        "        if isinstance(value, dict): flat(value, prefix + key + '.', out)\n"
        "        else: out[prefix + key] = value\n"
        "    return out\n"
        "def read(text):\n"
        "    try: return flat(tomllib.loads(text), '', {})\n"
        "    except tomllib.TOMLDecodeError: return None\n"
        "texts = json.load(open(sys.argv[1]))\n"
        "json.dump([read(text) for text in texts], open(sys.argv[2], 'w'), default=str)\n";

/* Documents put together at random from pieces that are right, nearly right or wrong together. */
static void document_put(struct buf *out, unsigned *seed)
{
    static const char *const lines[] = {"a = 1", "b = 'x'", "a.b = 2", "c.d.e = true", "c.d.f = [1, 'y']",
            "[a]", "[a.b]", "[c]", "[c.d]", "[c.d.e]", "[ \"a\" ]", "b.c = \"\\u0041\"", "d = [\n1,\n# c\n2]",
            "e = -1_0", "# c", "", "d.e = 01", "e = 'x", "f = 1 2", "f = 1.5", "[c.g]\nh = 'i'",
            "'c'.d.x = 5"};
    unsigned count = 1 + (unsigned)(rand_r(seed) % 6);
    for (unsigned i = 0; i < count; i++) {
        buf_put_text(out, lines[(size_t)rand_r(seed) % (sizeof lines / sizeof lines[0])]);
        buf_put_text(out, rand_r(seed) % 8 == 0 ? "\r\n" : "\n");
    }
}

static void file_write(const char *path, struct deputy_slice bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static struct deputy_slice file_bytes(struct deputy_arena *arena, const char *path)
{
    static char bytes[4 * 1024 * 1024];
    (void)arena;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return deputy_slice_bytes(bytes, len);
}

/* What we accept, tomllib accepts with the same meaning. (We refuse some that it takes.) */
static void tomllib_reads_the_same(void **state)
{
    enum { DOCUMENTS = 2000 };
    static struct deputy_slice documents[DOCUMENTS];
    if (system("python3 -c 'import tomllib' 2>/dev/null") != 0) {
        print_message("tomllib_reads_the_same: python3 has no tomllib\n");
        skip();
    }
    struct buf list = buf_make(*state, 8 * 1024 * 1024);
    struct json_writer json = json_writer_make(&list);
    struct deputy_slice text;
    unsigned seed = 20261126, taken = 0;
    json_array_begin(&json);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        struct buf document = buf_make(*state, TEXT_MAX);
        document_put(&document, &seed);
        assert_ok(buf_finish(&document, &documents[i]));
        json_text(&json, documents[i]);
    }
    json_array_end(&json);
    assert_ok(buf_finish(&list, &text));
    file_write(TEST_BINARY_DIR "/toml-texts.json", text);
    file_write(TEST_BINARY_DIR "/toml-oracle.py", deputy_slice_text(oracle));
    assert_int_equal(
            system("cd " TEST_BINARY_DIR " && python3 toml-oracle.py toml-texts.json toml-read.json"), 0);

    const struct json_value *read;
    assert_ok(json_parse(*state, &read, file_bytes(*state, TEST_BINARY_DIR "/toml-read.json")));
    const struct json_value *theirs = read->first;
    for (size_t i = 0; i < DOCUMENTS; i++, theirs = theirs->next) {
        const struct toml_entry *entries;
        struct toml_problem problem;
        const struct json_value *ours;
        if (toml_parse(*state, &entries, &problem, documents[i]) != DEPUTY_OK)
            continue;
        taken++;
        assert_ok(json_parse(*state, &ours, flat(*state, entries)));
        if (!json_equal(ours, theirs))
            fail_msg("%.*s", (int)documents[i].len, (const char *)documents[i].ptr);
    }
    assert_true(taken > DOCUMENTS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(supported_text_is_read),
            ARENA_TEST(everything_else_is_refused_with_its_line),
            ARENA_TEST(a_nul_and_too_many_names_are_refused),
            ARENA_TEST(tomllib_reads_the_same),
    };
    return cmocka_run_group_tests_name("run.toml", tests, NULL, NULL);
}
