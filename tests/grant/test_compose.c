/* Composition: the worked examples of spec/05 as JSON, the reference's own vectors, and the limits. */
#include "grant/kit.h"
#include <deputy/request.h>

static const struct json_value *load(struct deputy_arena *arena)
{
    const struct json_value *file;
    assert_ok(json_parse(arena, &file, check_data(arena, "compose.json")));
    return file;
}

static enum deputy_error compose(struct deputy_arena *arena, struct deputy_request *out,
        const struct json_value *manifests, bool account)
{
    const struct deputy_manifest *parsed[DEPUTY_REQUEST_MAX_MANIFESTS];
    struct deputy_refusal refusal;
    size_t count = 0;
    JSON_EACH (manifest, manifests)
        assert_ok(deputy_manifest_parse(arena, &parsed[count++], &refusal, manifest->raw));
    return deputy_request_compose(arena, out, &refusal, parsed, count, account);
}

static const struct json_value *as_json(struct deputy_arena *arena, const struct deputy_request *request)
{
    struct deputy_slice text;
    const struct json_value *json;
    assert_ok(deputy_request_format(arena, &text, request));
    assert_ok(json_parse(arena, &json, text));
    return json;
}

static void example_is_composed(void **state, const char *name)
{
    const struct json_value *derived = json_member(load(*state), "derived");
    const struct json_value *example = json_member(json_member(derived, "compose"), name);
    struct deputy_request request;
    assert_ok(compose(*state, &request, json_member(example, "manifests"), true));
    const struct json_value *actual = as_json(*state, &request);
    size_t compared = 0;
    JSON_EACH (member, json_member(example, "request")) {
        const struct json_value *ours = json_member_of(actual, member->key);
        if (ours == NULL || !json_equal(ours, member))
            fail_msg("%.*s", (int)member->key.len, (const char *)member->key.ptr);
        compared++;
    }
    assert_int_equal(compared, 5);
}

static void example_A_app_alone(void **state)
{
    example_is_composed(state, "A");
}

static void example_B_app_and_backend(void **state)
{
    example_is_composed(state, "B");
}

static void example_C_app_backend_and_agent(void **state)
{
    example_is_composed(state, "C");
}

static bool contains(const struct json_value *list, const struct json_value *wanted)
{
    JSON_EACH (item, list) {
        if (json_equal(item, wanted))
            return true;
    }
    return false;
}

/* Vectors that list some of the resources of one manifest. */
static void resolved_resources_of_the_references_tests(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, json_member(load(*state), "vectors")) {
        const struct deputy_manifest *manifest;
        struct deputy_permissions resolved;
        struct deputy_refusal refusal;
        struct deputy_slice text;
        const struct json_value *actual;
        if (!json_text_is(json_member(vector, "function"), "resolveManifest.resources (contains)"))
            continue;
        assert_ok(deputy_manifest_parse(*state, &manifest, &refusal, json_member(vector, "input")->raw));
        assert_ok(deputy_manifest_resolve(*state, &resolved, &refusal, manifest));
        assert_ok(deputy_permissions_format(*state, &text, resolved));
        assert_ok(json_parse(*state, &actual, text));
        JSON_EACH (wanted, json_member(vector, "expected"))
            assert_true(contains(actual, wanted));
        count++;
    }
    assert_int_equal(count, 11);
}

static void requests_of_the_references_tests(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, json_member(load(*state), "vectors")) {
        const struct json_value *input = json_member(vector, "input");
        const struct json_value *account =
                json_member(json_member(input, "options"), "includeAccountRegistryPermissions");
        struct deputy_request request;
        if (!json_text_is(json_member(vector, "function"), "composeManifestRequest"))
            continue;
        assert_ok(compose(*state, &request, json_member(input, "manifests"), !json_is(account, JSON_FALSE)));
        const struct json_value *actual = as_json(*state, &request);
        const struct json_value *some = json_member(json_member(vector, "expected"), "resourcesContain");
        for (const struct json_value *wanted = some == NULL ? NULL : some->first; wanted != NULL;
                wanted = wanted->next)
            assert_true(contains(json_member(actual, "resources"), wanted));
        count++;
    }
    assert_int_equal(count, 3);
}

