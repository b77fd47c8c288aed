/*
 * A change made under an admitted token: decided again and applied on the writer, answered on the loop. The
 * frame that delegate, revoke and the KV writes share.
 */
#ifndef NODE_MUTATION_H
#define NODE_MUTATION_H

#include "node/admit.h"
#include "node/answer.h"
#include "node/sql_changes.h"

struct mutation;
struct hook_event;

/* On the writer. Results live in the mutation's arena; may run more than once. refusal->args point there too.
 */
typedef enum deputy_error mutation_apply_fn(struct mutation *mutation, struct store_write *write);

/* On the loop, once all of it is durable: ends the exchange. */
typedef void mutation_answer_fn(struct mutation *mutation);

struct mutation {
    struct store_job job;    /* first: the address of one is that of the other */
    struct loop_task letter; /* brings the finished job to its loop */
    struct http_exchange *x;
    struct admission admission;
    struct deputy_arena *arena; /* for apply; the exchange's arena is the loop's */
    mutation_apply_fn *apply;
    mutation_answer_fn *answer;
    struct deputy_refusal refusal;
    enum answer_route route;
    struct hook_event *events; /* what apply recorded, published once it is durable (hooks.h) */
    bool ends_authority;       /* nothing that rested on what it ends may become true behind its answer */
    struct sql_changes_waiter behind_sql;
    void *ctx;
    void (*end)(void *ctx); /* frees what ctx holds, before the answer, whatever the outcome; may be NULL */
};

/*
 * Takes over the admission and submits the change; the exchange is ended later. bytes: about how much is
 * written. When nothing can be submitted the exchange is answered at once.
 */
enum http_flow mutation_submit(struct http_exchange *x, const struct mutation *mutation, size_t bytes);

/* The store's way to a loop (store_config.post). Every job that names a loop is a mutation. */
void mutation_post(void *loop, struct store_job *job);

#endif
