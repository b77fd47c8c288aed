/* Every case of golden-compose.json: inputs and exact answers of the reference client, and ours where they
 * differ. One test a case; the count is held, so that none is left out. */
#define _GNU_SOURCE /* memmem */
#include "golden_compose/golden.h"
#include <deputy/key.h>

enum { CASES = 639 };

static const struct {
    const char *function;
    golden_handler *handler;
} HANDLERS[] = {
        {"validate_manifest", run_validate_manifest},
        {"resolve_manifest", run_resolve_manifest},
        {"compose", run_compose},
        {"plan", run_plan},
        {"registry_record", run_registry_record},
        {"parse_expiry", run_parse_expiry},
        {"apply_prefix", run_apply_prefix},
        {"normalize_defaults", run_normalize_defaults},
        {"secret_path", run_secret_path},
        {"normalize_space", run_normalize_space},
        {"long_service", run_long_service},
        {"principal_did", run_principal_did},
        {"principal_equals", run_principal_equals},
        {"make_space_id", run_make_space_id},
        {"make_space_id_reference_only", run_make_space_id_reference_only},
        {"parse_network_id", run_parse_network_id},
        {"expand_actions", run_expand_actions},
        {"expand_entries", run_expand_entries},
        {"canonical_caveats", run_canonical_caveats},
        {"path_contains", run_path_contains},
        {"action_contains", run_action_contains},
        {"is_subset", run_is_subset},
        {"sign_in", run_sign_in},
        {"sign_in_flow", run_sign_in_flow},
        {"host_siwe", run_host_siwe},
        {"parse_recap", run_parse_recap},
        {"session_builder", run_session_builder},
        {"create_delegation", run_create_delegation},
        {"delegate_to", run_delegate_to},
        {"materialize", run_materialize},
        {"materialize_all", run_materialize_all},
        {"invoke", run_invoke},
        {"invoke_any", run_invoke_any},
        {"deserialize_serialize", run_deserialize_serialize},
        {"parse_portable_strict", run_parse_portable_strict},
        {"check_delegation_artifact", run_check_delegation_artifact},
        {"check_request_artifact", run_check_request_artifact},
        {"grant_auth_request", run_grant_auth_request},
        {"activate_validated", run_activate_validated},
        {"activate_compact", run_activate_compact},
        {"use_delegation_key", run_use_delegation_key},
        {"use_runtime_delegation", run_use_runtime_delegation},
        {"use_delegation_wallet", run_use_delegation_wallet},
        {"create_sub_delegation", run_create_sub_delegation},
        {"grant_runtime_permissions", run_grant_runtime_permissions},
        {"wallet_delegation", run_wallet_delegation},
        {"validate_persisted_session", run_validate_persisted_session},
};

/*
 * Cases in which Deputy refuses what the file would have both answer: each asks for something that the file's
 * own rules, and the reader of tokens, forbid elsewhere.
 */
static const char *const STRICTER[] = {
        /* a resource that is no URI makes the whole token undecodable (spec/02 section 2.3) */
        "child/path not normalised",
        /* an audience with a fragment likewise (spec/01 section 8.2) */
        "activate/audience with a fragment",
        /* members of a wrapper that say anything else than the signed bytes: a wrapper has no authority */
        "activate/flat fields lie, resources do not",
        /* a parent whose wrapper names another path than its token, as in "sub/JSON wider than the signed
           bytes" */
        "sub/parent path without slash covers below",
        "sub/parent with an empty path",
};

static bool is_stricter(struct deputy_slice name)
{
    for (size_t i = 0; i < sizeof STRICTER / sizeof STRICTER[0]; i++) {
        if (deputy_slice_equal(name, T(STRICTER[i])))
            return true;
    }
    return false;
}

static golden_handler *handler_of(struct deputy_slice function)
{
    for (size_t i = 0; i < sizeof HANDLERS / sizeof HANDLERS[0]; i++) {
        if (deputy_slice_equal(function, T(HANDLERS[i].function)))
            return HANDLERS[i].handler;
    }
    return NULL;
}

/* Both texts from a little before the place where they part. */
static void fail_at_difference(struct deputy_slice actual, struct deputy_slice expected)
{
    const size_t before = 60;
    const size_t shown = 300;
    size_t at = 0;
    while (at < actual.len && at < expected.len && actual.ptr[at] == expected.ptr[at])
        at++;
    at = at > before ? at - before : 0;
    struct deputy_slice a = {actual.ptr + at, actual.len - at < shown ? actual.len - at : shown};
    struct deputy_slice b = {expected.ptr + at, expected.len - at < shown ? expected.len - at : shown};
    fail_msg("at %zu\nactual:   %.*s\nexpected: %.*s", at, (int)a.len, (const char *)a.ptr, (int)b.len,
            (const char *)b.ptr);
}

static struct deputy_slice canonical(struct trial *trial, const struct json_value *value)
{
    struct buf text = answer_buf(trial);
    struct deputy_slice out;
    json_put_canonical(&text, value);
    assert_ok(buf_finish(&text, &out));
    return out;
}

static void check_value(struct trial *trial, const struct json_value *expected)
{
    const struct json_value *actual;
    if (trial->refused)
        fail_msg("refused: %.*s", (int)trial->error.len, trial->error.ptr);
    assert_ok(json_parse(trial->arena, &actual, trial->value));
    if (!json_equal(actual, expected))
        fail_at_difference(canonical(trial, actual), canonical(trial, expected));
}

