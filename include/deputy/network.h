/*
 * Encryption networks (spec/04 sections 2, 6 to 8). A network is a key pair with a name: whoever knows its
 * public key can encrypt to it, and a node that keeps its private key opens one content key at a time for
 * whoever holds tinycloud.encryption/decrypt on its id. Ids themselves are in deputy/resource.h.
 *
 * A descriptor is not signed. It says which key data is encrypted to and which node is asked to decrypt, so a
 * caller that knows the node's DID from elsewhere compares it with `node`.
 */
#ifndef DEPUTY_NETWORK_H
#define DEPUTY_NETWORK_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/resource.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEPUTY_NETWORK_ALGORITHM "x25519-aes256gcm/v1"
#define DEPUTY_NETWORK_DEFAULT "default"

#define DEPUTY_NETWORK_DECRYPT "tinycloud.encryption/decrypt"
#define DEPUTY_NETWORK_CREATE "tinycloud.encryption/network.create"
#define DEPUTY_NETWORK_REVOKE "tinycloud.encryption/network.revoke"

enum {
    DEPUTY_NETWORK_KEY_BYTES = 32, /* X25519 */
    DEPUTY_NETWORK_ID_MAX = 512    /* bytes of a whole id */
};

enum deputy_network_state {
    DEPUTY_NETWORK_PENDING,
    DEPUTY_NETWORK_GENERATING,
    DEPUTY_NETWORK_ACTIVE,
    DEPUTY_NETWORK_ROTATING,
    DEPUTY_NETWORK_REVOKED,
    DEPUTY_NETWORK_FAILED
};

/* "active", "revoked" ... Static. */
DEPUTY_EXPORT struct deputy_slice deputy_network_state_name(enum deputy_network_state state);

/*
 * The canonical id of the network `name` of an owner, as it must be written: the name matches
 * ^[a-z0-9][a-z0-9-]*$ and the owner is a DID. One error for each way to be none (DEPUTY_E_NETWORK_ID_… and
 * DEPUTY_E_NETWORK_NAME_FORM); DEPUTY_E_NETWORK when it is longer than DEPUTY_NETWORK_ID_MAX.
 */
DEPUTY_EXPORT enum deputy_error deputy_network_id_make(struct deputy_arena *arena, struct deputy_slice *id,
        struct deputy_slice owner, struct deputy_slice name);

/* The id of the network `default` of whoever owns the space: where its vault entries are encrypted to. */
DEPUTY_EXPORT enum deputy_error deputy_network_id_of_space(
        struct deputy_arena *arena, struct deputy_slice *id, struct deputy_slice space);

struct deputy_network_descriptor {
    struct deputy_slice id;    /* canonical */
    struct deputy_slice owner; /* canonical DID */
    struct deputy_slice name;
    struct deputy_slice node; /* DID of its first member; absent in a discovery record */
    struct deputy_slice algorithm;
    int64_t key_version;
    uint8_t public_key[DEPUTY_NETWORK_KEY_BYTES];
    enum deputy_network_state state;
    struct deputy_slice created; /* RFC 3339; absent when it is not told */
    struct deputy_slice updated;
};

/*
 * Reads the JSON of a descriptor, with or without the wrapper {"descriptor": …}, or of a discovery record,
 * and holds it against the id that was asked for: owner, name and the id itself. DEPUTY_E_NETWORK_DESCRIPTOR
 * with refusal->args[0] naming the member that is wrong.
 */
DEPUTY_EXPORT enum deputy_error deputy_network_descriptor_parse(struct deputy_arena *arena,
        struct deputy_network_descriptor *out, struct deputy_refusal *refusal, struct deputy_slice json,
        struct deputy_slice wanted);

/* DEPUTY_E_NETWORK_INACTIVE unless it can be used: state active or rotating, and an algorithm known here. */
DEPUTY_EXPORT enum deputy_error deputy_network_usable(const struct deputy_network_descriptor *descriptor);

/* {"descriptor": …}, and the discovery record of spec/04 section 8. */
DEPUTY_EXPORT enum deputy_error deputy_network_descriptor_build(struct deputy_arena *arena,
        struct deputy_slice *json, const struct deputy_network_descriptor *descriptor);
DEPUTY_EXPORT enum deputy_error deputy_network_record_build(struct deputy_arena *arena,
        struct deputy_slice *json, const struct deputy_network_descriptor *descriptor);

/* A request to create or to revoke a network: what its invocation must say beside the capability. */
struct deputy_network_order {
    struct deputy_slice network; /* canonical id */
    struct deputy_slice body;    /* to be sent; absent when revoking */
    struct deputy_slice facts;   /* JSON array for fct */
};

/* `node` is the DID of the node that is asked. Errors of deputy_network_id_make. */
DEPUTY_EXPORT enum deputy_error deputy_network_create_build(struct deputy_arena *arena,
        struct deputy_network_order *out, struct deputy_slice owner, struct deputy_slice name,
        struct deputy_slice node);
DEPUTY_EXPORT enum deputy_error deputy_network_revoke_build(struct deputy_arena *arena,
        struct deputy_network_order *out, struct deputy_slice network, struct deputy_slice node);

#ifdef __cplusplus
}
#endif

#endif
