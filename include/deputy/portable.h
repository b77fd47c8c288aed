/*
 * Portable delegations: a signed token wrapped in JSON for people and clients (spec/05 sections 8.3, 10, 11).
 *
 * The wrapper has no authority. What may be done, by whom and until when is read from the signed bytes, and a
 * wrapper that says anything else is refused.
 */
#ifndef DEPUTY_PORTABLE_H
#define DEPUTY_PORTABLE_H

#include <deputy/session.h>
#include <deputy/token.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEPUTY_PORTABLE_MAX_BYTES = 256 * 1024, DEPUTY_PORTABLE_MAX_RESOURCES = 256 };

/* Where a wrapper lists its resources: beside path and actions, nowhere, or at its end. */
enum deputy_wrapper { DEPUTY_WRAPPER_PLAIN, DEPUTY_WRAPPER_FLAT, DEPUTY_WRAPPER_LAST };

/* As it is written. Services of resources are short names; a network's space is "encryption". */
struct deputy_portable {
    struct deputy_slice json;            /* the whole object, compact */
    struct deputy_slice header;          /* the value of Authorization, without any "Bearer " */
    struct deputy_slice cid;             /* base32 */
    struct deputy_slice space;           /* id */
    struct deputy_permissions resources; /* of the flat form: its actions by service */
    struct deputy_permission mirror;     /* path and actions as they stand beside the resources */
    enum deputy_wrapper form;            /* LAST only matters to who writes */
    bool disable_sub_delegation;         /* a hint: it is not signed */
    struct deputy_time expiry;
    struct deputy_slice delegate; /* DID */
    struct deputy_slice owner_address;
    double chain;
    bool has_chain;
    struct deputy_slice host;      /* absent for none */
    struct deputy_slice companion; /* JSON of a second delegation for the public space; absent for none */
};

/* What the signed bytes say, their signature checked. */
struct deputy_delegation {
    struct deputy_authority authority; /* its space is that of the first resource in one, absent for none */
    struct deputy_account owner;       /* whose space or network it is; chain 0 when it is no account's */
    struct deputy_slice issuer;        /* DID as signed */
    struct deputy_slice audience;      /* DID as signed */
    const struct deputy_proof *proofs;
    size_t proof_count;
    bool caveated;  /* some ability is held under a caveat only */
    bool has_depth; /* a redelegation depth is signed */
    int64_t depth;  /* what is left of it */
    bool terminal;  /* the token may not be a parent */
};

/* Reads the wrapper alone: types, and nothing believed yet. Unknown members are kept in `json`. */
DEPUTY_EXPORT enum deputy_error deputy_portable_read(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_refusal *refusal, struct deputy_slice json);

/*
 * What the wrapped token says. The wrapper must say the same: CID, expiry, audience, space, owner, resources
 * and their mirror in path and actions; and the signature must be good. Nothing is said about the lineage:
 * the node decides, or deputy_chain_admit. UCAN and CACAO forms, with and without `resources`.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_verify(struct deputy_arena *arena,
        struct deputy_delegation *out, struct deputy_refusal *refusal,
        const struct deputy_portable *portable);

/* Both. */
DEPUTY_EXPORT enum deputy_error deputy_portable_parse(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_delegation *signed_part, struct deputy_refusal *refusal, struct deputy_slice json);

/* The delegation as JSON out of signed bytes alone, as a receiver keeps it; host absent for none. */
DEPUTY_EXPORT enum deputy_error deputy_delegation_format(struct deputy_arena *arena,
        struct deputy_slice *json, const struct deputy_delegation *delegation, struct deputy_slice host);

/* Writes the wrapper of a token: all members are the caller's but json and cid, which are filled. */
DEPUTY_EXPORT enum deputy_error deputy_portable_build(
        struct deputy_arena *arena, struct deputy_portable *portable);

/* Several serialized delegations as one text: alone when it is one, else a bundle (spec/05 section 8.6). */
DEPUTY_EXPORT enum deputy_error deputy_bundle_format(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_portable *portables, size_t count);

/* The serialized delegations of a text that holds one or a bundle. */
DEPUTY_EXPORT enum deputy_error deputy_bundle_split(
        struct deputy_arena *arena, struct deputy_slice **parts, size_t *count, struct deputy_slice json);

/* The same where a bundle carries one of these formats: each application has its own. */
DEPUTY_EXPORT enum deputy_error deputy_bundle_split_of(struct deputy_arena *arena,
        struct deputy_slice **parts, size_t *count, struct deputy_slice json,
        const struct deputy_slice *formats, size_t format_count);

/* How a delegation is received: by a backend on its intake, by a key that holds nothing else, or by a session
 * as one more grant. The rules are the same; texts differ, and only the first insists on a UCAN and a host.
 */
enum deputy_receiving { DEPUTY_RECEIVE_VALIDATED, DEPUTY_RECEIVE_KEY, DEPUTY_RECEIVE_RUNTIME };

/*
 * A receiver takes a delegation into use with its own key, in the order and with the texts of spec/05
 * section 10.3: nothing is minted, requests are made under the received token itself. Refused besides what
 * deputy_portable_verify refuses: a host that is not the expected one, another audience, an empty proof list
 * and what is over. An absent expected host is any host, but not on an intake.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_activate(struct deputy_arena *arena,
        struct deputy_delegation *out, struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, enum deputy_receiving receiving,
        struct deputy_slice expected_host, struct deputy_time now);

/* The same for a token that comes with its CID alone. */
DEPUTY_EXPORT enum deputy_error deputy_compact_activate(struct deputy_arena *arena,
        struct deputy_delegation *out, struct deputy_refusal *refusal, const struct deputy_session_key *key,
        struct deputy_slice authorization, struct deputy_slice cid, struct deputy_time now);

/*
 * For a receiver that is an Ethereum account: the text with which its wallet hands the delegation to its own
 * session key, for at most an hour. deputy_session_complete makes the session of it, in the delegation's
 * space. Of sign_in the account, domain and nonce are used.
 */
DEPUTY_EXPORT enum deputy_error deputy_portable_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_delegation *out, struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, struct deputy_slice expected_host,
        const struct deputy_sign_in *sign_in, struct deputy_time now);

#ifdef __cplusplus
}
#endif

#endif