static void check_named(struct trial *trial, const struct json_value *expected)
{
    const struct json_value *actual;
    if (expected == NULL)
        return;
    assert_true(deputy_slice_present(trial->named));
    assert_ok(json_parse(trial->arena, &actual, trial->named));
    if (!json_equal(actual, expected))
        fail_at_difference(canonical(trial, actual), canonical(trial, expected));
}

static void check_error(struct trial *trial, const struct json_value *expected)
{
    const struct json_value *start = json_member(expected, "free_after");
    if (!trial->refused)
        fail_msg("not refused: %.*s", (int)trial->value.len, trial->value.ptr);
    if (json_is(json_member(expected, "free"), JSON_TRUE))
        return;
    if (start != NULL)
        assert_true(starts_with(trial->error, start->text));
    else
        assert_slice(trial->error, json_member(expected, "error")->text);
    check_named(trial, json_member(expected, "missing"));
    check_named(trial, json_member(expected, "entries"));
}

static void check_any_error(struct trial *trial, const struct json_value *expected)
{
    const struct json_value *resource = json_member(expected, "or_resource");
    if (trial->refused)
        return;
    if (resource == NULL)
        fail_msg("not refused: %.*s", (int)trial->value.len, trial->value.ptr);
    assert_non_null(memmem(trial->value.ptr, trial->value.len, resource->text.ptr, resource->text.len));
}

static void check_answer(struct trial *trial, const struct json_value *expected)
{
    const struct json_value *value = json_member(expected, "value");
    if (value != NULL)
        check_value(trial, value);
    else if (json_member(expected, "error") != NULL)
        check_error(trial, expected);
    else if (json_member(expected, "error_any") != NULL)
        check_any_error(trial, expected);
    else if (json_member(expected, "value_any") != NULL)
        assert_false(trial->refused);
    else
        fail_msg("the case expects nothing");
}

static void replay(void **state)
{
    const struct json_value *line = *state;
    const struct json_value *deputy = json_member(line, "deputy");
    struct trial trial = {.arena = check_arena(),
            .in = json_member(line, "in"),
            .expected = deputy != NULL ? deputy : json_member(line, "expect"),
            .value = T("null")};
    golden_handler *handler = handler_of(json_member(line, "fn")->text);
    assert_non_null(handler);
    handler(&trial);
    if (is_stricter(json_member(line, "name")->text))
        assert_true(trial.refused);
    else
        check_answer(&trial, trial.expected);
    for (size_t i = 0; i < trial.key_count; i++)
        deputy_key_destroy(trial.keys[i]);
    deputy_arena_destroy(trial.arena);
}

/* One case has a lone surrogate in a manifest, which no strict reader takes: there the manifest is handed
 * over as text. */
static struct deputy_slice strict_form(struct deputy_slice line)
{
    static const char lone[] = "{\"manifest\":{\"app_id\":\"com.a\",\"name\":\"A\",\"expiry\":\"\\ud800\"}}";
    static const char text[] = "{\"manifest_text\":\"{\\\"app_id\\\":\\\"com.a\\\",\\\"name\\\":\\\"A\\\","
                               "\\\"expiry\\\":\\\"\\\\ud800\\\"}\"}";
    const uint8_t *found = memmem(line.ptr, line.len, lone, sizeof lone - 1);
    struct buf out = buf_make(golden.arena, line.len + sizeof text);
    struct deputy_slice result = line;
    if (found == NULL)
        return line;
    const uint8_t *rest = found + sizeof lone - 1;
    buf_put(&out, deputy_slice_bytes(line.ptr, (size_t)(found - line.ptr)));
    buf_put_text(&out, text);
    buf_put(&out, deputy_slice_bytes(rest, (size_t)(line.ptr + line.len - rest)));
    assert_ok(buf_finish(&out, &result));
    return result;
}

/* The cases stand one on a line. */
static void load(void)
{
    golden.arena = check_arena();
    golden.cases = ARENA_ARRAY(golden.arena, const struct json_value *, CASES + 1);
    struct deputy_slice file = check_data(golden.arena, "golden-compose.json");
    while (file.len > 0) {
        const uint8_t *end = memchr(file.ptr, '\n', file.len);
        size_t len = end == NULL ? file.len : (size_t)(end - file.ptr);
        struct deputy_slice line = {file.ptr, len};
        file = deputy_slice_bytes(file.ptr + len + (end != NULL), file.len - len - (end != NULL));
        if (!starts_with(line, T("  {\"name\"")))
            continue;
        if (line.ptr[line.len - 1] == ',')
            line.len--;
        assert_true(golden.count < CASES);
        assert_ok(json_parse(golden.arena, &golden.cases[golden.count++], strict_form(line)));
    }
    assert_int_equal(golden.count, CASES);
}

static char *name_of(const struct json_value *line)
{
    struct deputy_slice name = json_member(line, "name")->text;
    char *copy = arena_alloc(golden.arena, name.len + 1);
    memcpy(copy, name.ptr, name.len);
    return copy;
}

int main(void)
{
    load();
    static struct CMUnitTest tests[CASES];
    for (size_t i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){
                name_of(golden.cases[i]), replay, NULL, NULL, (void *)(uintptr_t)golden.cases[i]};
    int failed = _cmocka_run_group_tests("grant.golden_compose", tests, CASES, NULL, NULL);
    deputy_arena_destroy(golden.arena);
    return failed;
}
