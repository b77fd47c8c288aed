/*
 * Inline envelopes (spec/04 sections 3, 4 and 9): data under a key of its own, and that key wrapped to the
 * public key of a network. Writing needs nothing but the descriptor. Reading asks the network's node:
 *
 *     deputy_envelope_parse
 *     deputy_receiver_create                a fresh key pair for this one request
 *     deputy_decrypt_request_build    ->    body and facts; sign an invocation with the facts, POST the body
 *     deputy_decrypt_response_verify        the node's answer to just this request
 *     deputy_envelope_open            ->    the plaintext
 *
 * Nothing here reads a clock or makes randomness. Random bytes are the caller's and used once: a nonce must
 * never meet the same key twice. Each envelope has a content key of its own and each wrap an ephemeral key of
 * its own, so one key meets one nonce, and a repetition would need equal 256-bit keys as well.
 */
#ifndef DEPUTY_ENVELOPE_H
#define DEPUTY_ENVELOPE_H

#include <deputy/network.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DEPUTY_ENVELOPE_VERSION = 1,
    DEPUTY_ENVELOPE_MAX_BYTES = 64 * 1024 * 1024, /* of its JSON */
    DEPUTY_ENVELOPE_RANDOM_BYTES = 32 + 32 + 12 + 12,
    DEPUTY_WRAP_BYTES = 93,             /* a wrapped key */
    DEPUTY_DECRYPT_MAX_LIFETIME_S = 300 /* of the invocation */
};

struct deputy_envelope {
    struct deputy_slice network; /* id as written: the request must repeat it letter by letter */
    struct deputy_slice algorithm;
    int64_t key_version;
    struct deputy_slice wrapped;      /* base64 as written */
    struct deputy_slice wrapped_hash; /* lower-case hex; holds */
    struct deputy_slice ciphertext;   /* decoded: nonce, ciphertext, tag */
    struct deputy_slice aad;          /* decoded; absent for none. Not authenticated: told, never trusted */
    struct deputy_slice metadata;     /* JSON object; absent for none. Not authenticated either */
};

/* Reads and checks an envelope in the order of spec/04 section 4: DEPUTY_E_ENVELOPE. */
DEPUTY_EXPORT enum deputy_error deputy_envelope_parse(
        struct deputy_arena *arena, struct deputy_envelope *out, struct deputy_slice json);

/*
 * Encrypts to a network that is usable (DEPUTY_E_NETWORK_INACTIVE). aad: bytes, told and not authenticated;
 * metadata: a JSON object of texts; each absent for none. The bytes in `random` are the caller's to wipe.
 */
DEPUTY_EXPORT enum deputy_error deputy_envelope_seal(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_network_descriptor *network, struct deputy_slice plaintext,
        struct deputy_slice aad, struct deputy_slice metadata,
        const uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES]);

/* Who is to receive one content key: an X25519 pair in guarded memory, used for one request. */
struct deputy_receiver;
DEPUTY_EXPORT enum deputy_error deputy_receiver_create(
        struct deputy_receiver **out, const uint8_t random[32]);
/* Wipes and frees. NULL is allowed. */
DEPUTY_EXPORT void deputy_receiver_destroy(struct deputy_receiver *receiver);

/* One request. The invocation's audience is `target`, its one capability tinycloud.encryption/decrypt on
 * `network`, its fct the facts, and it ends within DEPUTY_DECRYPT_MAX_LIFETIME_S. */
struct deputy_decrypt_request {
    struct deputy_slice network;
    struct deputy_slice target; /* DID of the node */
    struct deputy_slice algorithm;
    int64_t key_version;
    struct deputy_slice wrapped_hash;
    struct deputy_slice receiver_hash;
    struct deputy_slice body; /* canonical JSON, POSTed as it is */
    struct deputy_slice body_hash;
    struct deputy_slice facts; /* JSON array */
};

DEPUTY_EXPORT enum deputy_error deputy_decrypt_request_build(struct deputy_arena *arena,
        struct deputy_decrypt_request *out, const struct deputy_envelope *envelope,
        const struct deputy_receiver *receiver, struct deputy_slice target);

/* An answer that was checked. Only such an answer opens an envelope. */
struct deputy_verified_response {
    struct deputy_slice wrapped; /* the content key, wrapped to the receiver */
};

/*
 * Is this the target node's answer to just this request (spec/04 section 9.8, in its order)? `authorization`
 * is the value of the header as it was sent. DEPUTY_E_RESPONSE, DEPUTY_E_RESPONSE_BINDING or
 * DEPUTY_E_RESPONSE_SIGNATURE, with refusal->args[0] naming the member.
 */
DEPUTY_EXPORT enum deputy_error deputy_decrypt_response_verify(struct deputy_arena *arena,
        struct deputy_verified_response *out, struct deputy_refusal *refusal,
        const struct deputy_decrypt_request *request, struct deputy_slice authorization,
        struct deputy_slice response);

/*
 * Opens the content key with the receiver, and the envelope with that. DEPUTY_E_RESPONSE when either does not
 * open. The plaintext lies in the arena and is the caller's to wipe.
 */
DEPUTY_EXPORT enum deputy_error deputy_envelope_open(struct deputy_arena *arena,
        struct deputy_slice *plaintext, struct deputy_refusal *refusal,
        const struct deputy_envelope *envelope, const struct deputy_receiver *receiver,
        struct deputy_verified_response response);

#ifdef __cplusplus
}
#endif

#endif
