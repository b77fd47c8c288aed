/*
 * A session: one signature of a wallet gives a session key authority, and the key passes parts of it on or
 * uses it (spec/05 sections 5 to 8, spec/01 section 11).
 *
 *     deputy_session_prepare -> the one text for the wallet
 *     deputy_session_complete(signature) -> the session; POST its header to /delegate
 *     deputy_session_delegate -> a child for a backend, as often as needed, without the wallet
 *     deputy_session_invoke -> the header of a request
 *
 * Nothing here reads a clock or makes randomness: both are arguments. Keys are borrowed and must outlive the
 * session; everything else lives in the arena or points into the inputs.
 */
#ifndef DEPUTY_SESSION_H
#define DEPUTY_SESSION_H

#include <deputy/cid.h>
#include <deputy/key.h>
#include <deputy/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An end of a session nearer than this lets no child be made. */
enum { DEPUTY_SESSION_MARGIN_MS = 60000 };

/* Who signs in where, and until when. Times are ISO texts and are signed as they stand. */
struct deputy_sign_in {
    struct deputy_account account;
    struct deputy_slice domain;
    struct deputy_slice nonce; /* at least 8 letters or digits; deputy_nonce_make makes one */
    struct deputy_slice issued_at;
    struct deputy_slice expiration_time;
    struct deputy_slice not_before; /* absent for none */
};

/* 17 letters and digits out of 32 random bytes. */
DEPUTY_EXPORT enum deputy_error deputy_nonce_make(
        struct deputy_arena *arena, struct deputy_slice *nonce, const uint8_t random[32]);

/* urn:uuid:… of version 4 out of 16 random bytes. */
DEPUTY_EXPORT enum deputy_error deputy_uuid_make(
        struct deputy_arena *arena, struct deputy_slice *urn, const uint8_t random[16]);

/* The two times of a sign-in: now, and now plus the lifetime cut to whole milliseconds. */
DEPUTY_EXPORT enum deputy_error deputy_sign_in_times(struct deputy_arena *arena,
        struct deputy_sign_in *sign_in, struct deputy_time now, double lifetime_ms);

/* A session key and how its JWK is written. */
struct deputy_session_key {
    const struct deputy_key *key; /* Ed25519 */
    struct deputy_slice kid;      /* absent for none */
    bool names_algorithm;         /* the JWK has a member alg */
    struct deputy_slice did;      /* without fragment */
    struct deputy_slice did_url;  /* with fragment: the verification method */
};

/* Fills the DIDs of a key. */
DEPUTY_EXPORT enum deputy_error deputy_session_key_make(struct deputy_arena *arena,
        struct deputy_session_key *out, const struct deputy_key *key, struct deputy_slice kid);

/*
 * Reads the key from its private JWK (spec/01 section 11). The caller ends *key with deputy_key_destroy and
 * wipes the JSON.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_key_import(struct deputy_arena *arena,
        struct deputy_session_key *out, struct deputy_key **key, struct deputy_slice jwk);

/* The text that the wallet signs with personal_sign: one for the whole plan. */
DEPUTY_EXPORT enum deputy_error deputy_session_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_refusal *refusal, const struct deputy_session_key *key, const struct deputy_plan *plan,
        const struct deputy_sign_in *sign_in);

/* The text with which a space is hosted on the node `peer` (spec/05 section 6); sign_in's end is not used. */
DEPUTY_EXPORT enum deputy_error deputy_host_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_refusal *refusal, struct deputy_slice space, struct deputy_slice peer,
        const struct deputy_sign_in *sign_in);

/* A signed message as it is sent. */
struct deputy_signed_message {
    struct deputy_slice header; /* the value of Authorization */
    struct deputy_cid cid;
};

/* Checks the signature (r, s, v) over the text by its own address, and makes the CACAO. */
DEPUTY_EXPORT enum deputy_error deputy_message_complete(struct deputy_arena *arena,
        struct deputy_signed_message *out, struct deputy_slice siwe, const uint8_t signature[65]);

/* A delegation under which one may act. What is held was read from signed bytes. */
struct deputy_authority {
    struct deputy_cid cid;
    struct deputy_slice header;
    struct deputy_slice space;      /* id of the space to work in */
    struct deputy_permissions held; /* one entry an ability, by space, service and path */
    bool has_expiry;
    struct deputy_time expiry;
};

