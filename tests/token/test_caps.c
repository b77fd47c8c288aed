#include "base/arena.h"
#include "support/vectors.h"
#include "token/caps.h"
#include <stdio.h>

#define LOWER "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define CHECKSUM "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define UPPER "0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266"
#define IN(address) "tinycloud:pkh:eip155:1:" address ":default/kv"

struct caps {
    const struct deputy_capability *list;
    size_t count;
};

static enum deputy_error caps_of(
        struct deputy_arena *arena, struct caps *out, const char *json, enum caps_caveats caveats)
{
    const struct json_value *att;
    enum deputy_error error = json_parse(arena, &att, T(json));
    return error != DEPUTY_OK ? error : caps_from_json(arena, &out->list, &out->count, att, caveats);
}

static enum deputy_error put(struct deputy_arena *arena, struct deputy_slice *text,
        const struct deputy_ucan_grant *grants, size_t count, enum caps_caveats caveats)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct json_writer writer = json_writer_make(&out);
    enum deputy_error error = caps_put(&writer, grants, count, caveats);
    return error != DEPUTY_OK ? error : buf_finish(&out, text);
}

static void capabilities_are_sorted_by_resource_as_written_then_ability(void **state)
{
    struct caps caps;
    assert_ok(caps_of(*state, &caps,
            "{\"urn:b:c\":{\"z/z\":[{}],\"a/b\":[{}]},\"" IN(LOWER) "\":{\"k/k\":[{}]},\"" IN(
                    UPPER) "\":{\"k/k2\":[{}]},\"a:b\":{\"a/c\":[{}],\"a/b\":[{}],\"A/b\":[{}]}}",
            CAPS_ALLOW_CAVEATS));
    static const char *const expected[][2] = {{"a:b", "A/b"}, {"a:b", "a/b"}, {"a:b", "a/c"},
            {IN(UPPER), "k/k2"}, {IN(LOWER), "k/k"}, {"urn:b:c", "a/b"}, {"urn:b:c", "z/z"}};
    assert_int_equal(caps.count, 7);
    for (size_t i = 0; i < caps.count; i++) {
        assert_text(caps.list[i].resource.written, expected[i][0]);
        assert_text(caps.list[i].ability, expected[i][1]);
    }
}

static void a_resource_without_abilities_is_no_capability_but_must_be_a_uri(void **state)
{
    struct caps caps;
    assert_ok(caps_of(*state, &caps, "{}", CAPS_ALLOW_CAVEATS));
    assert_int_equal(caps.count, 0);
    assert_ok(caps_of(*state, &caps, "{\"a:b\":{},\"c:d\":{}}", CAPS_NO_CAVEATS));
    assert_int_equal(caps.count, 0);
    assert_int_equal(caps_of(*state, &caps, "{\"no uri\":{}}", CAPS_ALLOW_CAVEATS), DEPUTY_E_URI);
}

