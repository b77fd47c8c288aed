/*
 * Identities as app developers write them, with the texts that they know when something is wrong (spec/05
 * section 14). What decides about authority compares principals (did.h), which is stricter.
 */
#ifndef DEPUTY_IDENTITY_H
#define DEPUTY_IDENTITY_H

#include <deputy/did.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An account of an EIP-155 chain. */
struct deputy_account {
    uint64_t chain;
    uint8_t address[20];
};

/* An address in any letter case, and a chain id as a JSON number gives it. */
DEPUTY_EXPORT enum deputy_error deputy_account_make(struct deputy_arena *arena, struct deputy_account *out,
        struct deputy_refusal *refusal, struct deputy_slice address, double chain);

/* The canonical DID of a DID or DID URL: without fragment, an Ethereum account in EIP-55 form. */
DEPUTY_EXPORT enum deputy_error deputy_identity_did(struct deputy_arena *arena, struct deputy_slice *did,
        struct deputy_refusal *refusal, struct deputy_slice text);

/* An encryption network's id in parts, and in its canonical form. */
struct deputy_network_id {
    struct deputy_slice owner;
    struct deputy_slice name;
    struct deputy_slice canonical;
};

DEPUTY_EXPORT enum deputy_error deputy_network_id_parse(struct deputy_arena *arena,
        struct deputy_network_id *out, struct deputy_refusal *refusal, struct deputy_slice text);

#ifdef __cplusplus
}
#endif

#endif