struct deputy_session {
    struct deputy_session_key key;
    struct deputy_account owner; /* whose spaces short names stand for */
    struct deputy_authority authority;
    const struct deputy_authority *grants; /* more of it for the same key, granted later */
    size_t grant_count;
    struct deputy_slice additional_spaces; /* JSON object of labels and ids; absent for none */
};

/*
 * The session that a signature makes, working in `space` (the plan's). A signature that is not the wallet's
 * and a text for another key are refused.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_complete(struct deputy_arena *arena,
        struct deputy_session *out, const struct deputy_session_key *key, struct deputy_slice space,
        struct deputy_slice siwe, const uint8_t signature[65]);

/* What a signed SIWE text grants, one entry an ability, by space, service and path. */
DEPUTY_EXPORT enum deputy_error deputy_siwe_permissions(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_slice siwe);

/*
 * The session as JSON (spec/01 section 11): delegationHeader, delegationCid, jwk, spaceId,
 * verificationMethod. The result holds the seed: it is the caller's to wipe, and to keep where nobody reads.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_save(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_session *session, const uint8_t seed[32]);

/*
 * Reads it back and verifies everything again: key, signature, CID, spaces and time (spec/05 section 6); also
 * address, chainId, siwe and signature where the JSON has them, as the client library stores them. The caller
 * ends *key with deputy_key_destroy, also when this fails (it is NULL when there is none), and wipes the
 * JSON.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_load(struct deputy_arena *arena, struct deputy_session *out,
        struct deputy_key **key, struct deputy_slice json, struct deputy_time now);

/* What is passed on, to whom, and for how long. */
struct deputy_delegation_order {
    struct deputy_slice audience;          /* a DID without fragment */
    struct deputy_permissions permissions; /* as for deputy_permissions_expand; paths are whole */
    double lifetime_ms;        /* DEPUTY_LIFETIME_SESSION_MS is usual; capped to the session's end */
    struct deputy_slice facts; /* a JSON array; absent for none */
    struct deputy_slice host;  /* of the node, named in the result; absent for none */
};

struct deputy_portable;

/*
 * A child for the order's audience, signed by the session key: one space and any networks. Refused: what the
 * session does not hold (refusal->code DEPUTY_E_NOT_HELD, and *missing what it is), caveats, more than one
 * space, a session that is over within a minute. `missing` may be NULL.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_delegate(struct deputy_arena *arena,
        struct deputy_portable *out, struct deputy_refusal *refusal, struct deputy_permissions *missing,
        const struct deputy_session *session, const struct deputy_delegation_order *order,
        struct deputy_slice nonce, struct deputy_time now);

/* The permissions of each space apart, networks apart too: an order for each (spec/05 section 8.6). */
DEPUTY_EXPORT enum deputy_error deputy_permissions_by_space(struct deputy_arena *arena,
        struct deputy_permissions **groups, size_t *count, struct deputy_permissions permissions);

/* One thing to be done. */
struct deputy_action {
    struct deputy_slice space;   /* id; absent: the session's */
    struct deputy_slice service; /* short */
    struct deputy_slice path;    /* absent: the whole service; of encryption: the network's URN */
    struct deputy_slice action;  /* URN */
};

/*
 * The header of a request that does the actions, signed by the key under the authority. It ends
 * lifetime_ms from now, 30 s to one hour.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_invoke(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_authority *authority,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_time now);

/*
 * The same for what only the node `node` may answer: its DID is the audience, as requests about encryption
 * networks need it (spec/04 section 7.1).
 */
DEPUTY_EXPORT enum deputy_error deputy_session_ask(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_authority *authority,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_slice node, struct deputy_time now);

/* Which authority of the session covers the wanted (expanded) permissions at that moment; NULL: none does. */
DEPUTY_EXPORT enum deputy_error deputy_session_select(struct deputy_arena *arena,
        const struct deputy_authority **out, const struct deputy_session *session,
        struct deputy_permissions wanted, struct deputy_time now);

#ifdef __cplusplus
}
#endif

#endif
