#include "node/node.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "node/hooks.h"
#include "node/journal.h"
#include "node/mutation.h"
#include "node/network_cache.h"
#include "node/sql.h"
#include "node/sql_changes.h"
#include "node/webhook_post.h"
#include <stdlib.h>
#include <unistd.h>

enum {
    NODE_ARENA = 1024 * 1024,
    NODE_POOL_READERS = 4, /* threads of the pool, for listings */
    NODE_SQL_IDLE_MS = 300 * 1000
};
#define NODE_SQL_BYTES (UINT64_C(1) << 30) /* of one database */

struct node_parts {
    struct node node; /* first: the address of one is that of the other */
    struct deputy_arena *arena;
};

static enum deputy_error node_take_replays(
        struct node *node, const struct store_replay *rows, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].expires <= now)
            continue;
        enum deputy_error error = replay_take(node->replay, rows[i].fingerprint, rows[i].expires, now);
        ENSURE(error == DEPUTY_OK || error == DEPUTY_E_STORE_REPLAY, error);
    }
    return DEPUTY_OK;
}

/* Those recorded each for itself, with its effect. */
static enum deputy_error node_load_replay_rows(
        struct node *node, struct deputy_arena *arena, struct store_read *read, int64_t now)
{
    uint8_t after[STORE_FINGERPRINT_BYTES];
    const uint8_t *behind = NULL;
    size_t count;
    do {
        struct store_replay *rows;
        deputy_arena_reset(arena);
        TRY(store_replay_load(arena, &rows, &count, read, behind));
        TRY(node_take_replays(node, rows, count, now));
        if (count > 0)
            behind = memcpy(after, rows[count - 1].fingerprint, sizeof after);
    } while (count > 0);
    return DEPUTY_OK;
}

/* Those of the journal. */
static enum deputy_error node_load_replay_pages(
        struct node *node, struct deputy_arena *arena, struct store_read *read, int64_t now)
{
    int64_t after = 0;
    size_t count;
    do {
        struct store_replay *rows = NULL;
        deputy_arena_reset(arena);
        TRY(store_replay_load_page(arena, &rows, &count, read, &after));
        TRY(node_take_replays(node, rows, count, now));
    } while (count > 0);
    return DEPUTY_OK;
}

/* Remembers the invocations that were used before the last stop. */
static enum deputy_error node_load_replay(
        struct node *node, struct deputy_arena *arena, struct store_read *read)
{
    int64_t now = node_now(node).sec;
    TRY(node_load_replay_rows(node, arena, read, now));
    return node_load_replay_pages(node, arena, read, now);
}

static enum deputy_error node_open_replay(struct node *node)
{
    uint8_t key[32];
    struct deputy_arena *arena = NULL;
    struct store_read *read = NULL;
    identity_derive(node->identity, IDENTITY_REPLAY, key);
    TRY(replay_create(&node->replay, key));
    TRY(deputy_arena_create(&arena, NODE_ARENA));
    enum deputy_error error = store_read_begin(&read, node->store, NULL);
    if (error == DEPUTY_OK) {
        error = node_load_replay(node, arena, read);
        store_read_end(read);
    }
    deputy_arena_destroy(arena);
    return error;
}

static size_t node_sql_workers(const struct node_config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (config->sql_workers != 0)
        return config->sql_workers;
    return processors > 0 ? (size_t)processors : 1;
}

static enum deputy_error node_open_sql(struct node *node, const struct node_config *config)
{
    size_t workers = node_sql_workers(config);
    struct sql_config sql = {
            .directory = config->directory,
            .workers = workers,
            .handles = config->sql_handles > workers ? config->sql_handles : workers, /* one each at least */
            .time_ms = (uint32_t)(config->sql_time_s * 1000),
            .idle_ms = NODE_SQL_IDLE_MS,
            .max_bytes = NODE_SQL_BYTES,
    };
    TRY(sql_recover(node, config->directory));
    return sql_pool_create(&node->sql, &sql);
}

