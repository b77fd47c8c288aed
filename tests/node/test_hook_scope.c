#include "base/arena.h"
#include "node/hook_scope.h"
#include "support/check.h"

#define OWNER "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define SPACE OWNER ":default"

static enum deputy_error read_scope(struct deputy_arena *arena, struct hook_scope *scope, const char *text)
{
    const struct json_value *json;
    assert_ok(json_parse(arena, &json, T(text)));
    return hook_scope_read(arena, scope, json);
}

static void scope_that_is_not_one_is_refused(void **state)
{
    struct deputy_arena *arena = *state;
    struct hook_scope scope;
    static const struct {
        const char *text;
        enum deputy_error error;
    } cases[] = {
            {"{\"service\":\"kv\"}", DEPUTY_E_INVALID_INPUTS},
            {"{\"space\":\"" SPACE "\"}", DEPUTY_E_INVALID_INPUTS},
            {"{\"space\":\"nonsense\",\"service\":\"kv\"}", DEPUTY_E_PEER_SPACE},
            {"{\"space\":\"" SPACE "\",\"service\":\"ftp\"}", DEPUTY_E_HOOK_SERVICE},
            {"{\"space\":\"" SPACE "\",\"service\":\"kv\",\"pathPrefix\":1}", DEPUTY_E_INVALID_INPUTS},
            {"{\"space\":\"" SPACE "\",\"service\":\"kv\",\"abilities\":{}}", DEPUTY_E_INVALID_INPUTS},
            {"{\"space\":\"" SPACE "\",\"service\":\"kv\",\"abilities\":[\"tinycloud.sql/write\"]}",
                    DEPUTY_E_HOOK_ABILITY},
            {"{\"space\":\"" SPACE "\",\"service\":\"sql\",\"abilities\":[\"tinycloud.sql/read\"]}",
                    DEPUTY_E_HOOK_ABILITY},
            {"{\"space\":\"" SPACE "\",\"service\":\"kv\",\"abilities\":[\"tinycloud.kv/get\"]}",
                    DEPUTY_E_HOOK_ABILITY},
            {"{\"space\":\"" SPACE "\",\"service\":\"kv\",\"abilities\":[1]}", DEPUTY_E_HOOK_ABILITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(read_scope(arena, &scope, cases[i].text), cases[i].error);
}

static void prefix_is_trimmed_and_an_empty_one_is_none(void **state)
{
    struct hook_scope scope;
    assert_ok(read_scope(
            *state, &scope, "{\"space\":\"" SPACE "\",\"service\":\"sql\",\"pathPrefix\":\"/a/b//\"}"));
    assert_text(scope.prefix, "a/b");
    assert_ok(read_scope(*state, &scope,
            "{\"space\":\"" SPACE "\",\"service\":\"kv\",\"pathPrefix\":\"//\",\"abilities\":[]}"));
    assert_false(deputy_slice_present(scope.prefix));
    assert_int_equal(scope.abilities, 0);
}

static bool matches(const char *prefix, const char *path)
{
    struct hook_scope scope = {.space = T(SPACE), .service = T("kv"), .abilities = HOOK_KV_PUT};
    if (prefix != NULL)
        scope.prefix = T(prefix);
    return hook_scope_matches(&scope, T(SPACE), T("kv"), HOOK_KV_PUT, T(path));
}

static void event_outside_the_scope_does_not_match(void **state)
{
    (void)state;
    struct hook_scope scope = {.space = T(SPACE), .service = T("kv"), .abilities = HOOK_KV_PUT};
    assert_false(matches("document", "documents/123"));
    assert_false(matches("documents/123", "documents"));
    assert_false(matches("other", "documents/123"));
    assert_true(matches("documents", "documents/123"));
    assert_true(matches("documents", "documents"));
    assert_true(matches(NULL, ""));
    assert_false(hook_scope_matches(&scope, T(OWNER ":other"), T("kv"), HOOK_KV_PUT, T("a")));
    assert_false(hook_scope_matches(&scope, T(SPACE), T("sql"), HOOK_KV_PUT, T("a")));
    assert_false(hook_scope_matches(&scope, T(SPACE), T("kv"), HOOK_KV_DELETE, T("a")));
    scope.abilities = 0;
    assert_true(hook_scope_matches(&scope, T(SPACE), T("kv"), HOOK_KV_DELETE, T("a")));
}

/* Does a capability for subscribing on this resource cover kv, or kv below a prefix? */
static bool granted(const char *resource, const char *prefix, const char *caveats)
{
    struct deputy_capability capability = {.ability = T("tinycloud.hooks/subscribe")};
    struct deputy_grant grant = {.capability = &capability};
    struct deputy_decision decision = {.grants = &grant, .grant_count = 1};
    struct hook_scope scope = {.space = T(SPACE), .service = T("kv")};
    struct hook_proofs proofs = {.count = 0};
    assert_ok(deputy_resource_parse(&capability.resource, T(resource)));
    if (prefix != NULL)
        scope.prefix = T(prefix);
    if (caveats != NULL)
        grant.caveats = T(caveats);
    bool yes = hook_scope_granted(&proofs, &decision, "tinycloud.hooks/subscribe", &scope);
    assert_false(hook_scope_granted(NULL, &decision, "tinycloud.hooks/register", &scope));
    return yes;
}

static void capability_that_does_not_cover_the_scope_grants_nothing(void **state)
{
    (void)state;
    assert_false(granted(OWNER ":other/hooks", NULL, NULL));
    assert_false(granted(SPACE "/kv", NULL, NULL));
    assert_false(granted(SPACE "/hooks/sql", NULL, NULL));
    assert_false(granted(SPACE "/hooks/k", NULL, NULL));
    assert_false(granted(SPACE "/hooks/kv/", NULL, NULL));
    assert_false(granted(SPACE "/hooks/kv/", "a", NULL));
    assert_false(granted(SPACE "/hooks/kv/a", NULL, NULL));
    assert_false(granted(SPACE "/hooks/kv/a", "ab", NULL));
    assert_false(granted(SPACE "/hooks/kv/a/b", "a", NULL));
    assert_false(granted(SPACE "/hooks/kv?x", "a", NULL));
    assert_false(granted(SPACE "/hooks/kv#x", "a", NULL));
    assert_false(granted(SPACE "/hooks", NULL, "[{\"limit\":1}]"));
}

static void capability_on_the_scope_or_above_it_grants_it(void **state)
{
    (void)state;
    assert_true(granted(SPACE "/hooks", NULL, NULL));
    assert_true(granted(SPACE "/hooks", "a", NULL));
    assert_true(granted(SPACE "/hooks/kv", NULL, NULL));
    assert_true(granted(SPACE "/hooks/kv", "a/b", NULL));
    assert_true(granted(SPACE "/hooks/kv/a", "a", NULL));
    assert_true(granted(SPACE "/hooks/kv/a", "a/b", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(scope_that_is_not_one_is_refused),
            ARENA_TEST(prefix_is_trimmed_and_an_empty_one_is_none),
            cmocka_unit_test(event_outside_the_scope_does_not_match),
            cmocka_unit_test(capability_that_does_not_cover_the_scope_grants_nothing),
            cmocka_unit_test(capability_on_the_scope_or_above_it_grants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
