/*
 * The data node: what all its parts share. A node has one store and one secret; each loop has a node_loop of
 * its own, which is the `app` of every handler.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "http/exchange.h"
#include "node/admin.h"
#include "node/chain_cache.h"
#include "node/hosted.h"
#include "node/identity.h"
#include "node/quota.h"
#include "node/rate.h"
#include "node/replay.h"
#include "run/client.h"
#include "store/webhook.h"
#include <deputy/chain.h>

/* The clock, made once by whoever starts the node; a request reads it once. */
struct node_clock {
    struct deputy_time (*now)(void *ctx);
    void *ctx;
};

struct hooks;
struct sql_changes;
struct webhook_post;

struct webhook_limits {
    size_t per_space; /* active webhooks */
    int64_t timeout_s;
    int64_t attempts; /* after which a delivery is a dead letter */
    struct store_delivery_bounds waiting;
    bool any_address; /* development: plain HTTP, and addresses of our own network */
};

struct node {
    struct store *store;
    struct sql_pool *sql;
    struct sql_changes *sql_changes;
    struct identity *identity;
    struct replay_set *replay;
    struct quota *quota;
    struct hooks *hooks;
    struct webhook_post *post;
    struct webhook_limits webhooks;
    struct admin_secret admin;
    struct deputy_rules rules;
    struct node_clock clock;
    bool strict_replay;
    struct deputy_slice did;       /* of the node itself */
    struct deputy_slice quota_url; /* of the quota service; absent: there is none */
    struct deputy_key *key;        /* of that DID: signs what was decrypted */
    uint8_t cursor_key[32];
    struct rate_limit *public_rate; /* of reads of public spaces */
    struct client_proxies proxies;
};

struct replay_journal;
struct hook_hub;
struct metrics;
struct network_cache;

struct node_loop {
    struct node *node;
    struct loop *loop;
    struct chain_cache *cache;
    struct hosted *hosted;
    struct network_cache *networks;
    struct replay_journal *journal;
    struct hook_hub *hub;
    struct metrics *metrics; /* NULL: nothing is measured */
};

/* The settings of spec/03 section 15.4 for subscriptions to write events. */
struct hook_limits {
    int64_t ticket_ttl_s;
    size_t scopes_per_ticket;
    size_t streams;       /* of the whole node */
    size_t stream_events; /* that wait for one slow reader */
};

/* What a node is made of. */
struct node_config {
    const char *directory;      /* of its data */
    struct deputy_slice secret; /* at least 32 bytes; copied */
    int64_t max_lifetime_s;     /* of an invocation */
    bool strict_replay;         /* a read is answered only once its use is durable */
    struct quota_config quota;
    struct deputy_slice admin_secret; /* absent: there is no administrator */
    struct hook_limits hooks;
    struct webhook_limits webhooks;
    size_t sql_workers;            /* threads that run SQL; 0: one a processor */
    size_t sql_handles;            /* SQL databases open at once */
    int64_t sql_time_s;            /* that one SQL request may run */
    size_t loops;                  /* how many node_loop there will be */
    int64_t public_per_minute;     /* reads of public spaces by one address */
    int64_t public_burst;          /* so many more of them at once */
    struct client_proxies proxies; /* must outlive the node, as the quota service's url */
    struct node_clock clock;
};

/* Opens the store, remembers used invocations, derives the keys. Ended with node_close. */
enum deputy_error node_open(struct node **out, const struct node_config *config);
void node_close(struct node *node);

/* What a loop needs; on the loop's thread or before it runs. Ended while the loop no longer runs. */
enum deputy_error node_loop_create(struct node_loop **out, struct node *node, struct loop *loop);
void node_loop_destroy(struct node_loop *on);

static inline struct deputy_time node_now(const struct node *node)
{
    return node->clock.now(node->clock.ctx);
}

#endif
