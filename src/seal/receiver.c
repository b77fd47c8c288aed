#include "seal/receiver.h"
#include "base/try.h"
#include "crypto/secret.h"
#include <string.h>

/* Lies in guarded memory as a whole, and is read-only once made. */
struct deputy_receiver {
    uint8_t secret[X25519_BYTES];
    uint8_t public_key[X25519_BYTES];
};

static enum deputy_error receiver_fill(struct deputy_receiver *receiver, const uint8_t random[X25519_BYTES])
{
    memcpy(receiver->secret, random, X25519_BYTES);
    TRY(x25519_public(receiver->public_key, receiver->secret));
    return secret_freeze((uint8_t *)receiver);
}

enum deputy_error deputy_receiver_create(struct deputy_receiver **out, const uint8_t random[X25519_BYTES])
{
    uint8_t *memory = NULL;
    TRY(secret_alloc(&memory, sizeof(struct deputy_receiver)));
    struct deputy_receiver *receiver = (struct deputy_receiver *)(void *)memory;
    enum deputy_error error = receiver_fill(receiver, random);
    if (error != DEPUTY_OK) {
        secret_free(memory);
        return error;
    }
    *out = receiver;
    return DEPUTY_OK;
}

void deputy_receiver_destroy(struct deputy_receiver *receiver)
{
    secret_free((uint8_t *)receiver);
}

const uint8_t *receiver_secret(const struct deputy_receiver *receiver)
{
    return receiver->secret;
}

const uint8_t *receiver_public(const struct deputy_receiver *receiver)
{
    return receiver->public_key;
}
