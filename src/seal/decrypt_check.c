/* The rows of spec/04 section 9.5 that a node decides about a request to decrypt. */
#include "base/codec.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "seal/decrypt.h"
#include "seal/digest.h"
#include "seal/network.h"
#include "seal/wrap.h"

enum deputy_error decrypt_check_names(const struct decrypt_claim *claim)
{
    struct deputy_slice type = deputy_slice_text(DECRYPT_REQUEST_TYPE);
    ENSURE(deputy_slice_equal(claim->body.type, type) && deputy_slice_equal(claim->facts.type, type),
            DEPUTY_E_DECRYPT_TYPE);
    ENSURE(deputy_slice_equal(claim->facts.target, claim->node) &&
                    deputy_slice_equal(claim->body.target, claim->node),
            DEPUTY_E_DECRYPT_TARGET);
    ENSURE(network_ids_equal(claim->facts.network, claim->network) &&
                    network_ids_equal(claim->body.network, claim->network),
            DEPUTY_E_DECRYPT_NETWORK);
    return DEPUTY_OK;
}

enum deputy_error network_grant_check(const struct deputy_capability *admitted, struct deputy_slice network)
{
    ENSURE(admitted != NULL, DEPUTY_E_DECRYPT_ACTION);
    return network_ids_equal(admitted->resource.written, network) ? DEPUTY_OK : DEPUTY_E_DECRYPT_NETWORK;
}

enum deputy_error decrypt_check_network(const struct decrypt_claim *claim, struct deputy_refusal *refusal,
        const struct deputy_network_descriptor *network)
{
    ENSURE(network->state != DEPUTY_NETWORK_REVOKED, DEPUTY_E_NETWORK_REVOKED);
    if (network->state != DEPUTY_NETWORK_ACTIVE) {
        *refusal =
                (struct deputy_refusal){DEPUTY_E_NETWORK_STATE, {deputy_network_state_name(network->state)}};
        return refusal->code;
    }
    ENSURE(deputy_slice_equal(claim->body.algorithm, network->algorithm) &&
                    deputy_slice_equal(claim->facts.algorithm, network->algorithm) &&
                    claim->body.key_version == network->key_version &&
                    claim->facts.key_version == network->key_version,
            DEPUTY_E_DECRYPT_ALGORITHM);
    return DEPUTY_OK;
}

enum deputy_error decrypt_check_time(const struct deputy_window *window, struct deputy_time now)
{
    ENSURE(!window->has_not_before || now.sec >= window->not_before.sec, DEPUTY_E_DECRYPT_EARLY);
    ENSURE(window->has_expiry && window->expiry.sec > now.sec &&
                    window->expiry.sec - now.sec <= DEPUTY_DECRYPT_MAX_LIFETIME_S,
            DEPUTY_E_DECRYPT_EXPIRED);
    return DEPUTY_OK;
}

static enum deputy_error key_decode(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text)
{
    enum deputy_error error = base64_read(arena, out, text);
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_DECRYPT_BASE64 : error;
}

static enum deputy_error hash_check(struct deputy_refusal *refusal, const char *name,
        struct deputy_slice computed, struct deputy_slice body, struct deputy_slice facts)
{
    if (deputy_slice_equal(computed, body) && deputy_slice_equal(computed, facts))
        return DEPUTY_OK;
    *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_HASH, {deputy_slice_text(name)}};
    return refusal->code;
}

enum deputy_error decrypt_check_hashes(struct deputy_arena *arena, struct decrypt_material *out,
        struct deputy_refusal *refusal, const struct decrypt_claim *claim)
{
    const struct decrypt_body *body = &claim->body;
    const struct decrypt_facts *facts = &claim->facts;
    struct deputy_slice receiver_hash, wrapped_hash;
    TRY(key_decode(arena, &out->receiver, body->receiver));
    TRY(key_decode(arena, &out->wrapped, body->wrapped));
    TRY(digest_text(arena, &receiver_hash, body->receiver));
    TRY(digest_text(arena, &wrapped_hash, body->wrapped));
    TRY(hash_check(
            refusal, "receiverPublicKeyHash", receiver_hash, body->receiver_hash, facts->receiver_hash));
    TRY(hash_check(
            refusal, "encryptedSymmetricKeyHash", wrapped_hash, body->wrapped_hash, facts->wrapped_hash));
    return hash_check(refusal, "bodyHash", body->hash, body->hash, facts->body_hash);
}

static enum deputy_error backend_refuse(struct deputy_refusal *refusal, const char *reason)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_KEY, {deputy_slice_text(reason)}};
    return refusal->code;
}

static enum deputy_error rewrap(uint8_t out[DEPUTY_WRAP_BYTES], uint8_t key[AEAD_KEY_BYTES],
        struct deputy_refusal *refusal, const struct decrypt_material *material, const uint8_t *secret,
        const uint8_t *random)
{
    enum deputy_error error = wrap_open(key, secret, material->wrapped);
    if (error == DEPUTY_E_DECRYPT)
        return backend_refuse(refusal, "the wrapped key does not open");
    TRY(error);
    error = wrap_seal(out, material->receiver.ptr, key, random);
    return error == DEPUTY_E_KEY ? backend_refuse(refusal, "invalid public key") : error;
}

enum deputy_error decrypt_rewrap(uint8_t out[DEPUTY_WRAP_BYTES], struct deputy_refusal *refusal,
        const struct decrypt_material *material, const uint8_t secret[X25519_BYTES], const uint8_t *random)
{
    uint8_t key[AEAD_KEY_BYTES];
    if (material->receiver.len != X25519_BYTES)
        return backend_refuse(refusal, "invalid public key length");
    enum deputy_error error = rewrap(out, key, refusal, material, secret, random);
    secret_wipe(key, sizeof key);
    return error;
}
