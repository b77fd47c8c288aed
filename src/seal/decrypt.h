/*
 * Decrypt requests as a node reads and judges them, and as both sides write them (spec/04 sections 9.1 to
 * 9.5). That somebody may decrypt at all was decided before, by deputy_chain_admit; here it is only found out
 * whether the body and the facts ask for just that.
 */
#ifndef SEAL_DECRYPT_H
#define SEAL_DECRYPT_H

#include "base/json.h"
#include <deputy/envelope.h>
#include <deputy/token.h>

#define DECRYPT_REQUEST_TYPE "tinycloud.encryption.decrypt/v1"
#define DECRYPT_RESPONSE_TYPE "tinycloud.encryption.decrypt-result/v1"
#define NETWORK_ADMIN_TYPE "tinycloud.encryption.network-admin/v1"

/* Exactly these nine members. */
struct decrypt_body {
    struct deputy_slice type;
    struct deputy_slice target;
    struct deputy_slice network;
    struct deputy_slice algorithm;
    int64_t key_version;
    struct deputy_slice wrapped; /* base64 text, as the next but one */
    struct deputy_slice wrapped_hash;
    struct deputy_slice receiver;
    struct deputy_slice receiver_hash;
    struct deputy_slice hash; /* of the body, computed */
};

/* DEPUTY_E_DECRYPT_JSON, or DEPUTY_E_DECRYPT_MALFORMED with the detail in refusal->args[0]. */
enum deputy_error decrypt_body_parse(struct deputy_arena *arena, struct decrypt_body *out,
        struct deputy_refusal *refusal, struct deputy_slice json);

/* The canonical JSON of a body, without hash. */
enum deputy_error decrypt_body_build(
        struct deputy_arena *arena, struct deputy_slice *json, const struct decrypt_body *body);

/* Exactly these eight members. */
struct decrypt_facts {
    struct deputy_slice type;
    struct deputy_slice target;
    struct deputy_slice network;
    struct deputy_slice algorithm;
    int64_t key_version;
    struct deputy_slice wrapped_hash;
    struct deputy_slice receiver_hash;
    struct deputy_slice body_hash;
};

/* The first of the invocation's facts (the array fct as signed) that are such facts; *found. */
enum deputy_error decrypt_facts_find(
        struct deputy_arena *arena, struct decrypt_facts *out, bool *found, struct deputy_slice facts);

/* What is asked for: `network` is the canonical id of the request's path, `node` our DID. */
struct decrypt_claim {
    struct deputy_slice node;
    struct deputy_slice network;
    struct decrypt_body body;
    struct decrypt_facts facts;
};

/* Rows 6, 8 and 9 of spec/04 section 9.5: type, target node, network. */
enum deputy_error decrypt_check_names(const struct decrypt_claim *claim);

/*
 * Rows 10 and 11, for decrypting and for the administration of networks: what was admitted first for the
 * ability (NULL: nothing) is on the network.
 */
enum deputy_error network_grant_check(const struct deputy_capability *admitted, struct deputy_slice network);

/* Rows 13 to 15: the state of the network, its algorithm and the version of its key. */
enum deputy_error decrypt_check_network(const struct decrypt_claim *claim, struct deputy_refusal *refusal,
        const struct deputy_network_descriptor *network);

/* Rows 16 and 17: whole seconds, and no more than DEPUTY_DECRYPT_MAX_LIFETIME_S from now. */
enum deputy_error decrypt_check_time(const struct deputy_window *window, struct deputy_time now);

/* What is opened, and for whom. */
struct decrypt_material {
    struct deputy_slice wrapped;
    struct deputy_slice receiver;
};

/* Rows 18 to 21: base64 and the three hashes; decodes both keys. */
enum deputy_error decrypt_check_hashes(struct deputy_arena *arena, struct decrypt_material *out,
        struct deputy_refusal *refusal, const struct decrypt_claim *claim);

/*
 * Row 22: opens the wrapped key with the network's private key and wraps it to the receiver.
 * DEPUTY_E_DECRYPT_KEY with the reason. `random`: WRAP_RANDOM_BYTES of wrap.h, used once.
 */
enum deputy_error decrypt_rewrap(uint8_t out[DEPUTY_WRAP_BYTES], struct deputy_refusal *refusal,
        const struct decrypt_material *material, const uint8_t secret[32], const uint8_t *random);

/* What a request is called in its answer and in its record. */
struct decrypt_names {
    struct deputy_slice invocation; /* its CID as text */
    struct deputy_slice request;    /* requestHash */
};

/* Of the invocation and the hash of the body that it tells of, which row 21 finds equal to the body's own. */
enum deputy_error decrypt_names_make(struct deputy_arena *arena, struct decrypt_names *out,
        const struct deputy_cid *invocation, const struct decrypt_claim *claim);

/* Row 23: the response, signed by the node. */
enum deputy_error decrypt_response_build(struct deputy_arena *arena, struct deputy_slice *json,
        const struct decrypt_claim *claim, const struct decrypt_names *names,
        const uint8_t wrapped[DEPUTY_WRAP_BYTES], const struct deputy_key *key);

/* ---- administration ---- */

struct network_create_body {
    struct deputy_slice name;
    struct deputy_slice owner;
    struct deputy_slice hash;
};

/* DEPUTY_E_NETWORK_BODY with what is wrong: shape, or another threshold than one of one. */
enum deputy_error network_create_parse(struct deputy_arena *arena, struct network_create_body *out,
        struct deputy_refusal *refusal, struct deputy_slice json);

struct network_admin {
    struct deputy_slice node;    /* our DID */
    struct deputy_slice network; /* canonical id */
    const char *ability;
    struct deputy_slice body_hash;
};

/* The hash of the body that a revocation does not have. */
enum deputy_error network_no_body_hash(struct deputy_arena *arena, struct deputy_slice *hash);

/* Rows 3 to 11 of spec/04 section 7.2, without row 5, on the token that was admitted, and what was admitted
 * first for the ability. */
enum deputy_error network_admin_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct network_admin *admin, const struct deputy_capability *admitted,
        const struct deputy_token *token);

#endif
