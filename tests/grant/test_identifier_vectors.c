/* The identifiers of tests/data/chain.json: principals, resources, networks, abilities, SIWE signatures. */
#include "base/codec.h"
#include "support/vectors.h"
#include <deputy/ability.h>
#include <deputy/resource.h>
#include <deputy/siwe.h>

typedef void vector_check(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected);

static void each_of_kind(struct deputy_arena *arena, const char *kind, size_t expected, vector_check *check)
{
    const struct json_value *root;
    size_t count = 0;
    assert_ok(json_parse(arena, &root, check_data(arena, "chain.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        if (!json_text_is(json_member(vector, "kind"), kind))
            continue;
        check(arena, json_member(vector, "input"), json_member(vector, "expected"));
        count++;
    }
    assert_int_equal(count, expected);
}

/* ---- principals ---- */

static struct deputy_slice principal_text(struct deputy_arena *arena, struct deputy_slice did)
{
    struct deputy_slice text;
    struct deputy_principal principal = deputy_principal_of(did);
    assert_ok(deputy_principal_format(arena, &text, &principal));
    return text;
}

static void check_address(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    uint8_t address[20];
    char text[42];
    (void)arena;
    assert_ok(deputy_address_parse(address, input->text));
    deputy_address_format(text, address);
    assert_slice(deputy_slice_bytes(text, sizeof text), expected->text);
}

static void check_did(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    if (expected->kind == JSON_STRING) {
        assert_slice(principal_text(arena, input->text), expected->text);
        return;
    }
    /* a malformed account is no Ethereum principal; it stands for its own text */
    assert_int_not_equal(deputy_principal_of(input->text).kind, DEPUTY_PRINCIPAL_ETHEREUM);
    assert_slice(principal_text(arena, input->text), input->text);
}

static void check_did_url(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_did url;
    assert_ok(deputy_did_parse(&url, input->text));
    struct deputy_slice text = principal_text(arena, input->text);
    assert_int_equal(text.len + 1 + url.fragment.len, expected->text.len);
    assert_memory_equal(text.ptr, expected->text.ptr, text.len);
    assert_memory_equal(url.fragment.ptr, expected->text.ptr + text.len + 1, url.fragment.len);
}

static void check_match(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_principal a = deputy_principal_of(input->first->text);
    struct deputy_principal b = deputy_principal_of(input->first->next->text);
    (void)arena;
    assert_int_equal(deputy_principal_equal(&a, &b), expected->kind == JSON_TRUE);
}

static void check_keys(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_public_key key;
    (void)expected;
    JSON_EACH (did, input) {
        assert_ok(deputy_did_key_decode(&key, did->text));
        assert_int_equal(key.kind, DEPUTY_KEY_ED25519);
        assert_slice(principal_text(arena, did->text), did->text);
    }
}

static void principal_vectors_hold(void **state)
{
    each_of_kind(*state, "canonicalize-address", 2, check_address);
    each_of_kind(*state, "canonicalize-did", 3, check_did);
    each_of_kind(*state, "canonicalize-did-url", 1, check_did_url);
    each_of_kind(*state, "principal-matches", 2, check_match);
    each_of_kind(*state, "principals", 1, check_keys);
}

/* ---- resources ---- */

static void check_optional(struct deputy_slice actual, const struct json_value *expected)
{
    assert_int_equal(deputy_slice_present(actual), json_is(expected, JSON_STRING));
    if (json_is(expected, JSON_STRING))
        assert_slice(actual, expected->text);
}

static void check_resource(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_resource resource;
    assert_ok(deputy_resource_parse(&resource, input->text));
    if (json_member(expected, "error") != NULL) {
        assert_int_equal(resource.kind, DEPUTY_RESOURCE_OTHER);
        return;
    }
    struct deputy_slice owner;
    assert_int_equal(resource.kind, DEPUTY_RESOURCE_SPACE);
    assert_ok(deputy_principal_format(arena, &owner, &resource.space.owner));
    assert_slice(owner, check_text_of(expected, "did"));
    assert_slice(resource.space.name, check_text_of(expected, "name"));
    assert_slice(resource.service, check_text_of(expected, "service"));
    check_optional(resource.path, json_member(expected, "path"));
    check_optional(resource.query, json_member(expected, "query"));
    check_optional(resource.fragment, json_member(expected, "fragment"));
}

static void check_resource_text(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_resource resource;
    struct deputy_slice text;
    assert_ok(deputy_resource_parse(&resource, input->text));
    assert_ok(deputy_resource_format(arena, &text, &resource));
    assert_slice(text, expected->text);
}

static void check_space_text(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_space space;
    struct deputy_slice text;
    assert_ok(deputy_space_parse(&space, input->text));
    assert_ok(deputy_space_format(arena, &text, &space));
    assert_slice(text, expected->text);
}

/* H15: the reference's bare prefix of other URIs is the one vector where ours asks for a delimiter, and has
 * it. */
static void check_extends(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_resource child, parent;
    (void)arena;
    assert_ok(deputy_resource_parse(&child, check_text_of(input, "child")));
    assert_ok(deputy_resource_parse(&parent, check_text_of(input, "parent")));
    assert_int_equal(deputy_resource_extends(&child, &parent), expected->kind == JSON_TRUE);
}

static void check_network(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_network network;
    struct deputy_slice text;
    enum deputy_error error = deputy_network_parse(&network, input->text);
    if (json_member(expected, "error") != NULL) {
        assert_int_not_equal(error, DEPUTY_OK);
        return;
    }
    assert_ok(error);
    assert_ok(deputy_network_format(arena, &text, &network));
    assert_slice(text, check_text_of(expected, "canonical"));
    assert_slice(network.name, check_text_of(expected, "name"));
    assert_ok(deputy_principal_format(arena, &text, &network.owner));
    assert_slice(text, check_text_of(expected, "ownerDid"));
}

static void resource_vectors_hold(void **state)
{
    each_of_kind(*state, "resource-parse", 6, check_resource);
    each_of_kind(*state, "resource-canonical", 1, check_resource_text);
    each_of_kind(*state, "space-canonical", 1, check_space_text);
    each_of_kind(*state, "extends", 6, check_extends);
    each_of_kind(*state, "network-id", 6, check_network);
}

/* ---- abilities ---- */

static void check_aliases(const struct json_value *aliases)
{
    JSON_EACH (alias, aliases) {
        struct deputy_slice canonical;
        assert_int_equal(deputy_ability_status(&canonical, alias->key), DEPUTY_ABILITY_ALIAS);
        assert_slice(canonical, alias->text);
        assert_true(deputy_ability_matches(alias->key, alias->text));
        assert_true(deputy_ability_matches(alias->text, alias->key));
    }
}

static void check_registry(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    (void)arena;
    (void)input;
    JSON_EACH (service, json_member(expected, "accepted")) {
        JSON_EACH (ability, service)
            assert_int_not_equal(deputy_ability_status(NULL, ability->text), DEPUTY_ABILITY_UNKNOWN);
    }
    check_aliases(json_member(expected, "aliases"));
    JSON_EACH (holder, json_member(expected, "implies")) {
        JSON_EACH (implied, holder) {
            assert_true(deputy_ability_matches(holder->key, implied->text));
            assert_false(deputy_ability_matches(implied->text, holder->key));
        }
    }
}

static void ability_vectors_hold(void **state)
{
    each_of_kind(*state, "ability-registry", 1, check_registry);
}

/* ---- signatures ---- */

static void check_siwe(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_siwe siwe;
    uint8_t signature[65];
    struct deputy_slice message = check_text_of(input, "message");
    assert_ok(hex_read_fixed(signature, 65, check_text_of(input, "signatureHex")));
    assert_ok(deputy_siwe_parse(arena, &siwe, message));
    enum deputy_error error = deputy_eip191_verify(message, signature, siwe.address);
    assert_int_equal(error, check_bool_of(expected, "valid") ? DEPUTY_OK : DEPUTY_E_SIGNATURE);
}

static void siwe_signature_vectors_hold(void **state)
{
    each_of_kind(*state, "siwe-signature", 2, check_siwe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(principal_vectors_hold),
            ARENA_TEST(resource_vectors_hold),
            ARENA_TEST(ability_vectors_hold),
            ARENA_TEST(siwe_signature_vectors_hold),
    };
    return cmocka_run_group_tests_name("grant.identifier_vectors", tests, NULL, NULL);
}
