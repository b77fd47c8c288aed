#include "backend/identity.h"
#include "backend/keyfile.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "run/log.h"
#include <deputy/did.h>
#include <stdlib.h>

#define DID_START "did:pkh:eip155:1:"

struct backend_identity {
    uint8_t *secret; /* guarded, read-only */
    struct deputy_key *key;
    enum backend_key_source source;
    char did[BACKEND_DID_BYTES];
};

static void guarded_end(uint8_t **secret)
{
    secret_free(*secret);
}

/* dstack's bytes are not the key but what it is hashed from, as @tinycloud/server does. */
static enum deputy_error guest_take(uint8_t *secret, const struct backend_key_sources *sources)
{
    DEFER(guarded_end) uint8_t *bytes = NULL;
    size_t len = 0;
    TRY(secret_alloc(&bytes, BACKEND_GUEST_KEY_MAX));
    enum deputy_error result = sources->agent.ask(
            sources->agent.guest, bytes, &len, sources->agent.path, sources->agent.purpose);
    ENSURE(result == DEPUTY_OK && len > 0 && len <= BACKEND_GUEST_KEY_MAX, DEPUTY_E_IDENTITY_GUEST);
    keccak256(secret, deputy_slice_bytes(bytes, len));
    return DEPUTY_OK;
}

/* What is in the environment is inherited by every child and shown in /proc: it does not stay there. */
static enum deputy_error variable_take(uint8_t *secret, const char *name)
{
    char *value = getenv(name);
    ENSURE(value != NULL, DEPUTY_E_IDENTITY_SOURCE);
    enum deputy_error result = keyfile_text_read(secret, deputy_slice_text(value));
    secret_wipe(value, strlen(value));
    unsetenv(name);
    if (result == DEPUTY_OK)
        log_event(
                LOG_WARNING, "identity.environment", LOG_WORD("advice", "use a key file or dstack"), LOG_END);
    return result;
}

/* An empty variable is none (A1). */
static bool variable_is_set(const char *name)
{
    const char *value = name == NULL ? NULL : getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool is_configured(const struct backend_key_sources *sources, enum backend_key_source source)
{
    switch (source) {
    case BACKEND_KEY_GUEST:
        return sources->agent.ask != NULL;
    case BACKEND_KEY_FILE:
        return sources->file != NULL;
    case BACKEND_KEY_ENVIRONMENT:
        return variable_is_set(sources->variable);
    default:
        return false;
    }
}

/* A source that was chosen and is not there is no reason to look for another. */
static enum deputy_error source_find(
        enum backend_key_source *source, const struct backend_key_sources *sources)
{
    *source = sources->chosen;
    if (*source != BACKEND_KEY_ANY)
        return is_configured(sources, *source) ? DEPUTY_OK : DEPUTY_E_IDENTITY_SOURCE;
    for (*source = BACKEND_KEY_GUEST; *source <= BACKEND_KEY_ENVIRONMENT; (*source)++) {
        if (is_configured(sources, *source))
            return DEPUTY_OK;
    }
    return DEPUTY_E_IDENTITY_NONE;
}

static enum deputy_error secret_take(
        uint8_t *secret, enum backend_key_source source, const struct backend_key_sources *sources)
{
    if (source == BACKEND_KEY_GUEST)
        return guest_take(secret, sources);
    if (source == BACKEND_KEY_FILE)
        return keyfile_secret_read(secret, sources->file);
    return variable_take(secret, sources->variable);
}

static enum deputy_error scalar_import(struct deputy_key **key, const uint8_t *secret)
{
    enum deputy_error result = deputy_key_import(key, DEPUTY_KEY_SECP256K1, secret);
    return result == DEPUTY_E_KEY ? DEPUTY_E_IDENTITY_SCALAR : result;
}

/* The address comes from the public key and nothing else. */
static enum deputy_error did_write(char did[BACKEND_DID_BYTES], const struct deputy_key *key)
{
    uint8_t address[20];
    TRY(deputy_key_address(address, key));
    memcpy(did, DID_START, sizeof DID_START - 1);
    deputy_address_format(did + sizeof DID_START - 1, address);
    return DEPUTY_OK;
}

static enum deputy_error identity_fill(
        struct backend_identity *identity, const struct backend_key_sources *sources)
{
    TRY(source_find(&identity->source, sources));
    TRY(secret_alloc(&identity->secret, BACKEND_SECRET_BYTES));
    TRY(secret_take(identity->secret, identity->source, sources));
    TRY(secret_freeze(identity->secret));
    TRY(scalar_import(&identity->key, identity->secret));
    return did_write(identity->did, identity->key);
}

enum deputy_error backend_identity_open(
        struct backend_identity **out, const struct backend_key_sources *sources)
{
    struct backend_identity *identity = calloc(1, sizeof *identity);
    ENSURE(identity != NULL, DEPUTY_E_NOMEM);
    enum deputy_error result = identity_fill(identity, sources);
    if (result == DEPUTY_OK)
        *out = identity;
    else
        backend_identity_destroy(identity);
    return result;
}

void backend_identity_destroy(struct backend_identity *identity)
{
    if (identity == NULL)
        return;
    deputy_key_destroy(identity->key);
    secret_free(identity->secret);
    free(identity);
}

enum deputy_error backend_identity_init(const char *path)
{
    DEFER(guarded_end) uint8_t *secret = NULL;
    struct deputy_key *key = NULL;
    enum deputy_error result;
    TRY(secret_alloc(&secret, BACKEND_SECRET_BYTES));
    do {
        random_bytes(secret, BACKEND_SECRET_BYTES);
        result = scalar_import(&key, secret);
    } while (result == DEPUTY_E_IDENTITY_SCALAR);
    TRY(result);
    deputy_key_destroy(key);
    return keyfile_secret_write(path, secret);
}

struct deputy_slice backend_identity_did(const struct backend_identity *identity)
{
    return deputy_slice_bytes(identity->did, sizeof identity->did);
}

const struct deputy_key *backend_identity_key(const struct backend_identity *identity)
{
    return identity->key;
}

enum backend_key_source backend_identity_source(const struct backend_identity *identity)
{
    return identity->source;
}

enum deputy_error backend_identity_derive(
        uint8_t out[BACKEND_SECRET_BYTES], const struct backend_identity *identity, const char *info)
{
    return hkdf_sha256(out, BACKEND_SECRET_BYTES, deputy_slice_bytes(identity->secret, BACKEND_SECRET_BYTES),
            (struct deputy_slice){0}, deputy_slice_text(info));
}
