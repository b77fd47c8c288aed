/*
 * The decision. One function says what a delegation or an invocation may do: deputy_chain_admit. Two small
 * ones beside it judge the tokens that grant nothing: revocations and questions for the status of a
 * delegation. Everything else in the tree asks them and acts on their decision alone (spec/02).
 *
 * All of them are pure: what they need to know of the store comes in as one snapshot, the moment as a value.
 * Their decisions live in the arena and point into the tokens.
 */
#ifndef DEPUTY_CHAIN_H
#define DEPUTY_CHAIN_H

#include <deputy/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a token is presented for. */
enum deputy_use {
    DEPUTY_USE_DELEGATE, /* to be stored as a delegation */
    DEPUTY_USE_INVOKE,   /* to be acted on now */
    DEPUTY_USE_DECRYPT,  /* to have something decrypted now */
    DEPUTY_USE_REVOKE,   /* to revoke a delegation: deputy_revocation_admit */
    DEPUTY_USE_STATUS    /* to ask how a delegation stands: deputy_status_admit */
};

/*
 * The most nodes of a closure: cited proofs and all their ancestors. A delegation that is to be stored counts
 * itself too, so that whoever holds it can still cite it (spec/02 section 11.1).
 */
enum { DEPUTY_CHAIN_MAX = 64, DEPUTY_CHAIN_MAX_DELEGATE = 63, DEPUTY_CHAIN_MAX_REVOKE = 128 };

/*
 * One stored delegation with its edges. Its signature was checked when it was stored, and that its bytes hash
 * to its CID when it was loaded; the edges are compared with its signed proofs here.
 */
struct deputy_link {
    const struct deputy_token *token; /* NULL: not found */
    const uint16_t *parents;          /* indices into the closure, one for each proof, in signed order */
    size_t parent_count;
    bool revoked; /* itself, or another encoding of what its signer signed */
};

/*
 * The cited proofs of a token, one link for each in signed order, and behind them every ancestor once: one
 * snapshot of the store.
 */
struct deputy_closure {
    const struct deputy_link *links;
    size_t count;
    size_t cited;
    bool over_limit; /* more nodes than the limit; then links is not complete */
};

struct deputy_rules {
    struct deputy_slice node_did; /* absent: no audience but the invoker itself is accepted */
    int64_t max_lifetime_s;       /* of an invocation, from now */
};

/* A capability that was admitted, and what admitted it. */
struct deputy_grant {
    const struct deputy_capability *capability;
    const struct deputy_token *by; /* the proof; NULL when the signer owns the resource */
    /*
     * Under what it must be executed: the constrained statements of spec/02 section 2.5.1, as a JSON array of
     * one value; absent when nothing is left to enforce. It is the token's own caveat, which was found to lie
     * inside that of `by`; nothing that the token cites beside it can change it (H2).
     */
    struct deputy_slice caveats;
};

/* Either a refusal (code not 0) or exactly what may be done; never both. */
struct deputy_decision {
    struct deputy_refusal refusal;
    const struct deputy_grant *grants; /* one for each capability of the token, in its order */
    size_t grant_count;
    bool has_end;
    /* The earliest end of the token and of the lineage that it depends on: nothing granted outlives it. */
    struct deputy_time ends;
};

/*
 * Decides on DEPUTY_USE_DELEGATE, DEPUTY_USE_INVOKE or DEPUTY_USE_DECRYPT (DEPUTY_E_ARGUMENT for other uses).
 * The return value is DEPUTY_OK when a decision was made, whichever it is; an error means that none could be
 * made (out of memory), and that is a no.
 */
DEPUTY_EXPORT enum deputy_error deputy_chain_admit(struct deputy_arena *arena, struct deputy_decision *out,
        enum deputy_use use, struct deputy_verified_token token, const struct deputy_closure *closure,
        const struct deputy_rules *rules, struct deputy_time now);

/*
 * The token's own window and, for an invocation, its lifetime: cheap questions to ask before the signature.
 * DEPUTY_OK, or the code with which the use is refused.
 */
DEPUTY_EXPORT enum deputy_error deputy_token_in_time(enum deputy_use use, const struct deputy_token *token,
        const struct deputy_rules *rules, struct deputy_time now);

/*
 * The CID that a revocation is about (spec/02 section 7.1): that of its one urn:cid: capability, whose
 * ability must be tinycloud.delegation/revoke, or of a SIWE message's URI ucan:<cid>.
 * DEPUTY_E_REVOCATION_TARGET when it names none at all, DEPUTY_E_UNAUTHORIZED_REVOKER when it was made for
 * something else, and DEPUTY_E_MISSING_PARENTS for a CID that nothing stored can have.
 */
DEPUTY_EXPORT enum deputy_error deputy_revocation_target(
        struct deputy_cid *out, const struct deputy_token *revocation);

/*
 * May this token revoke the target (spec/02 section 7.3)? `target` is NULL when it is not stored; the closure
 * is that of the revocation's own proofs. DEPUTY_OK is the yes; every other code is the reason of a no.
 */
DEPUTY_EXPORT enum deputy_error deputy_revocation_admit(struct deputy_verified_token revocation,
        const struct deputy_token *target, const struct deputy_closure *closure, struct deputy_time now);

/*
 * May this token learn how the delegation `cid` stands (spec/02 section 8)? `cid` is the text of the request,
 * which the token must name letter by letter; `target` is NULL when it is not stored. A stranger is refused
 * as if it were not (DEPUTY_E_STATUS_NOT_FOUND), so nobody learns what exists. The closure is that of the
 * token's own proofs; the answer is as for deputy_revocation_admit.
 */
DEPUTY_EXPORT enum deputy_error deputy_status_admit(struct deputy_verified_token question,
        struct deputy_slice cid, const struct deputy_token *target, const struct deputy_closure *closure,
        const struct deputy_rules *rules, struct deputy_time now);

enum deputy_standing {
    DEPUTY_STANDING_ACTIVE,
    DEPUTY_STANDING_REVOKED, /* itself or an ancestor */
    DEPUTY_STANDING_EXPIRED,
    DEPUTY_STANDING_UNAVAILABLE /* not yet valid, or its ancestors cannot all be looked at */
};

/* How the one delegation cited by the closure stands now. */
DEPUTY_EXPORT enum deputy_standing deputy_delegation_standing(
        const struct deputy_closure *closure, struct deputy_time now);

#ifdef __cplusplus
}
#endif

#endif
