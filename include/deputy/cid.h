/*
 * Content identifiers (spec/01 section 5). Deputy uses one kind: CIDv1, codec raw, multihash BLAKE3-256; so a
 * CID is its digest.
 */
#ifndef DEPUTY_CID_H
#define DEPUTY_CID_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_cid {
    uint8_t digest[32];
};

enum deputy_cid_base {
    DEPUTY_CID_BASE32, /* b…, in UCANs and JSON */
    DEPUTY_CID_BASE58  /* z…, in ReCaps */
};

/* The CID of the bytes of a token. */
DEPUTY_EXPORT struct deputy_cid deputy_cid_of_bytes(struct deputy_slice bytes);

DEPUTY_EXPORT bool deputy_cid_equal(const struct deputy_cid *a, const struct deputy_cid *b);

/*
 * Base32 (b, lower case) or base58btc (z) text. DEPUTY_E_CID when it is no CID at all, DEPUTY_E_CID_FOREIGN
 * when it is a well-formed CID of another version, codec or hash: such a CID names nothing here.
 */
DEPUTY_EXPORT enum deputy_error deputy_cid_parse(struct deputy_cid *out, struct deputy_slice text);

DEPUTY_EXPORT enum deputy_error deputy_cid_format(struct deputy_arena *arena, struct deputy_slice *text,
        const struct deputy_cid *cid, enum deputy_cid_base base);

#ifdef __cplusplus
}
#endif

#endif
