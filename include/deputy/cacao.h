/* CACAO: a signed SIWE message as DAG-CBOR (spec/01 section 9). */
#ifndef DEPUTY_CACAO_H
#define DEPUTY_CACAO_H

#include <deputy/siwe.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_cacao {
    struct deputy_siwe siwe;
    struct deputy_slice issuer; /* did:pkh:eip155:… as written */
    uint8_t signature[65];      /* r, s, v */
};

/*
 * The DAG-CBOR bytes; the CID is over these. The issuer is written from the message's chain and address. The
 * nonce may be shorter than the text form asks for; DEPUTY_E_CACAO for chain 0 and for another v than those
 * below, else the errors of deputy_siwe_build.
 */
DEPUTY_EXPORT enum deputy_error deputy_cacao_build(struct deputy_arena *arena, struct deputy_slice *bytes,
        const struct deputy_siwe *siwe, const uint8_t signature[65]);

/*
 * Strict: one canonical encoding, no unknown members, v one of 0, 1, 27, 28, nothing that the message could
 * not carry. The letter case of the issuer's address is free.
 */
DEPUTY_EXPORT enum deputy_error deputy_cacao_parse(
        struct deputy_arena *arena, struct deputy_cacao *out, struct deputy_slice bytes);

/* The header form: base64url with padding. */
DEPUTY_EXPORT enum deputy_error deputy_cacao_header(
        struct deputy_arena *arena, struct deputy_slice *header_value, struct deputy_slice bytes);

#ifdef __cplusplus
}
#endif

#endif
