/* The worked example of spec/04 section 14, and what the tests of the room share. */
#ifndef TEST_SEAL_KIT_H
#define TEST_SEAL_KIT_H

#include "base/codec.h"
#include "base/json.h"
#include "crypto/x25519.h"
#include "seal/decrypt.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"
#include <deputy/secret.h>
#include <deputy/vault.h>

#define EXAMPLE_OWNER "did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define EXAMPLE_NETWORK "urn:tinycloud:encryption:" EXAMPLE_OWNER ":default"
#define EXAMPLE_SPACE "tinycloud:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:secrets"
#define EXAMPLE_NODE "did:key:z6Mkhhkimk76vZVFtKTt9ygYbvhHLUELCx3AJ1srXQPiaqcA"
#define EXAMPLE_PATH "vault/secrets/STRIPE_KEY"
#define EXAMPLE_PLAINTEXT                                                                                    \
    "{\"value\":\"sk-test\",\"createdAt\":\"2026-05-04T00:00:00.000Z\",\"updatedAt\":\"2026-05-04T00:00:"    \
    "00.000Z\"}"
#define EXAMPLE_WRAPPED                                                                                      \
    "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f2001101112131415161718191a1be55bd6f8a7e7" \
    "58c93fe17993eb0ef0bf85be46030c5dd38485bd151ba838368c4c33abd4f5491c786a475ecf27969768"

/* 2026-05-04T00:00:00Z */
static const struct deputy_time EXAMPLE_NOW = {1777852800, 0};

static inline const uint8_t *bytes_of(uint8_t *out, size_t len, uint8_t byte)
{
    memset(out, byte, len);
    return out;
}

static inline void count_up(uint8_t *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static inline struct deputy_network_descriptor example_network(void)
{
    uint8_t secret[32];
    struct deputy_network_descriptor network = {.id = T(EXAMPLE_NETWORK),
            .owner = T(EXAMPLE_OWNER),
            .name = T("default"),
            .node = T(EXAMPLE_NODE),
            .algorithm = T(DEPUTY_NETWORK_ALGORITHM),
            .key_version = 1,
            .state = DEPUTY_NETWORK_ACTIVE,
            .created = T("2026-07-31T12:00:00.123456789Z"),
            .updated = T("2026-07-31T12:00:00.123456789Z")};
    assert_ok(x25519_public(network.public_key, bytes_of(secret, sizeof secret, 0x17)));
    return network;
}

/* Content key, ephemeral secret, nonce of the wrap, nonce of the payload. */
static inline void example_random(uint8_t out[DEPUTY_ENVELOPE_RANDOM_BYTES])
{
    memset(out, 0xcd, 32);
    memset(out + 32, 0x22, 32);
    count_up(out + 64, 12, 0x10);
    count_up(out + 76, 12, 0);
}

static inline struct deputy_slice example_envelope(struct deputy_arena *arena)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice json;
    struct deputy_network_descriptor network = example_network();
    example_random(random);
    assert_ok(deputy_vault_seal(arena, &json, &network, T(EXAMPLE_SPACE), T(EXAMPLE_PATH),
            T("application/json"), T(EXAMPLE_PLAINTEXT), random));
    return json;
}

static inline struct deputy_receiver *example_receiver(void)
{
    uint8_t secret[32];
    struct deputy_receiver *receiver;
    assert_ok(deputy_receiver_create(&receiver, bytes_of(secret, sizeof secret, 0x33)));
    return receiver;
}

#endif
