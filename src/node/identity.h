/*
 * What the node derives from its one secret (spec/03 section 15.2): its own key, a host key for each space,
 * and the keys of its services. derive(context) = BLAKE3-256(secret || context).
 */
#ifndef NODE_IDENTITY_H
#define NODE_IDENTITY_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/key.h>
#include <deputy/slice.h>

enum { IDENTITY_MIN_SECRET = 32, IDENTITY_MAX_SECRET = 4096 };

#define IDENTITY_NODE "tinycloud/node/identity"
#define IDENTITY_SHARING "tinycloud/share-email/invitation-signing"
#define IDENTITY_LIST_CURSOR "tinycloud/kv/list-cursor"
#define IDENTITY_HOOK_TICKETS "tinycloud/hooks/tickets"
#define IDENTITY_NETWORKS "tinycloud/encryption/network-seal"
#define IDENTITY_WEBHOOKS "tinycloud/hooks/webhook-secrets"
#define IDENTITY_REPLAY "deputy/node/replay"
#define IDENTITY_RATE "deputy/node/rate"
#define IDENTITY_SEAL "deputy/node/seal"

struct identity;

/* Copies the secret into guarded memory. DEPUTY_E_KEY when it is shorter than 32 bytes or longer than 4096.
 */
enum deputy_error identity_create(struct identity **out, struct deputy_slice secret);
void identity_destroy(struct identity *identity);

/* The 32 bytes for a context; the caller wipes them when they are a key. */
void identity_derive(const struct identity *identity, const char *context, uint8_t out[32]);

/* The Ed25519 key whose seed is derived from the context; ended with deputy_key_destroy. */
enum deputy_error identity_key(
        struct deputy_key **out, const struct identity *identity, struct deputy_slice context);

/* The did:key of the Ed25519 key whose seed is derived from the context. */
enum deputy_error identity_did(struct deputy_arena *arena, struct deputy_slice *did,
        const struct identity *identity, struct deputy_slice context);

/* The Ed25519 public key for a context. */
enum deputy_error identity_public(
        uint8_t out[32], const struct identity *identity, struct deputy_slice context);

#endif
