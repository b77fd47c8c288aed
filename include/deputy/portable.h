/*
 * Portable delegations: a signed token wrapped in JSON for people and clients (spec/05 sections 8.3, 10, 11).
 *
 * The wrapper has no authority. What may be done, by whom and until when is read from the signed bytes, and a
 * wrapper that says anything else is refused.
 */
#ifndef DEPUTY_PORTABLE_H
#define DEPUTY_PORTABLE_H

#include <deputy/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEPUTY_PORTABLE_MAX_BYTES = 256 * 1024, DEPUTY_PORTABLE_MAX_RESOURCES = 256 };

/* As it is written. Services of resources are short names; a network's space is "encryption". */
struct deputy_portable {
    struct deputy_slice json;            /* the whole object, compact */
    struct deputy_slice header;          /* the value of Authorization, without any "Bearer " */
    struct deputy_slice cid;             /* base32 */
    struct deputy_slice space;           /* id */
    struct deputy_permissions resources; /* of the flat form: its actions by service */
    bool flat;                           /* one path and its actions, without the member resources */
    bool disable_sub_delegation;         /* a hint: it is not signed */
    struct deputy_time expiry;
    struct deputy_slice delegate; /* DID */
    struct deputy_slice owner_address;
    double chain;
    struct deputy_slice host;      /* absent for none */
    struct deputy_slice companion; /* JSON of a second delegation for the public space; absent for none */
};

/* What the signed bytes say, their signature checked. */
struct deputy_delegation {
    struct deputy_authority authority;
    struct deputy_account owner;  /* of the space; an account, or nobody: chain 0 */
    struct deputy_slice issuer;   /* DID as signed */
    struct deputy_slice audience; /* DID as signed */
    const struct deputy_cid *proofs;
    size_t proof_count;
    bool caveated;
    bool terminal;             /* the token may not be a parent */
    struct deputy_slice depth; /* what is left of the redelegation depth, as signed; absent for no limit */
};

/*
 * Reads a wrapper and checks it against its token: CID, expiry, audience, space and resources must be those
 * that were signed, and the signature must be good. Nothing is said about the lineage: the node decides, or
 * deputy_chain_admit. UCAN and CACAO forms, with and without `resources`.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_parse(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_delegation *signed_part, struct deputy_refusal *refusal, struct deputy_slice json);

/* Writes the wrapper of a token: all members are the caller's but json and cid, which are filled. */
DEPUTY_EXPORT enum deputy_error deputy_portable_build(
        struct deputy_arena *arena, struct deputy_portable *portable);

/* Several serialized delegations as one text: alone when it is one, else a bundle (spec/05 section 8.6). */
DEPUTY_EXPORT enum deputy_error deputy_bundle_format(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_portable *portables, size_t count);

/* The serialized delegations of a text that holds one or a bundle. */
DEPUTY_EXPORT enum deputy_error deputy_bundle_split(
        struct deputy_arena *arena, struct deputy_slice **parts, size_t *count, struct deputy_slice json);

/*
 * A receiver takes a delegation into use with its own key. `now` decides whether it is over. For a key of its
 * own the result is what to invoke under at once: the received token itself. Refused: another audience, an
 * empty proof list, a host in the wrapper that is not the expected one.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_activate(struct deputy_arena *arena,
        struct deputy_authority *out, struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, const struct deputy_delegation *signed_part,
        struct deputy_slice expected_host, struct deputy_time now);

/*
 * For a receiver that is an Ethereum account: the text with which its wallet hands the delegation to its own
 * session key for at most an hour. deputy_session_complete makes the session of it.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, const struct deputy_delegation *signed_part,
        const struct deputy_sign_in *sign_in, struct deputy_time now);

#ifdef __cplusplus
}
#endif

#endif
