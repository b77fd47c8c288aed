/*
 * Write events (spec/03 section 13): said by the writer in the transaction of the write, heard by streams on
 * every loop once it is durable, in the order of the commits.
 */
#ifndef NODE_HOOKS_H
#define NODE_HOOKS_H

#include "http/loop.h"
#include "node/hook_scope.h"

struct mutation;
struct hooks;

enum deputy_error hooks_create(struct hooks **out, const struct hook_limits *limits, size_t loops);
void hooks_destroy(struct hooks *hooks);
const struct hook_limits *hooks_limits(const struct hooks *hooks);

/* Does a stream listen to anything? */
bool hooks_heard(const struct hooks *hooks);

/* How many deliveries to webhooks were dropped since the start, because too many waited. */
uint64_t hooks_dropped(const struct hooks *hooks);

/* One event, in the arena of the mutation that makes it. */
struct hook_event {
    struct deputy_slice space, service, path;
    enum hook_ability ability;
    struct deputy_slice id;   /* "<epoch CID>:<index>" */
    struct deputy_slice json; /* what subscribers get */
    bool posted;              /* to a webhook */
    uint64_t dropped;         /* deliveries that had to go for it */
    struct hook_event *next;
};

struct hook_write {
    struct deputy_slice space, service, path;
    enum hook_ability ability;
};

/* On the writer, in the transaction that makes the change: the mutation's next event. */
enum deputy_error hooks_record(
        struct mutation *mutation, struct store_write *write, const struct hook_write *what);

/* On the writer, once the mutation is durable: to the streams that exist. Never fails or waits. */
void hooks_publish(const struct mutation *mutation);

/* ---- the streams of one loop ---- */

struct hook_hub;

enum deputy_error hook_hub_create(struct hook_hub **out, struct node_loop *on);
/* After its loop has stopped and its streams are over. */
void hook_hub_destroy(struct hook_hub *hub);

/* What a stream was opened for. */
struct hook_subscription {
    const struct hook_scope *scopes; /* live as long as the exchange */
    size_t count;
    struct hook_proofs proofs;
    int64_t expires; /* seconds */
};

/* Answers the exchange with a stream of the events from now on. HOOK_STREAMS when there are too many, and
 * HOOK_AUTHORITY when what it stands on has ended; then the exchange is as before. */
enum deputy_error hook_stream_open(
        struct hook_hub *hub, struct http_exchange *x, const struct hook_subscription *subscription);

#endif
