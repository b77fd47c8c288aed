/* Inline envelopes (spec/04 sections 3.4 and 4). The aad of an envelope is told and never authenticated: no
 * reader in use would open what authenticates it. */
#include "base/arena.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "seal/digest.h"
#include "seal/members.h"
#include "seal/network.h"
#include "seal/receiver.h"

enum { PAYLOAD_OVERHEAD = AEAD_NONCE_BYTES + AEAD_TAG_BYTES };

static const struct deputy_slice nothing = {NULL, 0};

/* ---- reading ---- */

static enum deputy_error bytes_read(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    ENSURE(member_read(&text, object, name), DEPUTY_E_ENVELOPE);
    enum deputy_error error = base64_read(arena, out, text);
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_ENVELOPE : error;
}

static enum deputy_error key_read(
        struct deputy_arena *arena, struct deputy_envelope *out, const struct json_value *object)
{
    struct deputy_slice hash;
    ENSURE(member_read(&out->algorithm, object, "alg"), DEPUTY_E_ENVELOPE);
    ENSURE(json_to_int64(&out->key_version, json_member(object, "keyVersion")) == DEPUTY_OK,
            DEPUTY_E_ENVELOPE);
    ENSURE(member_read(&out->wrapped, object, "encryptedSymmetricKey"), DEPUTY_E_ENVELOPE);
    ENSURE(member_read(&out->wrapped_hash, object, "encryptedSymmetricKeyHash"), DEPUTY_E_ENVELOPE);
    TRY(digest_text(arena, &hash, out->wrapped));
    return deputy_slice_equal(hash, out->wrapped_hash) ? DEPUTY_OK : DEPUTY_E_ENVELOPE;
}

/* What nobody signed and nobody needs: absent, or as it must be. */
static enum deputy_error rest_read(
        struct deputy_arena *arena, struct deputy_envelope *out, const struct json_value *object)
{
    const struct json_value *metadata = json_member(object, "metadata");
    if (json_member(object, "aad") != NULL)
        TRY(bytes_read(arena, &out->aad, object, "aad"));
    ENSURE(metadata == NULL || json_is(metadata, JSON_OBJECT), DEPUTY_E_ENVELOPE);
    if (metadata != NULL)
        out->metadata = metadata->raw;
    return DEPUTY_OK;
}

enum deputy_error deputy_envelope_parse(
        struct deputy_arena *arena, struct deputy_envelope *out, struct deputy_slice json)
{
    const struct json_value *object;
    int64_t version;
    *out = (struct deputy_envelope){0};
    ENSURE(json.len <= DEPUTY_ENVELOPE_MAX_BYTES, DEPUTY_E_LIMIT);
    enum deputy_error error = json_parse(arena, &object, json);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK && json_is(object, JSON_OBJECT), DEPUTY_E_ENVELOPE);
    ENSURE(json_to_int64(&version, json_member(object, "v")) == DEPUTY_OK &&
                    version == DEPUTY_ENVELOPE_VERSION,
            DEPUTY_E_ENVELOPE);
    ENSURE(member_read(&out->network, object, "networkId") && network_id_is_writable(out->network),
            DEPUTY_E_ENVELOPE);
    TRY(key_read(arena, out, object));
    TRY(bytes_read(arena, &out->ciphertext, object, "ciphertext"));
    return rest_read(arena, out, object);
}

/* ---- writing ---- */

/* What DEPUTY_ENVELOPE_RANDOM_BYTES are for, in this order. */
struct envelope_random {
    uint8_t content_key[AEAD_KEY_BYTES];
    uint8_t wrap[WRAP_RANDOM_BYTES];
    uint8_t nonce[AEAD_NONCE_BYTES];
};
_Static_assert(sizeof(struct envelope_random) == DEPUTY_ENVELOPE_RANDOM_BYTES, "no padding");

static enum deputy_error payload_seal(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice plaintext, const struct envelope_random *random)
{
    ENSURE(plaintext.len <= DEPUTY_ENVELOPE_MAX_BYTES, DEPUTY_E_LIMIT);
    uint8_t *bytes = arena_alloc_bytes(arena, plaintext.len + PAYLOAD_OVERHEAD);
    ENSURE(bytes != NULL, arena_error(arena));
    memcpy(bytes, random->nonce, sizeof random->nonce);
    TRY(aes256gcm_seal(bytes + AEAD_NONCE_BYTES, random->content_key, random->nonce, nothing, plaintext));
    *out = deputy_slice_bytes(bytes, plaintext.len + PAYLOAD_OVERHEAD);
    return DEPUTY_OK;
}

