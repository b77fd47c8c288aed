/* PortableDelegations as recorded from the client library: what stands around a token must fit it. */
#include "base/buf.h"
#include "cli/run.h"
#include "support/vectors.h"

enum { CASES_MAX = 1024 };

static const struct json_value *cases[CASES_MAX];
static size_t case_count;

/* A case a line; one has a lone surrogate in a manifest, which no strict reader takes. */
static void cases_read(struct deputy_arena *arena)
{
    struct deputy_slice text = check_data(arena, "golden-compose.json");
    case_count = 0;
    while (text.len > 0 && case_count < CASES_MAX) {
        const uint8_t *end = memchr(text.ptr, '\n', text.len);
        size_t line = end != NULL ? (size_t)(end - text.ptr) : text.len;
        size_t comma = line > 0 && text.ptr[line - 1] == ',';
        struct deputy_slice one = deputy_slice_bytes(text.ptr, line - comma);
        if (json_parse(arena, &cases[case_count], one) == DEPUTY_OK &&
                json_member(cases[case_count], "fn") != NULL)
            case_count++;
        text = end != NULL ? deputy_slice_bytes(end + 1, text.len - line - 1) : (struct deputy_slice){0};
    }
    assert_true(case_count > 600);
}

/* What ours must answer: `deputy` where the reference is not good enough, else `expect`. */
static const struct json_value *outcome(const struct json_value *one)
{
    const struct json_value *ours = json_member(one, "deputy");
    return ours != NULL ? ours : json_member(one, "expect");
}

static bool is_refused(const struct json_value *one)
{
    return json_member(outcome(one), "error") != NULL || json_member(outcome(one), "error_any") != NULL;
}

static int inspect_at(struct deputy_arena *arena, const struct json_value *one, struct deputy_slice text)
{
    char now[64];
    struct deputy_slice time = check_optional_text_of(json_member(one, "in"), "now");
    if (!deputy_slice_present(time))
        time = T("2026-01-01T00:00:00.000Z");
    assert_true(time.len < sizeof now);
    memcpy(now, time.ptr, time.len);
    now[time.len] = '\0';
    struct run run = RUN(arena, text, "--json", "inspect", "--at", now);
    const struct json_value *shown = run_json(arena, &run);
    assert_true(json_is(shown, JSON_OBJECT) || json_is(shown, JSON_ARRAY));
    return run.code;
}

static struct deputy_slice text_of(const struct json_value *value)
{
    return json_is(value, JSON_STRING) ? value->text : value->raw;
}

static void every_delegation_that_the_client_made_is_good(void **state)
{
    struct deputy_arena *arena = *state;
    size_t count = 0;
    cases_read(arena);
    for (size_t i = 0; i < case_count; i++) {
        const struct json_value *one = cases[i];
        const struct json_value *made = json_member(json_member(outcome(one), "value"), "serialized");
        if (!json_is(made, JSON_STRING))
            continue;
        assert_int_equal(inspect_at(arena, one, made->text), CLI_YES);
        count++;
    }
    assert_true(count > 20);
}

/* These are refused for what the receiver is, not for what the delegation is. */
static bool is_about_the_receiver(struct deputy_slice name)
{
    return deputy_slice_equal(name, T("activate/other host")) ||
           deputy_slice_equal(name, T("activate/expected host empty"));
}

static void every_delegation_that_no_receiver_may_take_is_bad(void **state)
{
    struct deputy_arena *arena = *state;
    size_t count = 0;
    cases_read(arena);
    for (size_t i = 0; i < case_count; i++) {
        const struct json_value *one = cases[i];
        struct deputy_slice name = check_text_of(one, "name");
        const struct json_value *wrapper = json_member(json_member(one, "in"), "delegation");
        if (!json_text_is(json_member(one, "fn"), "activate_validated") || !is_refused(one) ||
                is_about_the_receiver(name))
            continue;
        assert_int_not_equal(inspect_at(arena, one, text_of(wrapper)), CLI_YES);
        count++;
    }
    assert_true(count > 20);
}

