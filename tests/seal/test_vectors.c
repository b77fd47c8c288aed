/*
 * encryption.json: what the reference implementations' own tests say about networks, wraps, decrypting and
 * secrets. Each vector is replayed by the function of its group; ours differs where it refuses what the
 * reference lets pass (columns that are plaintext, and sub-resources of URIs that are no networks).
 */
#include "crypto/column.h"
#include "seal/kit.h"
#include "seal/network.h"
#include "seal/wrap.h"
#include <deputy/manifest.h>

typedef void vector_check(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected);

static bool is_refused(const struct json_value *expected)
{
    return json_is(json_member(expected, "ok"), JSON_FALSE) || json_member(expected, "error") != NULL;
}

/* ---- ids ---- */

static void node_id_error_is(enum deputy_error error, struct deputy_slice name)
{
    static const struct {
        const char *name;
        enum deputy_error error;
    } rows[] = {
            {"MissingPrefix", DEPUTY_E_NETWORK_ID_PREFIX},
            {"EmptyName", DEPUTY_E_NETWORK_ID_NAME_EMPTY},
            {"EmptyOwnerDid", DEPUTY_E_NETWORK_ID_OWNER_EMPTY},
            {"MissingSeparator", DEPUTY_E_NETWORK_ID_SEPARATOR},
            {"InvalidName", DEPUTY_E_NETWORK_ID_NAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (deputy_slice_equal(name, T(rows[i].name))) {
            assert_int_equal(error, rows[i].error);
            return;
        }
    }
    fail_msg("unknown error %.*s", (int)name.len, (const char *)name.ptr);
}

static void check_node_id(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_network network;
    struct deputy_slice text = {NULL, 0};
    const struct json_value *parts = json_member(input, "new");
    enum deputy_error error = parts != NULL
                                      ? deputy_network_id_make(arena, &text, check_text_of(parts, "ownerDid"),
                                                check_text_of(parts, "name"))
                                      : deputy_network_parse(&network, check_text_of(input, "parse"));
    if (is_refused(expected)) {
        node_id_error_is(error, check_text_of(expected, "error"));
        return;
    }
    assert_ok(error);
    assert_slice(network.name, check_text_of(expected, "name"));
    assert_ok(deputy_principal_format(arena, &text, &network.owner));
    assert_slice(text, check_text_of(expected, "ownerDid"));
    assert_ok(network_canonical(arena, &text, check_text_of(input, "parse")));
    assert_slice(text, check_text_of(expected, "display"));
}

/* The client's rules, which hold for the ids in envelopes. */
static void check_client_id(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_network network;
    struct deputy_slice owner;
    if (json_member(input, "discoveryKey") != NULL)
        return; /* a key in the owner's public space that nothing writes: clients of ours ask the node */
    bool attenuation = json_member(input, "attenuationResource") != NULL;
    struct deputy_slice text = check_text_of(input, attenuation ? "attenuationResource" : "parse");
    assert_int_equal(network_id_is_writable(text), !is_refused(expected));
    if (is_refused(expected))
        return;
    assert_ok(deputy_network_parse(&network, text));
    assert_slice(network.name, check_text_of(expected, "name"));
    assert_ok(deputy_principal_format(arena, &owner, &network.owner));
    assert_slice(owner, check_text_of(expected, "ownerDid"));
}

static void check_canonical_id(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_slice text;
    assert_ok(network_canonical(arena, &text, check_text_of(input, "canonicalize")));
    assert_slice(text, check_text_of(expected, "value"));
}

static void check_extends(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_resource child, parent;
    struct deputy_slice text = check_text_of(input, "child");
    (void)arena;
    assert_ok(deputy_resource_parse(&child, text));
    assert_ok(deputy_resource_parse(&parent, check_text_of(input, "parent")));
    assert_int_equal(deputy_resource_extends(&child, &parent), check_bool_of(expected, "extends"));
    if (child.kind == DEPUTY_RESOURCE_NETWORK && parent.kind == DEPUTY_RESOURCE_NETWORK)
        assert_int_equal(
                network_ids_equal(text, check_text_of(input, "parent")), check_bool_of(expected, "extends"));
}

static void check_principal(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    const struct json_value *pair = json_member(input, "did_principal_matches");
    const struct json_value *did = json_member(input, "canonicalize_did");
    if (pair != NULL) {
        struct deputy_principal a = deputy_principal_of(pair->first->text);
        struct deputy_principal b = deputy_principal_of(pair->first->next->text);
        assert_int_equal(deputy_principal_equal(&a, &b), check_bool_of(expected, "value"));
    } else if (did != NULL && is_refused(expected)) {
        assert_int_not_equal(deputy_principal_of(did->text).kind, DEPUTY_PRINCIPAL_ETHEREUM);
    } else if (did != NULL) {
        struct deputy_slice text;
        struct deputy_principal principal = deputy_principal_of(did->text);
        assert_ok(deputy_principal_format(arena, &text, &principal));
        assert_slice(text, check_text_of(expected, "value"));
    } else {
        uint8_t address[20];
        char text[42];
        assert_ok(deputy_address_parse(address, check_text_of(input, "canonicalize_eip155_address")));
        deputy_address_format(text, address);
        assert_slice(deputy_slice_bytes(text, sizeof text), check_text_of(expected, "value"));
    }
}

/* ---- columns and wraps ---- */

static struct deputy_slice hex_member(
        struct deputy_arena *arena, const struct json_value *object, const char *name)
{
    struct deputy_slice text = check_optional_text_of(object, name);
    return deputy_slice_present(text) ? unhex(arena, text) : (struct deputy_slice){NULL, 0};
}

/* Rows from before the encryption of columns do not exist here: what is none does not open. */
static void check_column(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    uint8_t sealed[128], opened[128], nonce[AEAD_NONCE_BYTES];
    struct deputy_slice key = hex_member(arena, input, "keyHex"),
                        old = hex_member(arena, input, "decryptHex");
    struct deputy_slice other = hex_member(arena, input, "decryptKeyHex"), nothing = {NULL, 0};
    if (deputy_slice_present(old)) {
        assert_int_equal(column_open(opened, key.ptr, nothing, old), DEPUTY_E_DECRYPT);
        return;
    }
    if (deputy_slice_present(other))
        key = hex_member(arena, input, "encryptKeyHex");
    struct deputy_slice text =
            check_text_of(input, deputy_slice_present(other) ? "plaintextUtf8" : "encryptUtf8");
    size_t len = text.len + COLUMN_OVERHEAD;
    assert_ok(column_seal(sealed, key.ptr, bytes_of(nonce, sizeof nonce, 9), nothing, text));
    if (!is_refused(expected)) {
        assert_int_equal(sealed[0], 1);
        assert_int_equal(len, 40);
        assert_ok(column_open(opened, key.ptr, nothing, deputy_slice_bytes(sealed, len)));
        assert_memory_equal(opened, text.ptr, text.len);
        return;
    }
    int64_t kept = (int64_t)len;
    (void)json_to_int64(&kept, json_member(input, "keepFirstBytes"));
    assert_int_equal(column_open(opened, deputy_slice_present(other) ? other.ptr : key.ptr, nothing,
                             deputy_slice_bytes(sealed, (size_t)kept)),
            DEPUTY_E_DECRYPT);
}

/* A network's private key as it is kept, and a content key through it to a receiver. */
static void check_wrap(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    uint8_t secret[32], public_key[32], sealed[32 + COLUMN_OVERHEAD], opened[32], nonce[12];
    uint8_t random[WRAP_RANDOM_BYTES], wrapped[DEPUTY_WRAP_BYTES], again[DEPUTY_WRAP_BYTES];
    struct deputy_refusal refusal;
    struct deputy_slice short_key = hex_member(arena, input, "receiverPublicKeyHex"), nothing = {NULL, 0};
    struct decrypt_material material = {.receiver = short_key};
    bytes_of(random, sizeof random, 5);
    if (deputy_slice_present(short_key)) {
        assert_int_equal(decrypt_rewrap(again, &refusal, &material, bytes_of(secret, 32, 1), random),
                DEPUTY_E_DECRYPT_KEY);
        assert_slice(refusal.args[0], check_text_of(expected, "error"));
        return;
    }
    struct deputy_slice seal_key = hex_member(arena, input, "sealKeyHex");
    struct deputy_slice content = hex_member(arena, input, "symmetricKeyHex");
    assert_ok(column_seal(sealed, seal_key.ptr, bytes_of(nonce, 12, 3), nothing,
            deputy_slice_bytes(bytes_of(secret, 32, 0x61), 32)));
    if (is_refused(expected)) {
        sealed[5] ^= 0xff;
        assert_int_equal(
                column_open(opened, seal_key.ptr, nothing, deputy_slice_bytes(sealed, sizeof sealed)),
                DEPUTY_E_DECRYPT);
        return;
    }
    assert_ok(column_open(opened, seal_key.ptr, nothing, deputy_slice_bytes(sealed, sizeof sealed)));
    assert_ok(x25519_public(public_key, opened));
    assert_ok(wrap_seal(wrapped, public_key, content.ptr, random));
    material.wrapped = deputy_slice_bytes(wrapped, sizeof wrapped);
    uint8_t receiver[32], receiver_public[32];
    assert_ok(x25519_public(receiver_public, bytes_of(receiver, 32, 0x33)));
    material.receiver = deputy_slice_bytes(receiver_public, 32);
    assert_ok(decrypt_rewrap(again, &refusal, &material, secret, random));
    assert_ok(wrap_open(opened, receiver, deputy_slice_bytes(again, sizeof again)));
    assert_memory_equal(opened, content.ptr, content.len);
}

/* ---- the node's decision about a request ---- */

struct service {
    struct deputy_arena *arena;
    struct decrypt_claim claim;
    struct deputy_network_descriptor network;
    struct deputy_capability capability;
    struct deputy_window window;
};

static void service_make(struct service *service, struct deputy_arena *arena)
{
    struct deputy_envelope envelope;
    struct deputy_decrypt_request request;
    struct deputy_refusal refusal;
    struct deputy_receiver *receiver = example_receiver();
    bool found;
    *service = (struct service){.arena = arena,
            .network = example_network(),
            .window = {.has_expiry = true, .expiry = {EXAMPLE_NOW.sec + 60, 0}},
            .claim = {.node = T(EXAMPLE_NODE), .network = T(EXAMPLE_NETWORK)}};
    assert_ok(deputy_envelope_parse(arena, &envelope, example_envelope(arena)));
    assert_ok(deputy_decrypt_request_build(arena, &request, &envelope, receiver, T(EXAMPLE_NODE)));
    assert_ok(decrypt_body_parse(arena, &service->claim.body, &refusal, request.body));
    assert_ok(decrypt_facts_find(arena, &service->claim.facts, &found, request.facts));
    assert_ok(deputy_resource_parse(&service->capability.resource, T(EXAMPLE_NETWORK)));
    service->capability.ability = T(DEPUTY_NETWORK_DECRYPT);
    deputy_receiver_destroy(receiver);
}

static bool decrypts(const struct deputy_capability *capability)
{
    return deputy_slice_equal(capability->ability, T(DEPUTY_NETWORK_DECRYPT));
}

static enum deputy_error service_decide(struct service *service, struct deputy_refusal *refusal)
{
    struct decrypt_material material;
    const struct decrypt_claim *claim = &service->claim;
    *refusal = (struct deputy_refusal){0};
    enum deputy_error error = decrypt_check_names(claim);
    if (error == DEPUTY_OK)
        error = network_grant_check(
                decrypts(&service->capability) ? &service->capability : NULL, claim->network);
    if (error == DEPUTY_OK)
        error = decrypt_check_network(claim, refusal, &service->network);
    if (error == DEPUTY_OK)
        error = decrypt_check_time(&service->window, EXAMPLE_NOW);
    return error == DEPUTY_OK ? decrypt_check_hashes(service->arena, &material, refusal, claim) : error;
}

static const struct deputy_slice wrong_network = {(const uint8_t *)"urn:tinycloud:encryption:" EXAMPLE_OWNER
                                                                   ":wrong",
        sizeof "urn:tinycloud:encryption:" EXAMPLE_OWNER ":wrong" - 1};
static const struct deputy_slice other_key = {
        (const uint8_t *)"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 44};

/* Makes the vector's change; the error that ours must give. Audience and unknown networks are the node's
 * room.
 */
static enum deputy_error service_change(struct service *service, struct deputy_slice mutation)
{
    struct decrypt_claim *claim = &service->claim;
    if (deputy_slice_equal(mutation, T("body.targetNode=did:key:z6MkOther"))) {
        claim->body.target = T("did:key:z6MkOther");
        return DEPUTY_E_DECRYPT_TARGET;
    }
    if (deputy_slice_equal(mutation, T("facts.targetNode=did:key:z6MkOther"))) {
        claim->facts.target = T("did:key:z6MkOther");
        return DEPUTY_E_DECRYPT_TARGET;
    }
    if (deputy_slice_equal(mutation, T("facts.bodyHash=ff*32"))) {
        claim->facts.body_hash = T("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
        return DEPUTY_E_DECRYPT_HASH;
    }
    if (deputy_slice_equal(mutation, T("body.receiverPublicKey replaced"))) {
        claim->body.receiver = other_key;
        return DEPUTY_E_DECRYPT_HASH;
    }
    if (deputy_slice_equal(mutation, T("body.encryptedSymmetricKey replaced"))) {
        claim->body.wrapped = other_key;
        return DEPUTY_E_DECRYPT_HASH;
    }
    if (deputy_slice_equal(mutation, T("network name 'wrong' in URL"))) {
        claim->network = wrong_network;
        return DEPUTY_E_DECRYPT_NETWORK;
    }
    if (deputy_slice_equal(mutation, T("facts.networkId name 'wrong'"))) {
        claim->facts.network = wrong_network;
        return DEPUTY_E_DECRYPT_NETWORK;
    }
    if (deputy_slice_equal(mutation, T("can=tinycloud.kv/get"))) {
        service->capability.ability = T("tinycloud.kv/get");
        return DEPUTY_E_DECRYPT_ACTION;
    }
    if (deputy_slice_equal(mutation, T("exp=now-1"))) {
        service->window.expiry.sec = EXAMPLE_NOW.sec - 1;
        return DEPUTY_E_DECRYPT_EXPIRED;
    }
    if (deputy_slice_equal(mutation, T("network state revoked"))) {
        service->network.state = DEPUTY_NETWORK_REVOKED;
        return DEPUTY_E_NETWORK_REVOKED;
    }
    return DEPUTY_OK;
}

static void check_service(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct service service;
    struct deputy_refusal refusal;
    struct deputy_slice mutation = check_optional_text_of(input, "mutation");
    service_make(&service, arena);
    assert_ok(service_decide(&service, &refusal));
    enum deputy_error error = service_change(&service, mutation);
    if (error == DEPUTY_OK) { /* the fixture itself, and what the node's room decides */
        assert_true(!deputy_slice_present(mutation) || deputy_slice_equal(mutation, T("no such network")) ||
                    deputy_slice_equal(mutation, T("aud=did:key:z6MkSomeOtherNode")));
        return;
    }
    assert_int_equal(service_decide(&service, &refusal), error);
    assert_true(is_refused(expected));
}

/* ---- secrets ---- */

static struct deputy_slice vault_key_of(struct deputy_slice path)
{
    return deputy_slice_bytes(path.ptr + strlen("vault/"), path.len - strlen("vault/"));
}

static void check_secret_list(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_slice prefix;
    struct deputy_refusal refusal;
    const struct json_value *names = json_member(expected, "names");
    assert_ok(deputy_secret_prefix(arena, &prefix, &refusal, check_optional_text_of(input, "scope")));
    assert_slice(vault_key_of(prefix), check_text_of(expected, "prefix"));
    if (names == NULL)
        return;
    JSON_EACH (listed, json_member(input, "vaultListResult")) {
        struct deputy_slice name = deputy_secret_name(joined(arena, prefix, listed->text), prefix);
        bool kept = deputy_slice_equal(listed->text, names->first->text);
        assert_int_equal(deputy_slice_present(name), kept);
    }
}

static void check_secret_path(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_slice path;
    struct deputy_refusal refusal;
    if (json_member(input, "name") == NULL) {
        check_secret_list(arena, input, expected);
        return;
    }
    enum deputy_error error = deputy_secret_path(
            arena, &path, &refusal, check_text_of(input, "name"), check_optional_text_of(input, "scope"));
    assert_int_equal(error != DEPUTY_OK, is_refused(expected));
    if (error == DEPUTY_OK)
        assert_slice(vault_key_of(path), check_text_of(expected, "vaultKey"));
}

static void check_vault_metadata(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_envelope envelope;
    const struct json_value *metadata;
    (void)input;
    assert_ok(deputy_envelope_parse(arena, &envelope, example_envelope(arena)));
    assert_ok(json_parse(arena, &metadata, envelope.metadata));
    assert_true(json_equal(metadata, json_member(expected, "metadata")));
}

/* Such an entry alone, as a manifest has it, expanded. */
static void check_entry(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_permissions entries;
    struct deputy_refusal refusal;
    const struct json_value *entry = json_member(input, "entry");
    if (entry == NULL)
        return; /* the map of abilities of a composed request: tests/grant replays it */
    struct deputy_slice list = joined(arena, joined(arena, T("["), entry->raw), T("]"));
    enum deputy_error error = deputy_permissions_parse(arena, &entries, &refusal, list);
    if (error == DEPUTY_OK)
        error = deputy_permissions_expand(arena, &entries, &refusal, entries);
    assert_int_equal(error != DEPUTY_OK, is_refused(expected));
    if (error == DEPUTY_OK)
        assert_text(entries.items[0].actions[0], DEPUTY_NETWORK_DECRYPT);
}

static void check_cid(
        struct deputy_arena *arena, const struct json_value *input, const struct json_value *expected)
{
    struct deputy_slice text;
    struct deputy_cid cid = deputy_cid_of_bytes(check_text_of(input, "authorization"));
    assert_ok(deputy_cid_format(arena, &text, &cid, DEPUTY_CID_BASE32));
    assert_slice(text, check_text_of(expected, "cid"));
}

/* ---- the file ---- */

/* A group, how many vectors it has, and its check; without one its entries are replayed in tests/grant
 * (compose.json holds the same) or hold no answer. */
static const struct {
    const char *group;
    size_t count;
    vector_check *check;
} groups[] = {
        {"network_id.node", 8, check_node_id},
        {"network_id.sdk", 8, check_client_id},
        {"network_id.canonical", 2, check_canonical_id},
        {"resource.extends", 6, check_extends},
        {"did.principal", 7, check_principal},
        {"column_encryption", 5, check_column},
        {"key_wrap", 4, check_wrap},
        {"decrypt_service", 13, check_service},
        {"secrets.path", 6, check_secret_path},
        {"secrets.manifest", 4, NULL},
        {"encryption.manifest", 4, check_entry},
        {"secrets.permissions", 1, NULL},
        {"vault.v2.metadata", 1, check_vault_metadata},
        {"loopback.fixture", 1, NULL},
        {"authorization.cid", 5, check_cid},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static size_t group_of(const struct json_value *vector)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (json_text_is(json_member(vector, "group"), groups[i].group))
            return i;
    }
    fail_msg("a vector of an unknown group");
    return GROUPS;
}

static void every_vector_of_the_reference_is_replayed(void **state)
{
    const struct json_value *root;
    size_t seen[GROUPS] = {0};
    assert_ok(json_parse(*state, &root, check_data(*state, "encryption.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        size_t group = group_of(vector);
        seen[group]++;
        if (groups[group].check != NULL)
            groups[group].check(*state, json_member(vector, "input"), json_member(vector, "expected"));
    }
    for (size_t i = 0; i < GROUPS; i++) {
        if (seen[i] != groups[i].count)
            fail_msg("%s: %zu vectors", groups[i].group, seen[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_vector_of_the_reference_is_replayed),
    };
    return cmocka_run_group_tests_name("seal.vectors", tests, NULL, NULL);
}
