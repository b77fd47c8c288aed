/* Sign-In with Ethereum messages (ERC-4361; spec/01 section 6). */
#ifndef DEPUTY_SIWE_H
#define DEPUTY_SIWE_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEPUTY_SIWE_MAX_RESOURCES = 64 };

/* Optional fields are absent slices. Times stay text: they are part of what is signed. */
struct deputy_siwe {
    struct deputy_slice scheme; /* optional */
    struct deputy_slice domain;
    uint8_t address[20];
    struct deputy_slice statement; /* optional, one line */
    struct deputy_slice uri;
    uint64_t chain_id;
    struct deputy_slice nonce;
    struct deputy_slice issued_at;
    struct deputy_slice expiration_time; /* optional */
    struct deputy_slice not_before;      /* optional */
    struct deputy_slice request_id;      /* optional */
    const struct deputy_slice *resources;
    size_t resource_count;
};

/* The message as the wallet shows and signs it. Every field is checked first: an error for what would not
 * parse. */
DEPUTY_EXPORT enum deputy_error deputy_siwe_build(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_siwe *siwe);

/* Strict: the text must be exactly what deputy_siwe_build makes of the result. */
DEPUTY_EXPORT enum deputy_error deputy_siwe_parse(
        struct deputy_arena *arena, struct deputy_siwe *out, struct deputy_slice text);

/*
 * Checks a 65-byte EIP-191 signature r, s, v over the text against an address (spec/01 section 6.4). v modulo
 * 27 is the recovery id; high S is refused. DEPUTY_E_SIGNATURE whatever is wrong.
 */
DEPUTY_EXPORT enum deputy_error deputy_eip191_verify(
        struct deputy_slice message, const uint8_t signature[65], const uint8_t address[20]);

/* Keccak-256 of the message behind its EIP-191 prefix. */
DEPUTY_EXPORT void deputy_eip191_digest(uint8_t digest[32], struct deputy_slice message);

#ifdef __cplusplus
}
#endif

#endif
