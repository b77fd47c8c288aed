/*
 * Decentralized identifiers and principals (spec/01 section 1, spec/02 section 2.2).
 *
 * A *principal* is who a DID (or DID URL) stands for: the DID without its fragment, where an Ethereum account
 * is the same in whatever letter case its address is written. Principals are compared, never their texts.
 */
#ifndef DEPUTY_DID_H
#define DEPUTY_DID_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/key.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

enum deputy_principal_kind {
    DEPUTY_PRINCIPAL_TEXT,    /* a text that is no DID, compared byte for byte */
    DEPUTY_PRINCIPAL_DID,     /* did:key and every other method, compared byte for byte */
    DEPUTY_PRINCIPAL_ETHEREUM /* did:pkh:eip155:<chain>:<address>, compared by value */
};

struct deputy_principal {
    enum deputy_principal_kind kind;
    struct deputy_slice id; /* without the fragment, and for the two kinds of DID without "did:", as a space
                               id writes its owner too; points into the input */
    uint64_t chain;         /* DEPUTY_PRINCIPAL_ETHEREUM only */
    uint8_t address[20];    /* DEPUTY_PRINCIPAL_ETHEREUM only */
};

/* The principal of a DID, DID URL or any other text. Never fails: what is no DID stands for itself. */
DEPUTY_EXPORT struct deputy_principal deputy_principal_of(struct deputy_slice text);

DEPUTY_EXPORT bool deputy_principal_equal(const struct deputy_principal *a, const struct deputy_principal *b);

/* The canonical text: EIP-55 address and decimal chain id for an Ethereum account, else as written. */
DEPUTY_EXPORT enum deputy_error deputy_principal_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_principal *principal);

/* A DID or DID URL, split. All slices point into the input. */
struct deputy_did {
    struct deputy_slice did;      /* did:method:id */
    struct deputy_slice method;   /* lower case */
    struct deputy_slice id;       /* method-specific id */
    struct deputy_slice path;     /* from the '/', absent when there is none */
    struct deputy_slice query;    /* after the '?', absent when there is none */
    struct deputy_slice fragment; /* after the '#', absent when there is none */
};

/* Syntax of spec/01 section 1.1; DEPUTY_E_DID otherwise. */
DEPUTY_EXPORT enum deputy_error deputy_did_parse(struct deputy_did *out, struct deputy_slice text);

/* A public key as a did:key carries it. */
struct deputy_public_key {
    enum deputy_key_kind kind;
    uint8_t bytes[33]; /* Ed25519: the first 32 */
    size_t len;
};

/*
 * The key of a did:key, which must be base58btc of an Ed25519, secp256k1 or P-256 key. DEPUTY_E_DID when it
 * is no did:key without path, query and fragment, DEPUTY_E_DID_KEY when what it encodes is no such key.
 */
DEPUTY_EXPORT enum deputy_error deputy_did_key_decode(struct deputy_public_key *out, struct deputy_slice did);
DEPUTY_EXPORT enum deputy_error deputy_did_key_format(
        struct deputy_arena *arena, struct deputy_slice *did, const struct deputy_public_key *key);

/* "0x" and 40 hex digits of any case; the checksum of the input is not looked at. Errors: DEPUTY_E_ADDRESS_….
 */
DEPUTY_EXPORT enum deputy_error deputy_address_parse(uint8_t address[20], struct deputy_slice text);
/* As deputy_address_parse, but each letter must have its EIP-55 case. */
DEPUTY_EXPORT enum deputy_error deputy_address_parse_strict(uint8_t address[20], struct deputy_slice text);
/* "0x" and 40 digits in EIP-55 form, without a NUL. */
DEPUTY_EXPORT void deputy_address_format(char out[42], const uint8_t address[20]);

/* did:pkh:eip155:<chain>:<EIP-55 address>. */
DEPUTY_EXPORT enum deputy_error deputy_did_pkh_format(
        struct deputy_arena *arena, struct deputy_slice *did, uint64_t chain, const uint8_t address[20]);

#ifdef __cplusplus
}
#endif

#endif
