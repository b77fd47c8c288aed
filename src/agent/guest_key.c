/* Keys of the app, and signatures with them. */
#include "agent/methods.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include <stdio.h>

#define SIGN_PATH "vms"
#define SIGN_PURPOSE "signing"

static void derived_wipe(struct derived *derived)
{
    secret_wipe(derived, sizeof *derived);
}

#define DERIVED DEFER(derived_wipe) struct derived

enum deputy_error derive(struct call *call, struct derived *out, enum dstack_algorithm algorithm,
        struct deputy_slice path, struct deputy_slice purpose)
{
    uint8_t digest[HASH_BYTES];
    const uint8_t *app_key = call->agent->fixture.app_key;
    TRY(dstack_path_key(out->key, app_key, path));
    TRY(dstack_public_key(out->public_key, algorithm, out->key));
    out->public_len = dstack_public_bytes(algorithm);
    TRY(dstack_purpose_digest(
            call->arena, digest, purpose, deputy_slice_bytes(out->public_key, out->public_len)));
    return secp256k1_sign_recoverable(out->signature, digest, app_key);
}

static enum dstack_algorithm algorithm_of(enum key_kind kind)
{
    return kind == KEY_ED25519 ? DSTACK_ED25519 : DSTACK_SECP256K1;
}

static void put_hex_element(struct call *call, struct deputy_slice bytes)
{
    struct buf out = buf_make(call->arena, 2 * bytes.len);
    struct deputy_slice text;
    hex_put(&out, bytes);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        json_text(call->json, text);
    else
        buf_fail(call->json->out, DEPUTY_E_NOMEM);
}

/* The signatures from the data (if any) up to the KMS. */
static void put_chain(
        struct call *call, const char *name, struct deputy_slice data, const struct derived *derived)
{
    json_key(call->json, name);
    json_array_begin(call->json);
    if (deputy_slice_present(data))
        put_hex_element(call, data);
    put_hex_element(call, deputy_slice_bytes(derived->signature, sizeof derived->signature));
    put_hex_element(call, call->agent->fixture.kms_signature);
    json_array_end(call->json);
}

static enum deputy_error get_key(struct call *call, const char *key_name, const char *chain_name)
{
    enum key_kind kind;
    struct deputy_slice path, purpose;
    DERIVED derived;
    TRY(call_text(call, "path", &path));
    TRY(call_text(call, "purpose", &purpose));
    TRY(call_algorithm(call, &kind));
    if (kind == KEY_SECP256K1_PREHASHED)
        return call_fail(call, "Unsupported algorithm");
    TRY(derive(call, &derived, algorithm_of(kind), path, purpose));
    call_put_hex(call, key_name, deputy_slice_bytes(derived.key, sizeof derived.key));
    put_chain(call, chain_name, (struct deputy_slice){0}, &derived);
    return DEPUTY_OK;
}

enum deputy_error guest_get_key(struct call *call)
{
    return get_key(call, "key", "signature_chain");
}

enum deputy_error tappd_derive_k256_key(struct call *call)
{
    return get_key(call, "k256_key", "k256_signature_chain");
}

/* ---- signing ---- */

static enum deputy_error digest_fail(struct call *call, size_t len)
{
    char text[96];
    snprintf(text, sizeof text, "Pre-hashed signing requires a 32-byte digest, but received %zu bytes", len);
    struct buf out = buf_make(call->arena, sizeof text);
    buf_put_text(&out, text);
    TRY(buf_finish(&out, &call->error));
    return DEPUTY_E_AGENT_CALL;
}

static enum deputy_error sign_ed25519(
        uint8_t out[64], const struct derived *derived, struct deputy_slice data)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES], expanded[ED25519_EXPANDED_BYTES];
    TRY(ed25519_expand(public_key, expanded, derived->key));
    enum deputy_error error = ed25519_sign(out, data, expanded);
    secret_wipe(expanded, sizeof expanded);
    return error;
}

/* r, s and the recovery id, as for every secp256k1 signature of the agent. */
static enum deputy_error sign_secp256k1(struct call *call, uint8_t out[65], const struct derived *derived,
        enum key_kind kind, struct deputy_slice data)
{
    uint8_t digest[HASH_BYTES];
    if (kind == KEY_SECP256K1) {
        sha256(digest, data);
    } else {
        if (data.len != HASH_BYTES)
            return digest_fail(call, data.len);
        memcpy(digest, data.ptr, HASH_BYTES);
    }
    return secp256k1_sign_recoverable(out, digest, derived->key);
}

