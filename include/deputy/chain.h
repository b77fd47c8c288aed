/*
 * The decision. One function says what a token may do: deputy_chain_admit. Everything else in the tree asks
 * it and acts on its decision alone (spec/02).
 */
#ifndef DEPUTY_CHAIN_H
#define DEPUTY_CHAIN_H

#include <deputy/token.h>

#ifdef __cplusplus
extern "C" {
#endif

enum deputy_use {
    DEPUTY_USE_DELEGATE, /* may it be stored as a delegation? */
    DEPUTY_USE_INVOKE,   /* may it be acted on now? */
    DEPUTY_USE_STATUS,   /* may it ask for the status of a delegation? */
    DEPUTY_USE_DECRYPT   /* may it have something decrypted? */
};

/* Nodes of a closure: cited proofs and all their ancestors. */
enum { DEPUTY_CHAIN_MAX = 64, DEPUTY_CHAIN_MAX_DELEGATE = 63, DEPUTY_CHAIN_MAX_REVOKE = 128 };

/* One stored delegation with its edges. The token's signature was checked when it was stored. */
struct deputy_link {
    const struct deputy_token *token; /* NULL: not found */
    const uint16_t *parents;          /* indices into the closure */
    size_t parent_count;
    bool revoked; /* itself, or another encoding of what its signer signed */
};

/* The cited proofs of a token, in signed order, and behind them every ancestor once: one snapshot of the
 * store. */
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
    struct deputy_slice caveats;   /* under which it must be executed; absent for none */
};

/* Either a refusal (code not 0) or exactly what may be done; never both. */
struct deputy_decision {
    struct deputy_refusal refusal;
    const struct deputy_grant *grants; /* one for each capability of the token, in its order */
    size_t grant_count;
    bool has_end;
    struct deputy_time ends; /* the earliest end of the token and its whole lineage */
};

/*
 * Decides. The return value is DEPUTY_OK when a decision was made, whichever it is; an error means that none
 * could be made (out of memory), and that is a no.
 */
DEPUTY_EXPORT enum deputy_error deputy_chain_admit(struct deputy_arena *arena, struct deputy_decision *out,
        enum deputy_use use, struct deputy_verified_token token, const struct deputy_closure *closure,
        const struct deputy_rules *rules, struct deputy_time now);

/* The token's own window and, for an invocation, its lifetime: cheap questions to ask before the signature.
 */
DEPUTY_EXPORT enum deputy_error deputy_token_in_time(enum deputy_use use, const struct deputy_token *token,
        const struct deputy_rules *rules, struct deputy_time now);

/* The CID that a revocation is about; DEPUTY_E_TOKEN_… when it names none (spec/02 section 7.1). */
DEPUTY_EXPORT enum deputy_error deputy_revocation_target(
        struct deputy_cid *out, const struct deputy_token *revocation);

/*
 * May this token revoke the target (spec/02 section 7.3)? `target` is NULL when the target is not stored. The
 * closure is that of the revocation's own proofs. The result is as for deputy_chain_admit, without grants.
 */
DEPUTY_EXPORT enum deputy_error deputy_revocation_admit(struct deputy_arena *arena,
        struct deputy_decision *out, struct deputy_verified_token revocation,
        const struct deputy_token *target, const struct deputy_closure *closure, struct deputy_time now);

#ifdef __cplusplus
}
#endif

#endif