static void D56_D57_caveats_are_a_non_empty_array_of_objects_and_none_in_a_recap(void **state)
{
    static const struct {
        const char *caveats;
        enum deputy_error allowed, forbidden;
    } cases[] = {{"[{}]", DEPUTY_OK, DEPUTY_OK}, {"[ { } ]", DEPUTY_OK, DEPUTY_OK},
            {"[]", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS}, {"{}", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS},
            {"null", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS}, {"[null]", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS},
            {"[[]]", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS}, {"[{},1]", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS},
            {"[\"\"]", DEPUTY_E_CAVEATS, DEPUTY_E_CAVEATS}, {"[{\"k\":\"v\"}]", DEPUTY_OK, DEPUTY_E_CAVEATS},
            {"[{\"k\":null}]", DEPUTY_OK, DEPUTY_E_CAVEATS}, {"[{},{}]", DEPUTY_OK, DEPUTY_E_CAVEATS},
            {"[{},{\"a\":1}]", DEPUTY_OK, DEPUTY_E_CAVEATS},
            {"[{\"a\":1,\"a\":1}]", DEPUTY_E_JSON_DUPLICATE, DEPUTY_E_JSON_DUPLICATE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[128];
        struct caps caps;
        snprintf(json, sizeof json, "{\"a:b\":{\"c/d\":%s}}", cases[i].caveats);
        assert_int_equal(caps_of(*state, &caps, json, CAPS_ALLOW_CAVEATS), cases[i].allowed);
        if (cases[i].allowed == DEPUTY_OK) {
            assert_int_equal(deputy_slice_present(caps.list[0].caveats), i > 1);
            if (i > 1)
                assert_text(caps.list[0].caveats, cases[i].caveats);
        }
        assert_int_equal(caps_of(*state, &caps, json, CAPS_NO_CAVEATS), cases[i].forbidden);
    }
}

static void what_is_no_map_of_maps_is_refused(void **state)
{
    static const struct {
        const char *json;
        enum deputy_error error;
    } cases[] = {{"[]", DEPUTY_E_CAPABILITIES}, {"null", DEPUTY_E_CAPABILITIES},
            {"\"a:b\"", DEPUTY_E_CAPABILITIES}, {"{\"a:b\":[]}", DEPUTY_E_CAPABILITIES},
            {"{\"a:b\":null}", DEPUTY_E_CAPABILITIES}, {"{\"a:b\":\"c/d\"}", DEPUTY_E_CAPABILITIES},
            {"{\"a:b\":{\"cd\":[{}]}}", DEPUTY_E_ABILITY}, {"{\"a:b\":{\"c/d/e\":[{}]}}", DEPUTY_E_ABILITY},
            {"{\"a:b\":{\"\":[{}]}}", DEPUTY_E_ABILITY}, {"{\"\":{\"c/d\":[{}]}}", DEPUTY_E_URI},
            {"{\"/kv\":{\"c/d\":[{}]}}", DEPUTY_E_URI}, {"{\"a:\xc3\xa9\":{\"c/d\":[{}]}}", DEPUTY_E_URI},
            {"{\"a:b\":{},\"a:b\":{}}", DEPUTY_E_JSON_DUPLICATE},
            {"{\"a:b\":{\"c/d\":[{}],\"c/d\":[{}]}}", DEPUTY_E_JSON_DUPLICATE},
            {"{\"a:b\":{},\"\\u0061:b\":{}}", DEPUTY_E_JSON_DUPLICATE}};
    struct caps caps;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (caps_of(*state, &caps, cases[i].json, CAPS_ALLOW_CAVEATS) != cases[i].error)
            fail_msg("%s", cases[i].json);
    const struct json_value *absent = NULL;
    assert_int_equal(caps_from_json(*state, &caps.list, &caps.count, absent, CAPS_ALLOW_CAVEATS),
            DEPUTY_E_CAPABILITIES);
}

static void D72_a_capability_twice_in_other_letters_is_one_when_the_caveats_are_equal(void **state)
{
#define TWICE(a, x, b, y) "{\"" a "\":{\"k/k\":" x ",\"k/l\":[{}]},\"" b "\":{\"k/k\":" y "}}"
    static const struct {
        const char *json;
        size_t count; /* 0: refused */
    } cases[] = {{TWICE(IN(LOWER), "[{}]", IN(CHECKSUM), "[{}]"), 2},
            {TWICE(IN(LOWER) "/a?q#f", "[{\"a\":1,\"b\":2}]", IN(UPPER) "/a?q#f", "[ {\"b\":2.0,\"a\":1} ]"),
                    2},
            {TWICE(IN(LOWER), "[{}]", IN(UPPER), "[{\"a\":1}]"), 0},
            {TWICE(IN(LOWER), "[{\"a\":1}]", IN(UPPER), "[{}]"), 0},
            {TWICE(IN(LOWER), "[{\"a\":1}]", IN(UPPER), "[{\"a\":2}]"), 0},
            {TWICE(IN(LOWER), "[{\"a\":9007199254740993}]", IN(UPPER), "[{\"a\":9007199254740992}]"), 0},
            {TWICE(IN(LOWER), "[{},{}]", IN(UPPER), "[{}]"), 0},
            {TWICE(IN(LOWER) "/a", "[{}]", IN(UPPER) "/b", "[{}]"), 3},
            {TWICE(IN(LOWER), "[{}]", IN(UPPER) "/", "[{}]"), 3},
            {TWICE(IN(LOWER) "?", "[{}]", IN(UPPER) "#", "[{}]"), 3},
            {TWICE("tinycloud:pkh:eip155:1:" LOWER ":n/kv", "[{}]", "tinycloud:pkh:eip155:2:" UPPER ":n/kv",
                     "[{\"a\":1}]"),
                    3},
            {TWICE("urn:tinycloud:encryption:did:pkh:eip155:1:" LOWER ":n", "[{}]",
                     "urn:tinycloud:encryption:did:pkh:eip155:1:" UPPER ":n", "[{}]"),
                    2},
            {TWICE("tinycloud:key:z6MkA:n/kv", "[{}]", "tinycloud:key:z6Mka:n/kv", "[{\"a\":1}]"), 3},
            {TWICE("x:" LOWER, "[{}]", "x:" UPPER, "[{\"a\":1}]"), 3}};
#undef TWICE
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct caps caps = {NULL, 0};
        enum deputy_error error = caps_of(*state, &caps, cases[i].json, CAPS_ALLOW_CAVEATS);
        if (error != (cases[i].count > 0 ? DEPUTY_OK : DEPUTY_E_CAPABILITY_TWICE) ||
                (cases[i].count > 0 && caps.count != cases[i].count))
            fail_msg("%s: %d, %zu", cases[i].json, error, caps.count);
    }
}

