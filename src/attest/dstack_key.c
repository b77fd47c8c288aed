#include "attest/dstack_key.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

#define SALT "RATLS"
#define APP_KEY_INFO "app-key"
#define ISSUED_TAG "dstack-kms-issued:"
#define ENV_TAG "dstack-env-encrypt-pubkey:"

enum { LEGACY_RECOVERY_ID = 27, ENV_PAST_S = 300, ENV_AHEAD_S = 60 };

/* ---- derivation ---- */

static enum deputy_error derive(
        uint8_t out[DSTACK_KEY_BYTES], const uint8_t key[DSTACK_KEY_BYTES], struct deputy_slice info)
{
    return hkdf_sha256(
            out, DSTACK_KEY_BYTES, deputy_slice_bytes(key, DSTACK_KEY_BYTES), deputy_slice_text(SALT), info);
}

enum deputy_error dstack_app_key(uint8_t out[DSTACK_KEY_BYTES], const uint8_t kms_key[DSTACK_KEY_BYTES],
        const uint8_t app_id[DSTACK_APP_ID_BYTES])
{
    uint8_t info[DSTACK_APP_ID_BYTES + sizeof APP_KEY_INFO - 1];
    memcpy(info, app_id, DSTACK_APP_ID_BYTES);
    memcpy(info + DSTACK_APP_ID_BYTES, APP_KEY_INFO, sizeof APP_KEY_INFO - 1);
    return derive(out, kms_key, deputy_slice_bytes(info, sizeof info));
}

enum deputy_error dstack_path_key(
        uint8_t out[DSTACK_KEY_BYTES], const uint8_t app_key[DSTACK_KEY_BYTES], struct deputy_slice path)
{
    return derive(out, app_key, path);
}

size_t dstack_public_bytes(enum dstack_algorithm algorithm)
{
    return algorithm == DSTACK_ED25519 ? ED25519_PUBLIC_BYTES : EC_PUBLIC_BYTES;
}

enum deputy_error dstack_public_key(
        uint8_t out[DSTACK_ROOT_BYTES], enum dstack_algorithm algorithm, const uint8_t key[DSTACK_KEY_BYTES])
{
    uint8_t expanded[ED25519_EXPANDED_BYTES];
    if (algorithm == DSTACK_SECP256K1)
        return secp256k1_public(out, key);
    enum deputy_error error = ed25519_expand(out, expanded, key);
    secret_wipe(expanded, sizeof expanded);
    return error;
}

/* ---- what is signed ---- */

enum deputy_error dstack_purpose_digest(struct deputy_arena *arena, uint8_t out[32],
        struct deputy_slice purpose, struct deputy_slice public_key)
{
    struct buf hex = buf_make(arena, 2 * public_key.len);
    struct deputy_slice text;
    hex_put(&hex, public_key);
    TRY(buf_finish(&hex, &text));
    const struct deputy_slice parts[] = {purpose, deputy_slice_text(":"), text};
    keccak256_parts(out, parts, 3);
    return DEPUTY_OK;
}

void dstack_issue_digest(uint8_t out[32], const uint8_t app_id[DSTACK_APP_ID_BYTES],
        const uint8_t app_public[DSTACK_ROOT_BYTES])
{
    const struct deputy_slice parts[] = {deputy_slice_text(ISSUED_TAG),
            deputy_slice_bytes(app_id, DSTACK_APP_ID_BYTES),
            deputy_slice_bytes(app_public, DSTACK_ROOT_BYTES)};
    keccak256_parts(out, parts, 3);
}

/* ---- verification ---- */

enum deputy_error dstack_recover(
        uint8_t public_key[DSTACK_ROOT_BYTES], const uint8_t digest[32], struct deputy_slice signature)
{
    uint8_t plain[SECP256K1_RECOVERABLE_BYTES];
    uint8_t point[64];
    ENSURE(signature.len == DSTACK_SIGNATURE_BYTES, DEPUTY_E_KEYS_CHAIN);
    memcpy(plain, signature.ptr, sizeof plain);
    if (plain[sizeof plain - 1] >= LEGACY_RECOVERY_ID)
        plain[sizeof plain - 1] -= LEGACY_RECOVERY_ID;
    enum deputy_error error = secp256k1_recover(point, digest, plain);
    ENSURE(error != DEPUTY_E_SIGNATURE, DEPUTY_E_KEYS_CHAIN);
    TRY(error);
    return secp256k1_compress(public_key, point);
}

static enum deputy_error roots_check(
        const struct dstack_roots *roots, const uint8_t public_key[DSTACK_ROOT_BYTES])
{
    for (size_t i = 0; i < roots->count; i++)
        if (deputy_slice_equal(roots->keys[i], deputy_slice_bytes(public_key, DSTACK_ROOT_BYTES)))
            return DEPUTY_OK;
    return DEPUTY_E_KEYS_CHAIN;
}

enum deputy_error dstack_claim_verify(
        struct deputy_arena *arena, const struct dstack_claim *claim, const struct dstack_roots *roots)
{
    uint8_t digest[HASH_BYTES], app[DSTACK_ROOT_BYTES], kms[DSTACK_ROOT_BYTES];
    ENSURE(claim->public_key.len == dstack_public_bytes(claim->algorithm), DEPUTY_E_KEYS_CHAIN);
    ENSURE(claim->app_id.len == DSTACK_APP_ID_BYTES, DEPUTY_E_KEYS_CHAIN);
    TRY(dstack_purpose_digest(arena, digest, claim->purpose, claim->public_key));
    TRY(dstack_recover(app, digest, claim->app_signature));
    dstack_issue_digest(digest, claim->app_id.ptr, app);
    TRY(dstack_recover(kms, digest, claim->kms_signature));
    return roots_check(roots, kms);
}

/* ---- the environment's key ---- */

static void env_digest(uint8_t out[HASH_BYTES], const struct dstack_env_key *key)
{
    uint8_t stamp[8];
    for (size_t i = 0; i < sizeof stamp; i++)
        stamp[i] = (uint8_t)((uint64_t)key->stamped_at >> (56 - 8 * i));
    const struct deputy_slice parts[] = {deputy_slice_text(ENV_TAG), key->app_id,
            deputy_slice_bytes(stamp, key->stamped ? sizeof stamp : 0), key->public_key};
    keccak256_parts(out, parts, sizeof parts / sizeof parts[0]);
}

enum deputy_error dstack_env_key_verify(
        const struct dstack_env_key *key, const struct dstack_roots *roots, int64_t now)
{
    uint8_t digest[HASH_BYTES], signer[DSTACK_ROOT_BYTES];
    ENSURE(key->public_key.len == DSTACK_ENV_KEY_BYTES, DEPUTY_E_KEYS_CHAIN);
    ENSURE(key->app_id.len == DSTACK_APP_ID_BYTES, DEPUTY_E_KEYS_CHAIN);
    if (key->stamped) {
        ENSURE(key->stamped_at >= 0 && key->stamped_at - ENV_AHEAD_S <= now, DEPUTY_E_KEYS_CHAIN);
        ENSURE(now - ENV_PAST_S <= key->stamped_at, DEPUTY_E_KEYS_CHAIN);
    }
    env_digest(digest, key);
    TRY(dstack_recover(signer, digest, key->signature));
    return roots_check(roots, signer);
}