static enum deputy_error node_open_store(struct node *node, const struct node_config *config)
{
    uint8_t seal_key[STORE_SEAL_KEY_BYTES];
    identity_derive(node->identity, IDENTITY_SEAL, seal_key);
    struct store_config store = {
            .directory = config->directory,
            .readers =
                    config->loops + NODE_POOL_READERS + 1 + WEBHOOK_POST_THREADS + node_sql_workers(config),
            .post = mutation_post,
            .now = config->clock.now,
            .clock = config->clock.ctx,
            .seal_key = seal_key,
            .keeps_snapshots = true, /* every loop rests (node/serve.c) */
    };
    enum deputy_error error = store_open(&node->store, &store);
    secret_wipe(seal_key, sizeof seal_key);
    return error;
}

static enum deputy_error node_open_rate(struct node *node, const struct node_config *config)
{
    uint8_t key[32];
    node->proxies = config->proxies;
    identity_derive(node->identity, IDENTITY_RATE, key);
    return rate_create(&node->public_rate, config->public_per_minute, config->public_burst, key);
}

static enum deputy_error node_fill(struct node_parts *parts, const struct node_config *config)
{
    struct node *node = &parts->node;
    node->clock = config->clock;
    node->strict_replay = config->strict_replay;
    node->admin = admin_secret_make(config->admin_secret);
    node->quota_url = config->quota.service.url;
    node->webhooks = config->webhooks; /* what a crash left to be told is told while SQL opens */
    TRY(hooks_create(&node->hooks, &config->hooks, config->loops));
    TRY(sql_changes_create(&node->sql_changes));
    TRY(quota_create(&node->quota, &config->quota));
    TRY(deputy_arena_create(&parts->arena, NODE_ARENA));
    TRY(identity_create(&node->identity, config->secret));
    TRY(identity_did(parts->arena, &node->did, node->identity, deputy_slice_text(IDENTITY_NODE)));
    TRY(identity_key(&node->key, node->identity, deputy_slice_text(IDENTITY_NODE)));
    identity_derive(node->identity, IDENTITY_LIST_CURSOR, node->cursor_key);
    node->rules = (struct deputy_rules){.node_did = node->did, .max_lifetime_s = config->max_lifetime_s};
    TRY(node_open_rate(node, config));
    TRY(node_open_store(node, config));
    TRY(node_open_replay(node));
    TRY(node_open_sql(node, config));
    return webhook_post_start(&node->post, node);
}

enum deputy_error node_open(struct node **out, const struct node_config *config)
{
    struct node_parts *parts = calloc(1, sizeof *parts);
    ENSURE(parts != NULL, DEPUTY_E_NOMEM);
    enum deputy_error error = node_fill(parts, config);
    if (error != DEPUTY_OK) {
        node_close(&parts->node);
        return error;
    }
    *out = &parts->node;
    return DEPUTY_OK;
}

void node_close(struct node *node)
{
    if (node == NULL)
        return;
    struct node_parts *parts = (struct node_parts *)node;
    webhook_post_stop(node->post);
    sql_pool_destroy(node->sql);
    store_close(node->store);
    replay_destroy(node->replay);
    sql_changes_destroy(node->sql_changes);
    quota_destroy(node->quota);
    hooks_destroy(node->hooks);
    rate_destroy(node->public_rate);
    deputy_key_destroy(node->key);
    identity_destroy(node->identity);
    deputy_arena_destroy(parts->arena);
    free(parts);
}

enum deputy_error node_loop_create(struct node_loop **out, struct node *node, struct loop *loop)
{
    struct node_loop *on = calloc(1, sizeof *on);
    ENSURE(on != NULL, DEPUTY_E_NOMEM);
    on->node = node;
    on->loop = loop;
    enum deputy_error error = chain_cache_create(&on->cache);
    if (error == DEPUTY_OK)
        error = hosted_create(&on->hosted);
    if (error == DEPUTY_OK)
        error = network_cache_create(&on->networks);
    if (error == DEPUTY_OK)
        error = journal_create(&on->journal, node, loop);
    if (error == DEPUTY_OK)
        error = hook_hub_create(&on->hub, on);
    if (error != DEPUTY_OK) {
        node_loop_destroy(on);
        return error;
    }
    *out = on;
    return DEPUTY_OK;
}

void node_loop_destroy(struct node_loop *on)
{
    if (on == NULL)
        return;
    hook_hub_destroy(on->hub);
    journal_destroy(on->journal);
    network_cache_destroy(on->networks);
    hosted_destroy(on->hosted);
    chain_cache_destroy(on->cache);
    free(on);
}
