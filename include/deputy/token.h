/*
 * What is said, and who signed it: a delegation, invocation or revocation, read once from an Authorization
 * header into an immutable view over the received bytes (spec/01 sections 4 to 10, spec/02 section 3).
 */
#ifndef DEPUTY_TOKEN_H
#define DEPUTY_TOKEN_H

#include <deputy/cid.h>
#include <deputy/did.h>
#include <deputy/resource.h>
#include <deputy/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of spec/02 section 14; beyond them a token is undecodable. */
enum {
    DEPUTY_TOKEN_MAX_BYTES = 384 * 1024,
    DEPUTY_TOKEN_MAX_CAPABILITIES = 512,
    DEPUTY_TOKEN_MAX_PROOFS = 16
};

enum deputy_token_kind { DEPUTY_TOKEN_UCAN, DEPUTY_TOKEN_CACAO };

/* Where the token was presented, which decides the forms that are read there (spec/01 section 10). */
enum deputy_token_use { DEPUTY_TOKEN_DELEGATION, DEPUTY_TOKEN_INVOCATION, DEPUTY_TOKEN_REVOCATION };

struct deputy_capability {
    struct deputy_resource resource;
    struct deputy_slice ability; /* as written; the comparison resolves aliases */
    struct deputy_slice caveats; /* the JSON array as signed; absent when it is [{}], no caveat */
};

/* From when until when; whether the ends belong to it depends on the form of the token (spec/02 section 2.6).
 */
struct deputy_window {
    bool has_not_before;
    bool has_expiry;
    struct deputy_time not_before;
    struct deputy_time expiry;
};

/* A proof as cited. A foreign CID is well formed but names nothing that we could know. */
struct deputy_proof {
    struct deputy_cid cid;
    bool foreign;
};

struct deputy_ucan;
struct deputy_cacao;

struct deputy_token {
    enum deputy_token_kind kind;
    struct deputy_slice bytes; /* what the CID covers: the JWT text, or the DAG-CBOR of a CACAO */
    struct deputy_cid cid;
    struct deputy_principal issuer;               /* who says it */
    struct deputy_principal audience;             /* to whom; for a CACAO revocation the text ucan:<cid> */
    const struct deputy_capability *capabilities; /* by resource as written, then ability, both bytewise */
    size_t capability_count;
    const struct deputy_proof *proofs; /* in signed order */
    size_t proof_count;
    struct deputy_window window;
    struct deputy_slice nonce;      /* nnc or SIWE nonce; absent when there is none */
    struct deputy_slice facts;      /* the JSON array fct as signed; absent when there is none */
    bool terminal;                  /* may be invoked, may not be a parent (spec/02 section 10) */
    const struct deputy_ucan *ucan; /* the form behind it: one of these two */
    const struct deputy_cacao *cacao;
};

/*
 * Reads the value of an Authorization header. The token points into the value and the arena, and lives as
 * long as the shorter of the two. An error names the first thing that is wrong with the bytes; nothing about
 * signature, time or authority has been looked at.
 */
DEPUTY_EXPORT enum deputy_error deputy_token_parse(struct deputy_arena *arena,
        const struct deputy_token **out, enum deputy_token_use use, struct deputy_slice header_value);

/* Reads stored token bytes: a CACAO's DAG-CBOR or a UCAN's text (spec/01 section 10, last item). */
DEPUTY_EXPORT enum deputy_error deputy_token_parse_bytes(
        struct deputy_arena *arena, const struct deputy_token **out, struct deputy_slice bytes);

/* A token whose signature was checked. Only such a token can be admitted. */
struct deputy_verified_token {
    const struct deputy_token *token;
};

/* DEPUTY_E_SIGNATURE whatever the reason. No network, no clock; the arena is for scratch. */
DEPUTY_EXPORT enum deputy_error deputy_token_verify(
        struct deputy_arena *arena, struct deputy_verified_token *out, const struct deputy_token *token);

/*
 * The identity of what the signer signed, whatever encoding it arrived in: BLAKE3 of header.payload for a
 * UCAN, of the EIP-191 message and the address for a CACAO (spec/02 section 7.4). A revoked digest revokes
 * all encodings.
 */
DEPUTY_EXPORT enum deputy_error deputy_token_signed_digest(
        struct deputy_arena *arena, uint8_t digest[32], const struct deputy_token *token);

#ifdef __cplusplus
}
#endif

#endif
