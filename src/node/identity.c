#include "node/identity.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include <stdlib.h>

struct identity {
    uint8_t *secret; /* guarded */
    size_t len;
};

enum deputy_error identity_create(struct identity **out, struct deputy_slice secret)
{
    ENSURE(secret.len >= IDENTITY_MIN_SECRET && secret.len <= IDENTITY_MAX_SECRET, DEPUTY_E_KEY);
    struct identity *identity = calloc(1, sizeof *identity);
    ENSURE(identity != NULL, DEPUTY_E_NOMEM);
    enum deputy_error error = secret_alloc(&identity->secret, secret.len);
    if (error != DEPUTY_OK) {
        free(identity);
        return error;
    }
    memcpy(identity->secret, secret.ptr, secret.len);
    identity->len = secret.len;
    *out = identity;
    return DEPUTY_OK;
}

void identity_destroy(struct identity *identity)
{
    if (identity == NULL)
        return;
    secret_free(identity->secret);
    free(identity);
}

static void derive(const struct identity *identity, struct deputy_slice context, uint8_t out[HASH_BYTES])
{
    struct deputy_slice parts[] = {deputy_slice_bytes(identity->secret, identity->len), context};
    blake3_parts(out, parts, 2);
}

void identity_derive(const struct identity *identity, const char *context, uint8_t out[HASH_BYTES])
{
    derive(identity, deputy_slice_text(context), out);
}

enum deputy_error identity_key(
        struct deputy_key **out, const struct identity *identity, struct deputy_slice context)
{
    uint8_t seed[HASH_BYTES];
    derive(identity, context, seed);
    enum deputy_error error = deputy_key_import(out, DEPUTY_KEY_ED25519, seed);
    secret_wipe(seed, sizeof seed);
    return error;
}

enum deputy_error identity_did(struct deputy_arena *arena, struct deputy_slice *did,
        const struct identity *identity, struct deputy_slice context)
{
    struct deputy_key *key = NULL;
    TRY(identity_key(&key, identity, context));
    enum deputy_error error = deputy_key_did(arena, did, key);
    deputy_key_destroy(key);
    return error;
}

enum deputy_error identity_public(
        uint8_t out[32], const struct identity *identity, struct deputy_slice context)
{
    struct deputy_key *key = NULL;
    TRY(identity_key(&key, identity, context));
    memcpy(out, deputy_key_public(key).ptr, 32);
    deputy_key_destroy(key);
    return DEPUTY_OK;
}
