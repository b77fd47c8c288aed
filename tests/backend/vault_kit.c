#include "backend/vault_kit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "crypto/random.h"
#include "crypto/x25519.h"
#include "seal/decrypt.h"
#include "seal/wrap.h"
#include <deputy/vault.h>
#include <string.h>

struct vault vault;

/* ---- the node's side ---- */

static enum deputy_error open_honestly(
        struct deputy_slice *json, const struct deputy_token *token, const struct decrypt_claim *claim)
{
    struct deputy_arena *arena = vault.kit->issuer->arena;
    struct deputy_refusal refusal;
    struct decrypt_material material;
    struct decrypt_names names;
    uint8_t wrapped[DEPUTY_WRAP_BYTES], random[WRAP_RANDOM_BYTES];
    enum deputy_error result = decrypt_check_names(claim);
    if (result == DEPUTY_OK)
        result = decrypt_check_network(claim, &refusal, &vault.network);
    if (result == DEPUTY_OK)
        result = decrypt_check_hashes(arena, &material, &refusal, claim);
    random_bytes(random, sizeof random);
    if (result == DEPUTY_OK)
        result = decrypt_rewrap(wrapped, &refusal, &material, vault.secret, random);
    if (result == DEPUTY_OK)
        result = decrypt_names_make(arena, &names, &token->cid, claim);
    if (result == DEPUTY_OK)
        result = decrypt_response_build(arena, json, claim, &names, wrapped, vault.node_key);
    return result;
}

struct deputy_slice vault_decrypt(struct node *node, struct node_request *request)
{
    struct deputy_arena *arena = node->issuer->arena;
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_refusal refusal;
    struct deputy_slice json = {NULL, 0};
    struct decrypt_claim claim = {.node = vault.network.node, .network = vault.network.id};
    bool found = false;
    request->status = 401;
    if (deputy_token_parse(arena, &token, DEPUTY_TOKEN_INVOCATION, request->authorization) != DEPUTY_OK ||
            deputy_token_verify(arena, &verified, token) != DEPUTY_OK ||
            issuer_decide(node->issuer, DEPUTY_USE_DECRYPT, token).refusal.code != DEPUTY_OK)
        return json;
    vault.proofs = token->proof_count;
    for (size_t i = 0; i < token->proof_count && i < 4; i++)
        vault.cited[i] = token->proofs[i].cid;
    if (decrypt_body_parse(arena, &claim.body, &refusal, request->body) == DEPUTY_OK &&
            decrypt_facts_find(arena, &claim.facts, &found, token->facts) == DEPUTY_OK && found)
        open_honestly(&json, token, &claim);
    return json;
}

struct deputy_slice vault_forbid(struct node *node, struct node_request *request)
{
    (void)node;
    request->status = 403;
    return (struct deputy_slice){NULL, 0};
}

struct deputy_slice vault_break_down(struct node *node, struct node_request *request)
{
    (void)node;
    request->status = 500;
    return (struct deputy_slice){NULL, 0};
}

struct deputy_slice vault_say_nothing_useful(struct node *node, struct node_request *request)
{
    (void)node;
    (void)request;
    return T("{\"type\":\"tinycloud.encryption.decrypt-result/v1\"}");
}

/* An honest answer with one letter of its signature changed. */
struct deputy_slice vault_forge(struct node *node, struct node_request *request)
{
    struct deputy_slice json = vault_decrypt(node, request), copy;
    if (!deputy_slice_present(json) || arena_copy(node->issuer->arena, &copy, json) != DEPUTY_OK)
        return json;
    uint8_t *text = (uint8_t *)(uintptr_t)copy.ptr;
    for (size_t i = 0; i + 17 < copy.len; i++) {
        if (memcmp(text + i, "\"nodeSignature\":\"", 17) == 0)
            text[i + 17] = text[i + 17] == 'A' ? 'B' : 'A';
    }
    return copy;
}

/* ---- the world ---- */

static void network_make(struct kit *kit)
{
    uint8_t seed[32];
    struct deputy_slice did;
    memset(seed, 9, sizeof seed);
    memset(vault.secret, 0x17, sizeof vault.secret);
    assert_ok(deputy_key_import(&vault.node_key, DEPUTY_KEY_ED25519, seed));
    assert_ok(deputy_key_did(kit->issuer->arena, &did, vault.node_key));
    kit->issuer->rules.node_did = did;
    vault.network = (struct deputy_network_descriptor){
            .id = T(issuer_text(kit->issuer, "urn:tinycloud:encryption:{O}:default", NULL)),
            .owner = kit->issuer->dids[ISSUER_O],
            .name = T("default"),
            .node = did,
            .algorithm = T(DEPUTY_NETWORK_ALGORITHM),
            .key_version = 1,
            .state = DEPUTY_NETWORK_ACTIVE};
    assert_ok(x25519_public(vault.network.public_key, vault.secret));
}

