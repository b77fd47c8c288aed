/*
 * The way in: from an Authorization header to a decision. Every route that needs a token passes through here,
 * and acts on the decision alone.
 */
#ifndef NODE_ADMIT_H
#define NODE_ADMIT_H

#include "node/node.h"

/* An admitted token with all that the decision rests on. Lives in the exchange's arena; ended with
 * admission_end. */
struct admission {
    struct node_loop *on;
    enum deputy_use use;
    struct deputy_slice header; /* the token as it came */
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct chain_entry *entry; /* NULL when the token cites no proof */
    struct deputy_decision decision;
};

/*
 * Reads the header and checks time, lifetime and signature, in the order of the use. Nothing was looked up.
 * On failure *refusal says why.
 */
enum deputy_error admission_read(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct http_exchange *x, enum deputy_use use);

/* Loads the token's closure through the cache. */
enum deputy_error admission_load(struct admission *admission);
const struct deputy_closure *admission_closure(const struct admission *admission);

/* admission_read, admission_load and the decision of grant/chain. On failure nothing is held. */
enum deputy_error admit(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct http_exchange *x, enum deputy_use use);

/*
 * As admit, for a route at which only tokens made out to this node are read: another audience, compared
 * letter by letter, is refused before anything else about the token is told (spec/04 section 7.1).
 */
enum deputy_error admit_for_node(
        struct admission *out, struct deputy_refusal *refusal, struct node_loop *on, struct http_exchange *x);

/* As admit, for /invoke: what asks to decrypt is judged as DEPUTY_USE_DECRYPT (spec/04 section 9.7). */
enum deputy_error admit_invocation(
        struct admission *out, struct deputy_refusal *refusal, struct node_loop *on, struct http_exchange *x);

/* Judges again, as of now, what was admitted and ended: when the body has arrived that it waited for. */
enum deputy_error admit_resume(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena);

/* An invocation that was admitted before and kept (its header): judged again, as of now. */
enum deputy_error admit_kept(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct deputy_arena *arena, struct deputy_slice header);

/*
 * For a route that needs a body, which is not read for whoever is not admitted: admits, and when the body is
 * there lets `then` admit with the body in hand. Refusals are answered as those of /invoke.
 */
enum http_flow admit_before_body(struct http_exchange *x, struct node_loop *on, enum deputy_use use,
        size_t body_max, http_handler *then);

/*
 * Decides again inside the transaction that acts: with the closure as it is there when the authority changed
 * meanwhile, and with the moment of the transaction. The arena is the job's own.
 */
enum deputy_error admit_again(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct admission *admission, struct store_write *write);

/*
 * Uses the invocation up in memory: DEPUTY_E_STORE_REPLAY when it was used before. *row is to be stored with
 * its effect, or with the next page of the journal.
 */
enum deputy_error admission_use_up(
        struct deputy_arena *arena, struct store_replay *row, const struct admission *admission);

void admission_end(struct admission *admission);

#endif