static void whatever_is_read_as_a_delegation_is_judged_or_refused(void **state)
{
    struct deputy_arena *arena = *state;
    size_t good = 0, bad = 0, nothing = 0;
    cases_read(arena);
    for (size_t i = 0; i < case_count; i++) {
        const struct json_value *one = cases[i];
        const struct json_value *in = json_member(one, "in");
        const struct json_value *text = json_member(in, "text"), *value = json_member(in, "value");
        bool read = json_text_is(json_member(one, "fn"), "deserialize_serialize");
        bool strict = json_text_is(json_member(one, "fn"), "parse_portable_strict");
        if (!read && !strict)
            continue;
        int code = inspect_at(arena, one, text_of(read ? text : value));
        good += code == CLI_YES;
        bad += code == CLI_NO;
        nothing += code == CLI_UNUSABLE;
    }
    assert_true(good > 0 && bad > 10 && nothing > 5);
}

static const struct json_value *case_named(struct deputy_arena *arena, const char *name)
{
    cases_read(arena);
    for (size_t i = 0; i < case_count; i++) {
        if (json_text_is(json_member(cases[i], "name"), name))
            return cases[i];
    }
    fail_msg("no case %s", name);
    return NULL;
}

/* The finding of that code, and the advice with it, for people. */
static void a_member_that_lies_is_named(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *one = case_named(arena, "activate/an action more in the JSON");
    struct deputy_slice text = text_of(json_member(json_member(one, "in"), "delegation"));
    struct run run = RUN(arena, text, "inspect", "--at", "2026-01-01T00:00:00.000Z");
    assert_int_equal(run.code, CLI_NO);
    assert_true(run_says(run.out, "resources do not match signed authority"));
    assert_true(run_says(run.out, "Ask whoever sent it for the original"));
    assert_true(run_says(run.out, "signature  good"));
}

static void a_bundle_is_shown_part_by_part(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *one = case_named(arena, "delegate/kv prefix");
    const struct json_value *made = json_member(json_member(outcome(one), "value"), "serialized");
    struct buf text = buf_make(arena, 1 << 20);
    struct deputy_slice bundle;
    buf_put_text(&text, "{\"format\":\"listen.delegation-bundle\",\"version\":1,\"delegations\":[");
    buf_put(&text, made->raw);
    buf_put_text(&text, ",");
    buf_put(&text, made->raw);
    buf_put_text(&text, "]}");
    assert_ok(buf_finish(&text, &bundle));
    struct run run = RUN(arena, bundle, "--json", "inspect", "--at", "2026-01-01T00:00:00.000Z");
    assert_int_equal(run.code, CLI_YES);
    const struct json_value *parts = run_json(arena, &run);
    assert_true(json_is(parts, JSON_ARRAY));
    assert_int_equal(parts->count, 2);
}

/* What a wrapper brings along for the public space grants something too. */
static void a_second_delegation_inside_is_not_overlooked(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *one = case_named(arena, "delegate/kv prefix");
    const struct json_value *made = json_member(json_member(outcome(one), "value"), "serialized");
    struct buf text = buf_make(arena, 1 << 20);
    struct deputy_slice both;
    buf_put(&text, deputy_slice_bytes(made->text.ptr, made->text.len - 1));
    buf_put_text(&text, ",\"publicDelegation\":");
    buf_put(&text, made->text);
    buf_put_text(&text, "}");
    assert_ok(buf_finish(&text, &both));
    struct run run = RUN(arena, both, "--json", "inspect", "--at", "2026-01-01T00:00:00.000Z");
    assert_int_equal(run_json(arena, &run)->count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_delegation_that_the_client_made_is_good),
            ARENA_TEST(every_delegation_that_no_receiver_may_take_is_bad),
            ARENA_TEST(whatever_is_read_as_a_delegation_is_judged_or_refused),
            ARENA_TEST(a_member_that_lies_is_named),
            ARENA_TEST(a_bundle_is_shown_part_by_part),
            ARENA_TEST(a_second_delegation_inside_is_not_overlooked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