void vault_tell(void)
{
    struct kit *kit = vault.kit;
    struct deputy_slice json;
    assert_ok(deputy_network_descriptor_build(kit->issuer->arena, &json, &vault.network));
    pthread_mutex_lock(&kit->node.lock);
    kit->node.descriptor = json;
    pthread_mutex_unlock(&kit->node.lock);
}

int vault_setup(void **state)
{
    void *made = NULL;
    kit_setup(&made);
    vault = (struct vault){.kit = made};
    vault.space = T(issuer_text(vault.kit->issuer, "tinycloud:{o}:secrets", NULL));
    network_make(vault.kit);
    vault_tell();
    vault.kit->node.decrypt = vault_decrypt;
    *state = vault.kit;
    return 0;
}

int vault_teardown(void **state)
{
    int result = kit_teardown(state);
    deputy_key_destroy(vault.node_key);
    return result;
}

void vault_move(struct kit *kit, const char *id)
{
    struct deputy_network network;
    const char *address = issuer_text(kit->issuer, "{o}", NULL) + strlen("pkh:eip155:1:");
    const char *place = strstr(id, "{address}");
    struct buf out = buf_make(kit->issuer->arena, 512);
    buf_put(&out, deputy_slice_bytes(id, place != NULL ? (size_t)(place - id) : 0));
    buf_put_text(&out, place != NULL ? address : issuer_text(kit->issuer, id, NULL));
    buf_put_text(&out, place != NULL ? place + strlen("{address}") : "");
    assert_ok(buf_finish(&out, &vault.network.id));
    assert_ok(deputy_network_parse(&network, vault.network.id));
    assert_ok(deputy_principal_format(kit->issuer->arena, &vault.network.owner, &network.owner));
    vault.network.name = network.name;
    vault_tell();
}

void vault_policy(struct kit *kit, const char *asked, bool decrypts)
{
    struct deputy_refusal refusal;
    assert_ok(backend_policy_read(
            kit->issuer->arena, &kit->backend.policy, &refusal, T("app.example"), T(asked), decrypts));
}

const char *vault_text(struct kit *kit, struct deputy_slice text)
{
    struct buf out = buf_make(kit->issuer->arena, text.len + 1);
    struct deputy_slice whole;
    buf_put(&out, text);
    buf_put_byte(&out, '\0');
    assert_ok(buf_finish(&out, &whole));
    return (const char *)whole.ptr;
}

const char *vault_place(struct kit *kit, const char *rest)
{
    struct deputy_slice text;
    struct buf out = buf_make(kit->issuer->arena, 512);
    buf_put(&out, vault.space);
    buf_put_text(&out, rest);
    assert_ok(buf_finish(&out, &text));
    return vault_text(kit, text);
}

/* All below vault/secrets/, and the network: as one delegation, or as one each. */
void vault_grant(struct kit *kit, bool apart)
{
    struct issuer *issuer = kit->issuer;
    const char *below = vault_place(kit, "/kv/vault/secrets/");
    const struct issuer_cap caps[8] = {{below, "tinycloud.kv/get", NULL}, {below, "tinycloud.kv/put", NULL},
            {below, "tinycloud.kv/del", NULL},
            {vault_place(kit, "/capabilities"), "tinycloud.capabilities/read", NULL},
            {issuer_text(issuer, "urn:tinycloud:encryption:{O}:default", NULL),
                    "tinycloud.encryption/decrypt", NULL}};
    struct issuer_plan root = issuer_root_plan();
    struct deputy_slice text;
    vault_policy(kit, VAULT_ASKED, true);
    memcpy(root.caps, caps, sizeof root.caps);
    struct issuer_plan plan = kit_plan(kit, issuer_stored(issuer, root)), network = plan;
    memcpy(plan.caps, caps, sizeof plan.caps);
    memset(network.caps, 0, sizeof network.caps);
    network.caps[0] = caps[4];
    if (apart)
        plan.caps[4] = (struct issuer_cap){NULL, NULL, NULL};
    struct deputy_portable portables[2] = {{.json = kit_wrapped(kit, issuer_stored(issuer, plan))},
            {.json = kit_wrapped(kit, issuer_stored(issuer, network))}};
    assert_ok(deputy_bundle_format(issuer->arena, &text, portables, apart ? 2 : 1));
    kit_keep(kit, text);
}

/* What is stored: a vault entry with that plaintext. */
void vault_store(struct kit *kit, const char *plaintext)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice json;
    random_bytes(random, sizeof random);
    assert_ok(deputy_vault_seal(kit->issuer->arena, &json, &vault.network, vault.space, T(SECRET_PATH),
            T("application/json"), T(plaintext), random));
    kit->node.value = vault_text(kit, json);
}