static void D72_twins_far_apart_in_the_order_are_found_and_the_first_stays(void **state)
{
    struct caps caps;
    assert_ok(caps_of(*state, &caps,
            "{\"tinycloud:pkh:eip155:1:" UPPER ":n/kv\":{\"k/k\":[{}]},"
            "\"tinycloud:pkh:eip155:1:0xa0000000000000000000000000000000000000ff:n/kv\":{\"k/k\":[{}]},"
            "\"tinycloud:pkh:eip155:1:0xb0000000000000000000000000000000000000ff:n/kv\":{\"k/k\":[{}]},"
            "\"tinycloud:pkh:eip155:1:" LOWER ":n/kv\":{\"k/k\":[{}]},\"urn:x:y\":{\"k/k\":[{}]}}",
            CAPS_ALLOW_CAVEATS));
    assert_int_equal(caps.count, 4);
    assert_text(caps.list[0].resource.written, "tinycloud:pkh:eip155:1:" UPPER ":n/kv");
    assert_text(caps.list[3].resource.written, "urn:x:y");
}

static void more_than_512_capabilities_are_refused(void **state)
{
    for (size_t count = DEPUTY_TOKEN_MAX_CAPABILITIES; count <= DEPUTY_TOKEN_MAX_CAPABILITIES + 1; count++) {
        struct buf out = buf_make(*state, 1 << 20);
        struct deputy_slice text;
        struct caps caps;
        buf_put_text(&out, "{\"a:b\":{");
        for (size_t i = 0; i < count; i++) {
            buf_put_text(&out, i == 0 ? "\"a/" : ",\"a/");
            buf_put_decimal(&out, i);
            buf_put_text(&out, "\":[{}]");
        }
        buf_put(&out, deputy_slice_bytes("}}", 3));
        assert_ok(buf_finish(&out, &text));
        enum deputy_error error = caps_of(*state, &caps, (const char *)text.ptr, CAPS_ALLOW_CAVEATS);
        assert_int_equal(
                error, count == DEPUTY_TOKEN_MAX_CAPABILITIES ? DEPUTY_OK : DEPUTY_E_CAPABILITY_LIMIT);
        for (size_t i = 1; error == DEPUTY_OK && i < caps.count; i++)
            assert_true(deputy_slice_compare(caps.list[i - 1].ability, caps.list[i].ability) < 0);
    }
}

/* --- writing --- */

static void the_map_is_written_in_canonical_order_with_duplicates_merged(void **state)
{
    const struct deputy_ucan_grant grants[] = {{T("urn:x:y"), T("b/b"), {0}},
            {T("a:b"), T("c/d"), T("[{\"b\":1, \"a\":2}]")}, {T("urn:x:y"), T("a/a"), T("[{}]")},
            {T("a:b"), T("c/d"), T("[{\"a\":2.0,\"b\":1}]")}, {T("urn:x:y"), T("a/a"), {0}},
            {T("a:b"), T("c/c"), {0}}};
    struct deputy_slice text;
    assert_ok(put(*state, &text, grants, 6, CAPS_ALLOW_CAVEATS));
    assert_text(text,
            "{\"a:b\":{\"c/c\":[{}],\"c/d\":[{\"a\":2,\"b\":1}]},\"urn:x:y\":{\"a/a\":[{}],\"b/b\":[{}]}}");
    assert_ok(put(*state, &text, NULL, 0, CAPS_NO_CAVEATS));
    assert_text(text, "{}");
}