enum deputy_error guest_sign(struct call *call)
{
    enum { SIGNATURE = 64 };
    enum key_kind kind;
    struct deputy_slice data;
    uint8_t signature[65];
    DERIVED derived;
    TRY(call_algorithm(call, &kind));
    if (kind == KEY_UNNAMED)
        return call_fail(call, "Unsupported algorithm");
    TRY(call_bytes(call, "data", &data));
    TRY(derive(call, &derived, algorithm_of(kind), deputy_slice_text(SIGN_PATH),
            deputy_slice_text(SIGN_PURPOSE)));
    TRY(kind == KEY_ED25519 ? sign_ed25519(signature, &derived, data)
                            : sign_secp256k1(call, signature, &derived, kind, data));
    call_put_hex(call, "signature", deputy_slice_bytes(signature, SIGNATURE));
    put_chain(call, "signature_chain", deputy_slice_bytes(signature, SIGNATURE), &derived);
    call_put_hex(call, "public_key", deputy_slice_bytes(derived.public_key, derived.public_len));
    return DEPUTY_OK;
}

/* ---- verifying ---- */

struct to_verify {
    struct deputy_slice data, signature, public_key;
};

static enum deputy_error verify_ed25519(struct call *call, const struct to_verify *v)
{
    if (v->public_key.len != ED25519_PUBLIC_BYTES)
        return call_fail(call, "invalid public key");
    ENSURE(v->signature.len == ED25519_SIGNATURE_BYTES, DEPUTY_E_SIGNATURE);
    return ed25519_verify(v->public_key.ptr, v->data, v->signature.ptr);
}

/* Over a digest there is no verifier here, but the key that made the signature can be recovered. */
static enum deputy_error verify_digest(const uint8_t digest[HASH_BYTES], const struct to_verify *v)
{
    uint8_t signature[DSTACK_SIGNATURE_BYTES], found[DSTACK_ROOT_BYTES];
    memcpy(signature, v->signature.ptr, EC_SIGNATURE_BYTES);
    for (uint8_t id = 0; id <= 3; id++) {
        signature[EC_SIGNATURE_BYTES] = id;
        if (dstack_recover(found, digest, deputy_slice_bytes(signature, sizeof signature)) == DEPUTY_OK &&
                memcmp(found, v->public_key.ptr, sizeof found) == 0)
            return DEPUTY_OK;
    }
    return DEPUTY_E_SIGNATURE;
}

static enum deputy_error verify_secp256k1(struct call *call, const struct to_verify *v, enum key_kind kind)
{
    uint8_t digest[HASH_BYTES], point[64];
    if (v->public_key.len != EC_PUBLIC_BYTES || secp256k1_decompress(point, v->public_key.ptr) != DEPUTY_OK)
        return call_fail(call, "invalid public key");
    ENSURE(v->signature.len == EC_SIGNATURE_BYTES, DEPUTY_E_SIGNATURE);
    if (kind != KEY_SECP256K1_PREHASHED)
        sha256(digest, v->data);
    else if (v->data.len == HASH_BYTES)
        memcpy(digest, v->data.ptr, HASH_BYTES);
    else
        return digest_fail(call, v->data.len);
    return verify_digest(digest, v);
}

enum deputy_error guest_verify(struct call *call)
{
    enum key_kind kind;
    struct to_verify v;
    TRY(call_algorithm(call, &kind));
    if (kind == KEY_UNNAMED)
        return call_fail(call, "Unsupported algorithm");
    TRY(call_bytes(call, "data", &v.data));
    TRY(call_bytes(call, "signature", &v.signature));
    TRY(call_bytes(call, "public_key", &v.public_key));
    enum deputy_error error =
            kind == KEY_ED25519 ? verify_ed25519(call, &v) : verify_secp256k1(call, &v, kind);
    ENSURE(error == DEPUTY_OK || error == DEPUTY_E_SIGNATURE, error);
    json_key(call->json, "valid");
    json_bool(call->json, error == DEPUTY_OK);
    return DEPUTY_OK;
}

/* ---- the key of Sign, attested ---- */

enum deputy_error worker_get_attestation(struct call *call)
{
    enum key_kind kind;
    uint8_t report_data[REPORT_DATA_BYTES];
    DERIVED derived;
    TRY(call_algorithm(call, &kind));
    if (kind != KEY_ED25519 && kind != KEY_SECP256K1)
        return call_fail(call, "Unsupported algorithm");
    TRY(derive(call, &derived, algorithm_of(kind), deputy_slice_text(SIGN_PATH),
            deputy_slice_text(SIGN_PURPOSE)));
    TRY(report_data_app_key(report_data, call->arena, algorithm_of(kind),
            deputy_slice_bytes(derived.public_key, derived.public_len)));
    return put_quote(call, report_data);
}