static enum deputy_error key_seal(struct deputy_arena *arena, struct deputy_envelope *out,
        const struct deputy_network_descriptor *network, const struct envelope_random *random)
{
    uint8_t wrapped[DEPUTY_WRAP_BYTES];
    struct buf text = buf_make(arena, 2 * sizeof wrapped);
    TRY(wrap_seal(wrapped, network->public_key, random->content_key, random->wrap));
    base64_put(&text, deputy_slice_bytes(wrapped, sizeof wrapped));
    TRY(buf_finish(&text, &out->wrapped));
    return digest_text(arena, &out->wrapped_hash, out->wrapped);
}

static enum deputy_error metadata_check(struct deputy_arena *arena, struct deputy_slice metadata)
{
    const struct json_value *object;
    if (!deputy_slice_present(metadata))
        return DEPUTY_OK;
    TRY(json_parse(arena, &object, metadata));
    ENSURE(json_is(object, JSON_OBJECT), DEPUTY_E_JSON_TYPE);
    JSON_EACH (member, object)
        ENSURE(member->kind == JSON_STRING, DEPUTY_E_JSON_TYPE);
    return DEPUTY_OK;
}

static enum deputy_error envelope_build(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_envelope *envelope)
{
    struct buf out = buf_make(arena, DEPUTY_ENVELOPE_MAX_BYTES);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    member_int(&writer, "v", DEPUTY_ENVELOPE_VERSION);
    member_text(&writer, "networkId", envelope->network);
    member_text(&writer, "alg", envelope->algorithm);
    member_int(&writer, "keyVersion", envelope->key_version);
    member_text(&writer, "encryptedSymmetricKey", envelope->wrapped);
    member_text(&writer, "encryptedSymmetricKeyHash", envelope->wrapped_hash);
    member_base64(&writer, "ciphertext", envelope->ciphertext);
    if (deputy_slice_present(envelope->aad))
        member_base64(&writer, "aad", envelope->aad);
    if (deputy_slice_present(envelope->metadata)) {
        json_key(&writer, "metadata");
        json_raw(&writer, envelope->metadata);
    }
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error deputy_envelope_seal(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_network_descriptor *network, struct deputy_slice plaintext,
        struct deputy_slice aad, struct deputy_slice metadata,
        const uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES])
{
    const struct envelope_random *parts = (const struct envelope_random *)(const void *)random;
    struct deputy_envelope envelope = {.network = network->id,
            .algorithm = network->algorithm,
            .key_version = network->key_version,
            .aad = aad,
            .metadata = metadata};
    TRY(deputy_network_usable(network));
    TRY(metadata_check(arena, metadata));
    TRY(key_seal(arena, &envelope, network, parts));
    TRY(payload_seal(arena, &envelope.ciphertext, plaintext, parts));
    return envelope_build(arena, json, &envelope);
}

/* ---- opening ---- */

static enum deputy_error refuse(struct deputy_refusal *refusal, const char *member)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_RESPONSE, {deputy_slice_text(member)}};
    return DEPUTY_E_RESPONSE;
}

static enum deputy_error payload_open(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[AEAD_KEY_BYTES], struct deputy_slice ciphertext)
{
    ENSURE(ciphertext.len >= PAYLOAD_OVERHEAD, DEPUTY_E_DECRYPT);
    size_t len = ciphertext.len - PAYLOAD_OVERHEAD;
    uint8_t *bytes = arena_alloc_bytes(arena, len + 1);
    ENSURE(bytes != NULL, arena_error(arena));
    TRY(aes256gcm_open(bytes, key, ciphertext.ptr, nothing,
            deputy_slice_bytes(ciphertext.ptr + AEAD_NONCE_BYTES, ciphertext.len - AEAD_NONCE_BYTES)));
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

enum deputy_error deputy_envelope_open(struct deputy_arena *arena, struct deputy_slice *plaintext,
        struct deputy_refusal *refusal, const struct deputy_envelope *envelope,
        const struct deputy_receiver *receiver, struct deputy_verified_response response)
{
    uint8_t key[AEAD_KEY_BYTES];
    *refusal = (struct deputy_refusal){.code = DEPUTY_OK};
    enum deputy_error error = wrap_open(key, receiver_secret(receiver), response.wrapped);
    if (error == DEPUTY_E_DECRYPT)
        return refuse(refusal, "wrappedKey");
    if (error == DEPUTY_OK)
        error = payload_open(arena, plaintext, key, envelope->ciphertext);
    secret_wipe(key, sizeof key);
    if (error == DEPUTY_E_DECRYPT)
        return refuse(refusal, "ciphertext");
    return refusal->code = error;
}
