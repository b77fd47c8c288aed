/*
 * Delegations for which a wallet signs itself, after the sign-in (spec/05 sections 8.4, 8.5, 8.7). Each
 * function gives what to sign; deputy_wallet_portable wraps the signed message.
 */
#ifndef DEPUTY_WALLET_H
#define DEPUTY_WALLET_H

#include <deputy/portable.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One message to be signed, and what its wrapper will say. */
struct deputy_wallet_order {
    struct deputy_slice siwe;
    struct deputy_slice audience; /* the message's URI: a DID, or the DID URL of the session key */
    struct deputy_slice space;
    struct deputy_permissions resources;
    struct deputy_time expiry;
    struct deputy_account owner; /* of the space */
};

/* What a session is to hold beyond its sign-in, an order a space: networks go with the first. */
struct deputy_escalation {
    struct deputy_permissions permissions; /* as for deputy_permissions_expand */
    double lifetime_ms;                    /* capped to the session's end */
    struct deputy_slice domain;
    const struct deputy_slice *nonces; /* one for each message, as many as there are spaces */
    size_t nonce_count;
};

/*
 * Messages of the wallet to the session's own key. *count is 0 when the session holds everything already.
 * Caveats are refused, and *caveated says whose.
 */
DEPUTY_EXPORT enum deputy_error deputy_session_escalate(struct deputy_arena *arena,
        struct deputy_wallet_order **orders, size_t *count, struct deputy_refusal *refusal,
        struct deputy_permissions *caveated, const struct deputy_session *session,
        const struct deputy_escalation *escalation, struct deputy_time now);

/* The grant that such a signed message is, to be added to the session's grants. */
DEPUTY_EXPORT enum deputy_error deputy_wallet_authority(struct deputy_arena *arena,
        struct deputy_authority *out, const struct deputy_wallet_order *order,
        const struct deputy_signed_message *message);

/* One path of the session's space for somebody else, signed by the wallet under the session's message. */
struct deputy_wallet_request {
    struct deputy_slice audience;
    struct deputy_slice space; /* name or id; absent: the session's */
    struct deputy_slice path;
    const struct deputy_slice *actions; /* URNs of kv, sql and duckdb */
    size_t action_count;
    double lifetime_ms;
    struct deputy_slice domain;
    struct deputy_slice nonce;
};

DEPUTY_EXPORT enum deputy_error deputy_wallet_delegate(struct deputy_arena *arena,
        struct deputy_wallet_order *out, struct deputy_refusal *refusal, const struct deputy_session *session,
        const struct deputy_wallet_request *request, struct deputy_time now);

/* A part of what a wallet received, passed on by it. */
struct deputy_sub_delegation {
    struct deputy_slice audience;
    struct deputy_permissions resources; /* short services; an absent space is the parent's */
    double lifetime_ms;                  /* capped to the parent's end */
    struct deputy_slice domain;
    struct deputy_slice nonce;
};

/*
 * The parent's wrapper is checked against its signed bytes, and what is passed on lies in those. `account` is
 * the wallet's, NULL when the receiver has none. Caveats are refused, and *caveated says whose.
 */
DEPUTY_EXPORT enum deputy_error deputy_sub_delegate(struct deputy_arena *arena,
        struct deputy_wallet_order *out, struct deputy_refusal *refusal, struct deputy_permissions *caveated,
        const struct deputy_account *account, const struct deputy_portable *parent,
        const struct deputy_sub_delegation *request, struct deputy_time now);

/* The wrapper of the signed message; host and companion may be absent. The client library writes messages of
 * deputy_session_escalate plain, those of deputy_wallet_delegate flat, those of deputy_sub_delegate with the
 * resources last. */
DEPUTY_EXPORT enum deputy_error deputy_wallet_portable(struct deputy_arena *arena,
        struct deputy_portable *out, const struct deputy_wallet_order *order,
        const struct deputy_signed_message *message, enum deputy_wrapper form, bool disable_sub_delegation,
        struct deputy_slice host, struct deputy_slice companion);

#ifdef __cplusplus
}
#endif

#endif