static void target_is_found_by_principal(void **state)
{
    struct kit *kit = *state;
    assert_non_null(deputy_request_target(&kit->request, T(KIT_BACKEND)));
    assert_non_null(deputy_request_target(&kit->request, T(KIT_BACKEND "#controller")));
    assert_non_null(deputy_request_target(
            &kit->request, T("did:pkh:eip155:1:0x2b5ad5c4795c026514f8317c7a215e218dccd6cf")));
    assert_null(deputy_request_target(
            &kit->request, T("did:pkh:eip155:5:0x2b5ad5c4795c026514f8317c7a215e218dccd6cf")));
    assert_null(deputy_request_target(&kit->request, T(KIT_RECEIVER)));
}

static void number_of_manifests_is_limited(void **state)
{
    const struct deputy_manifest *one;
    const struct deputy_manifest *many[DEPUTY_REQUEST_MAX_MANIFESTS + 1];
    struct deputy_request request;
    struct deputy_refusal refusal;
    assert_ok(deputy_manifest_parse(*state, &one, &refusal, T("{\"app_id\":\"a\",\"name\":\"A\"}")));
    for (size_t i = 0; i <= DEPUTY_REQUEST_MAX_MANIFESTS; i++)
        many[i] = one;
    assert_ok(deputy_request_compose(*state, &request, &refusal, many, DEPUTY_REQUEST_MAX_MANIFESTS, true));
    assert_int_equal(request.record_count, 1);
    assert_int_equal(
            deputy_request_compose(*state, &request, &refusal, many, DEPUTY_REQUEST_MAX_MANIFESTS + 1, true),
            DEPUTY_E_LIMIT);
    assert_int_equal(
            deputy_request_compose(*state, &request, &refusal, many, 0, true), DEPUTY_E_COMPOSE_EMPTY);
}

/* A manifest with that many permissions on paths of their own. */
static const struct deputy_manifest *wide(struct deputy_arena *arena, unsigned from, unsigned count)
{
    const struct deputy_manifest *manifest;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    struct buf text = buf_make(arena, 1 << 20);
    buf_put_text(&text, "{\"app_id\":\"a\",\"name\":\"A\",\"defaults\":false,\"permissions\":[");
    for (unsigned i = 0; i < count; i++) {
        buf_put_text(&text, i == 0 ? "" : ",");
        buf_put_text(&text, "{\"service\":\"tinycloud.kv\",\"actions\":[\"get\"],\"path\":\"p");
        buf_put_decimal(&text, from + i);
        buf_put_text(&text, "\"}");
    }
    buf_put_text(&text, "]}");
    assert_ok(buf_finish(&text, &json));
    assert_ok(deputy_manifest_parse(arena, &manifest, &refusal, json));
    return manifest;
}

static void number_of_resources_is_limited(void **state)
{
    const struct deputy_manifest *five[5];
    struct deputy_request request;
    struct deputy_refusal refusal;
    for (unsigned i = 0; i < 5; i++)
        five[i] = wide(*state, 256 * i, i == 3 ? 200 : 255);
    assert_ok(deputy_request_compose(*state, &request, &refusal, five, 4, false));
    assert_int_equal(request.resources.count, 255 * 3 + 200 + 1);
    assert_int_equal(deputy_request_compose(*state, &request, &refusal, five, 5, false), DEPUTY_E_LIMIT);
}

static void registry_hash_is_that_of_the_reference(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice value;
    assert_ok(deputy_registry_value(kit->arena, &value, &kit->request.records[0], kit_time(KIT_NOW)));
    assert_non_null(strstr((const char *)value.ptr, "\"manifest_hash\":\"8c8aa9efb1c9fbe8\""));
}

/* The hash runs over UTF-16 units: two for a character beyond the first 65536. */
static void registry_hash_counts_units(void **state)
{
    struct deputy_registry_record record = {T("k"), T("a"), T("[{\"permissions\":\"\xf0\x9f\x98\x80\"}]")};
    struct deputy_slice value;
    assert_ok(deputy_registry_value(*state, &value, &record, kit_time(KIT_NOW)));
    assert_non_null(strstr((const char *)value.ptr, "\"manifest_hash\":\"2d0d32cc8f7c0904\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(example_A_app_alone),
            ARENA_TEST(example_B_app_and_backend),
            ARENA_TEST(example_C_app_backend_and_agent),
            ARENA_TEST(resolved_resources_of_the_references_tests),
            ARENA_TEST(requests_of_the_references_tests),
            KIT_TEST(target_is_found_by_principal),
            ARENA_TEST(number_of_manifests_is_limited),
            ARENA_TEST(number_of_resources_is_limited),
            KIT_TEST(registry_hash_is_that_of_the_reference),
            ARENA_TEST(registry_hash_counts_units),
    };
    return cmocka_run_group_tests_name("grant.compose", tests, NULL, NULL);
}