static void grants_that_contradict_or_cannot_be_read_are_not_written(void **state)
{
    const struct {
        struct deputy_ucan_grant grants[2];
        enum deputy_error error;
    } cases[] = {
            {{{T("a:b"), T("c/d"), {0}}, {T("a:b"), T("c/d"), T("[{\"a\":1}]")}}, DEPUTY_E_CAPABILITY_TWICE},
            {{{T("a:b"), T("c/d"), T("[{\"a\":1}]")}, {T("a:b"), T("c/d"), T("[{\"a\":2}]")}},
                    DEPUTY_E_CAPABILITY_TWICE},
            {{{T("a:b"), T("c/d"), T("[")}, {T("a:b"), T("c/d"), {0}}}, DEPUTY_E_JSON_SYNTAX},
            {{{T("a:b"), T("c/d"), {0}}, {T("a:b"), T("c/d"), T("]")}}, DEPUTY_E_JSON_SYNTAX},
            {{{T(IN(LOWER)), T("c/d"), {0}}, {T(IN(UPPER)), T("c/d"), T("[{\"a\":2}]")}},
                    DEPUTY_E_CAPABILITY_TWICE},
            {{{T("a:b"), T("c/d"), T("[{},1]")}, {T("x:y"), T("c/d"), {0}}}, DEPUTY_E_CAVEATS},
            {{{T("a b"), T("c/d"), {0}}, {T("x:y"), T("c/d"), {0}}}, DEPUTY_E_URI},
            {{{T("a:b"), T("c"), {0}}, {T("x:y"), T("c/d"), {0}}}, DEPUTY_E_ABILITY},
            {{{T("a:b\":{},\"x:z"), T("c/d"), {0}}, {T("x:y"), T("c/d"), {0}}}, DEPUTY_E_URI}};
    struct deputy_slice text;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(put(*state, &text, cases[i].grants, 2, CAPS_ALLOW_CAVEATS), cases[i].error);
    const struct deputy_ucan_grant caveat = {T("a:b"), T("c/d"), T("[{\"a\":null}]")};
    assert_int_equal(put(*state, &text, &caveat, 1, CAPS_NO_CAVEATS), DEPUTY_E_CAVEATS);
}

static void grants_are_counted_after_merging(void **state)
{
    enum { MANY = 3 * DEPUTY_TOKEN_MAX_CAPABILITIES };
    struct deputy_ucan_grant *grants = ARENA_ARRAY(*state, struct deputy_ucan_grant, MANY);
    struct deputy_slice text;
    for (size_t distinct = DEPUTY_TOKEN_MAX_CAPABILITIES; distinct <= DEPUTY_TOKEN_MAX_CAPABILITIES + 1;
            distinct++) {
        for (size_t i = 0; i < MANY; i++) {
            struct buf name = buf_make(*state, 32);
            buf_put_text(&name, "a/");
            buf_put_decimal(&name, i % distinct);
            grants[i].resource = T("a:b");
            assert_ok(buf_finish(&name, &grants[i].ability));
        }
        enum deputy_error error = put(*state, &text, grants, MANY, CAPS_NO_CAVEATS);
        assert_int_equal(
                error, distinct == DEPUTY_TOKEN_MAX_CAPABILITIES ? DEPUTY_OK : DEPUTY_E_CAPABILITY_LIMIT);
    }
}

static void numbers_that_canonical_form_would_change_are_refused(void **state)
{
    static const struct {
        const char *json;
        const char *written; /* NULL: refused */
    } cases[] = {{"[1, 2.50, 1e3, -0.0]", "[1,2.5,1000,0]"}, {"9007199254740992", "9007199254740992"},
            {"9007199254740993", NULL}, {"[{\"a\":0.1234567890123456789}]", NULL}, {"1e400", NULL},
            {"1e21", "1e+21"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = buf_make(*state, 1 << 10);
        struct json_writer writer = json_writer_make(&out);
        struct deputy_slice text;
        enum deputy_error error = caps_put_json(&writer, T(cases[i].json));
        assert_int_equal(error, cases[i].written != NULL ? DEPUTY_OK : DEPUTY_E_JSON_NUMBER);
        if (cases[i].written == NULL)
            continue;
        assert_ok(buf_finish(&out, &text));
        assert_text(text, cases[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(capabilities_are_sorted_by_resource_as_written_then_ability),
            ARENA_TEST(a_resource_without_abilities_is_no_capability_but_must_be_a_uri),
            ARENA_TEST(D56_D57_caveats_are_a_non_empty_array_of_objects_and_none_in_a_recap),
            ARENA_TEST(what_is_no_map_of_maps_is_refused),
            ARENA_TEST(D72_a_capability_twice_in_other_letters_is_one_when_the_caveats_are_equal),
            ARENA_TEST(D72_twins_far_apart_in_the_order_are_found_and_the_first_stays),
            ARENA_TEST(more_than_512_capabilities_are_refused),
            ARENA_TEST(the_map_is_written_in_canonical_order_with_duplicates_merged),
            ARENA_TEST(grants_that_contradict_or_cannot_be_read_are_not_written),
            ARENA_TEST(grants_are_counted_after_merging),
            ARENA_TEST(numbers_that_canonical_form_would_change_are_refused),
    };
    return cmocka_run_group_tests_name("token.caps", tests, NULL, NULL);
}
