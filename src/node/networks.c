#include "node/networks.h"
#include "base/buf.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/column.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/x25519.h"
#include "seal/network.h"

enum { NETWORK_BOUND_MAX = STORE_NETWORK_KEY_BYTES + DEPUTY_NETWORK_ID_MAX };
_Static_assert((int)STORE_NETWORK_SEALED_BYTES == STORE_NETWORK_KEY_BYTES + COLUMN_OVERHEAD, "a sealed key");

/* ---- keys ---- */

/* What the encrypted private key is bound to: the public key and the id. So no other pair opens in its row.
 */
static struct deputy_slice network_bound(uint8_t out[NETWORK_BOUND_MAX], const struct store_network *network)
{
    size_t len = network->id.len <= DEPUTY_NETWORK_ID_MAX ? network->id.len : DEPUTY_NETWORK_ID_MAX;
    memcpy(out, network->public_key, STORE_NETWORK_KEY_BYTES);
    memcpy(out + STORE_NETWORK_KEY_BYTES, network->id.ptr, len);
    return deputy_slice_bytes(out, STORE_NETWORK_KEY_BYTES + len);
}

static enum deputy_error key_seal(
        const struct node *node, struct store_network *network, const uint8_t secret[STORE_NETWORK_KEY_BYTES])
{
    uint8_t key[AEAD_KEY_BYTES], nonce[AEAD_NONCE_BYTES], bound[NETWORK_BOUND_MAX];
    TRY(x25519_public(network->public_key, secret));
    random_bytes(nonce, sizeof nonce);
    identity_derive(node->identity, IDENTITY_NETWORKS, key);
    enum deputy_error error = column_seal(network->private_key, key, nonce, network_bound(bound, network),
            deputy_slice_bytes(secret, STORE_NETWORK_KEY_BYTES));
    secret_wipe(key, sizeof key);
    return error;
}

enum deputy_error network_key_make(const struct node *node, struct store_network *network)
{
    uint8_t secret[STORE_NETWORK_KEY_BYTES];
    random_bytes(secret, sizeof secret);
    enum deputy_error error = key_seal(node, network, secret);
    secret_wipe(secret, sizeof secret);
    return error;
}

enum deputy_error network_key_open(
        uint8_t secret[STORE_NETWORK_KEY_BYTES], const struct node *node, const struct store_network *network)
{
    uint8_t key[AEAD_KEY_BYTES], bound[NETWORK_BOUND_MAX];
    identity_derive(node->identity, IDENTITY_NETWORKS, key);
    enum deputy_error error = column_open(secret, key, network_bound(bound, network),
            deputy_slice_bytes(network->private_key, sizeof network->private_key));
    secret_wipe(key, sizeof key);
    return error;
}

/* ---- rows ---- */

static enum deputy_error put_time(struct deputy_arena *arena, struct deputy_slice *out, int64_t micros)
{
    int64_t rest = micros % 1000000;
    struct deputy_time time = {.sec = micros / 1000000, .nsec = (uint32_t)(rest < 0 ? 0 : rest) * 1000};
    struct buf text = buf_make(arena, 64);
    time_put_utc(&text, time);
    return buf_finish(&text, out);
}

enum deputy_error network_describe(struct deputy_arena *arena, struct deputy_network_descriptor *out,
        const struct node *node, const struct store_network *network)
{
    struct deputy_network id;
    TRY(deputy_network_parse(&id, network->id));
    *out = (struct deputy_network_descriptor){.id = network->id,
            .name = id.name,
            .node = node->did,
            .algorithm = network->algorithm,
            .key_version = network->key_version,
            .state = network_state(network)};
    memcpy(out->public_key, network->public_key, sizeof out->public_key);
    TRY(deputy_principal_format(arena, &out->owner, &id.owner));
    TRY(put_time(arena, &out->created, network->created));
    return put_time(arena, &out->updated, network->updated);
}

enum deputy_error network_load(struct deputy_arena *arena, struct store_network *out, const struct node *node,
        struct deputy_slice id)
{
    struct store_read *read = NULL;
    bool found = false;
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = store_network_find(arena, out, &found, read, id);
    store_read_end(read);
    TRY(error);
    return found ? DEPUTY_OK : DEPUTY_E_NETWORK_UNKNOWN;
}

/* ---- requests ---- */

enum deputy_error network_id_refuse(
        struct deputy_arena *arena, struct deputy_refusal *refusal, enum deputy_error error)
{
    const struct deputy_refusal inner = {error, {deputy_slice_text("not a well-formed DID")}};
    *refusal = (struct deputy_refusal){.code = DEPUTY_E_NETWORK_BODY};
    TRY(deputy_refusal_format(arena, &refusal->args[0], &inner));
    return refusal->code;
}

enum deputy_error network_in_path(
        struct http_exchange *x, struct deputy_slice *id, struct deputy_refusal *refusal)
{
    enum deputy_error error = network_canonical(http_arena(x), id, http_param(x, "network"));
    return error == DEPUTY_OK ? DEPUTY_OK : network_id_refuse(http_arena(x), refusal, error);
}

const struct deputy_capability *network_admitted(const struct deputy_decision *decision, const char *ability)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_capability *capability = decision->grants[i].capability;
        if (deputy_slice_equal(capability->ability, deputy_slice_text(ability)))
            return capability;
    }
    return NULL;
}

bool network_alone(const struct deputy_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        if (decision->grants[i].capability->resource.kind != DEPUTY_RESOURCE_NETWORK)
            return false;
    }
    return true;
}
