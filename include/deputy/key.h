/*
 * Private keys. A key lives in guarded memory, is wiped when it ends, and never leaves its handle.
 * Making a key is importing 32 random bytes.
 */
#ifndef DEPUTY_KEY_H
#define DEPUTY_KEY_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

enum deputy_key_kind { DEPUTY_KEY_ED25519, DEPUTY_KEY_SECP256K1, DEPUTY_KEY_P256 };

struct deputy_key;

/*
 * Takes 32 secret bytes: an Ed25519 seed (RFC 8032) or a scalar in 1..n-1 (DEPUTY_E_KEY otherwise). The bytes
 * are copied; wiping the caller's copy is the caller's. Ended with deputy_key_destroy.
 */
DEPUTY_EXPORT enum deputy_error deputy_key_import(
        struct deputy_key **out, enum deputy_key_kind kind, const uint8_t secret[32]);

/* Wipes and frees. NULL is allowed. */
DEPUTY_EXPORT void deputy_key_destroy(struct deputy_key *key);

DEPUTY_EXPORT enum deputy_key_kind deputy_key_kind(const struct deputy_key *key);

/* 32 bytes for Ed25519, else 33 (SEC1, compressed). Points into the key. */
DEPUTY_EXPORT struct deputy_slice deputy_key_public(const struct deputy_key *key);

/* The did:key of the public key, without a fragment (spec/01 section 1.2). */
DEPUTY_EXPORT enum deputy_error deputy_key_did(
        struct deputy_arena *arena, struct deputy_slice *did, const struct deputy_key *key);

/*
 * Signs a message as a JWS of the key's kind does: EdDSA, ES256K (low S) or ES256, always 64 bytes.
 * Deterministic for Ed25519 and secp256k1 (RFC 6979).
 */
DEPUTY_EXPORT enum deputy_error deputy_key_sign(
        uint8_t signature[64], const struct deputy_key *key, struct deputy_slice message);

/* An EIP-191 personal signature r, s, v (v = 27 or 28) by a secp256k1 key; DEPUTY_E_KEY for other kinds. */
DEPUTY_EXPORT enum deputy_error deputy_key_sign_eip191(
        uint8_t signature[65], const struct deputy_key *key, struct deputy_slice message);

/* The Ethereum address of a secp256k1 key; DEPUTY_E_KEY for other kinds. */
DEPUTY_EXPORT enum deputy_error deputy_key_address(uint8_t address[20], const struct deputy_key *key);

#ifdef __cplusplus
}
#endif

#endif
