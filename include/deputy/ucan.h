/* The UCAN JWT dialect of TinyCloud, version 0.10.0 (spec/01 section 8). */
#ifndef DEPUTY_UCAN_H
#define DEPUTY_UCAN_H

#include <deputy/key.h>
#include <deputy/token.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_ucan_grant {
    struct deputy_slice resource; /* a URI */
    struct deputy_slice ability;
    struct deputy_slice caveats; /* a JSON array of objects; absent for none */
};

/*
 * Two orders of members are in use: the tools that made the reference's fixtures sort them, the client
 * library does not (spec/05 section 8.2), and names the algorithm in the header's jwk only when the session
 * key's own JWK does. A reader does not look at the order; it decides only which bytes are signed.
 */
enum deputy_ucan_form { DEPUTY_UCAN_SORTED, DEPUTY_UCAN_CLIENT, DEPUTY_UCAN_CLIENT_WITH_ALGORITHM };

/* What a UCAN says. Resources and abilities are written sorted, whatever the order of grants. */
struct deputy_ucan_claims {
    enum deputy_ucan_form form;
    struct deputy_slice issuer;   /* DID or DID URL */
    struct deputy_slice audience; /* DID without fragment */
    double expiry;                /* seconds since 1970 */
    bool has_not_before;
    double not_before;
    struct deputy_slice nonce; /* absent for none */
    struct deputy_slice facts; /* a JSON array; absent for none */
    const struct deputy_cid *proofs;
    size_t proof_count;
    const struct deputy_ucan_grant *grants;
    size_t grant_count;
};

/*
 * Signs the claims. kid (absent for none) is the name of a session key, which SDKs put into the header's jwk.
 * What deputy_token_parse would not read is not signed: the error is the one that it would give. Numbers in
 * facts and caveats that canonical JSON would change are refused too.
 */
DEPUTY_EXPORT enum deputy_error deputy_ucan_build(struct deputy_arena *arena, struct deputy_slice *jwt,
        const struct deputy_key *key, struct deputy_slice kid, const struct deputy_ucan_claims *claims);

/* The parts of a UCAN that a reader may want to see; the rest is in the token. */
struct deputy_ucan {
    struct deputy_slice signed_text; /* header.payload */
    struct deputy_slice header;      /* decoded JSON */
    struct deputy_slice payload;     /* decoded JSON */
    struct deputy_slice algorithm;
    struct deputy_slice issuer;        /* DID URL as written */
    struct deputy_slice audience;      /* DID as written */
    struct deputy_slice jwk;           /* the header's jwk, absent when there is none */
    struct deputy_slice jwk_algorithm; /* the alg in it, absent when there is none */
    struct deputy_slice signature;     /* decoded */
    double expiry;
    bool has_not_before;
    double not_before;
};

#ifdef __cplusplus
}
#endif

#endif
