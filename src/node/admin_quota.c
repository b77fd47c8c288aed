/* /admin/quota and /admin/usage: the quotas of spaces, for the administrator (spec/03 section 14.3). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/node.h"
#include "node/quota_gate.h"
#include "node/routes.h"

enum { ADMIN_BODY_MAX = 1024, ADMIN_ANSWER_MAX = 32 * 1024 * 1024 };

/* False, and answered, when the request is not the administrator's. */
static bool admin_enter(struct http_exchange *x, const struct node *node)
{
    if (!node->admin.set)
        http_reply_error(x, 503);
    else if (!admin_secret_matches(&node->admin, http_header(x, "authorization")))
        http_reply_error(x, 401);
    else
        return true;
    return false;
}

static enum http_flow admin_reply(struct http_exchange *x, struct buf *out, enum deputy_error error)
{
    if (error == DEPUTY_OK)
        answer_json(x, 200, out);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}

static enum deputy_error admin_space(struct http_exchange *x, struct deputy_slice *id)
{
    struct deputy_space space;
    ENSURE(deputy_space_parse(&space, http_param(x, "space")) == DEPUTY_OK, DEPUTY_E_PEER_SPACE);
    return deputy_space_format(http_arena(x), id, &space);
}

static void put_limit(struct json_writer *json, const char *name, struct quota_limit limit)
{
    json_key(json, name);
    if (limit.limited)
        json_int(json, (int64_t)limit.bytes);
    else
        json_null(json);
}

/* The answer about one space. usage NULL: not told. */
static void put_space(
        struct json_writer *json, struct quota *quota, struct deputy_slice space, const uint64_t *usage)
{
    json_object_begin(json);
    json_key(json, "space_id");
    json_text(json, space);
    put_limit(json, "override_bytes", quota_override(quota, space));
    put_limit(json, "effective_limit_bytes", quota_effective(quota, space));
    put_limit(json, "current_usage_bytes",
            usage != NULL ? (struct quota_limit){true, *usage} : (struct quota_limit){0});
    json_object_end(json);
}

static enum http_flow reply_space(
        struct http_exchange *x, struct quota *quota, struct deputy_slice space, enum deputy_error error)
{
    struct buf out = buf_make(http_arena(x), ADMIN_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    if (error == DEPUTY_OK)
        put_space(&json, quota, space, NULL);
    return admin_reply(x, &out, error);
}

/* ---- set, clear ---- */

static enum deputy_error limit_read(struct http_exchange *x, uint64_t *bytes)
{
    const struct json_value *body;
    int64_t number;
    ENSURE(json_parse(http_arena(x), &body, http_body(x)) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(json_to_int64(&number, json_member(body, "limit_bytes")) == DEPUTY_OK && number >= 0,
            DEPUTY_E_INVALID_INPUTS);
    *bytes = (uint64_t)number;
    return DEPUTY_OK;
}

static enum deputy_error quota_set(
        struct http_exchange *x, struct deputy_slice *space, const struct node_loop *on)
{
    uint64_t bytes;
    TRY(admin_space(x, space));
    TRY(limit_read(x, &bytes));
    return quota_override_set(on->node->quota, *space, bytes);
}

static enum http_flow quota_put_with_body(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct deputy_slice space = {NULL, 0};
    enum deputy_error error = quota_set(x, &space, on);
    return reply_space(x, on->node->quota, space, error);
}

enum http_flow node_admin_quota_put(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    if (!admin_enter(x, on->node))
        return HTTP_DONE;
    http_body_collect(x, ADMIN_BODY_MAX, quota_put_with_body, app);
    return HTTP_LATER;
}

enum http_flow node_admin_quota_delete(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct deputy_slice space = {NULL, 0};
    if (!admin_enter(x, on->node))
        return HTTP_DONE;
    enum deputy_error error = admin_space(x, &space);
    if (error == DEPUTY_OK)
        quota_override_clear(on->node->quota, space);
    return reply_space(x, on->node->quota, space, error);
}

/* ---- ask ---- */

/* *usage stays when the space is not hosted; *hosted says so. */
static enum deputy_error space_usage(
        const struct node *node, struct deputy_slice space, bool *hosted, uint64_t *usage)
{
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = store_usage(read, usage, space);
    store_read_end(read);
    *hosted = error == DEPUTY_OK;
    return error == DEPUTY_E_STORE_SPACE ? DEPUTY_OK : error;
}

struct admin_asked {
    struct quota_gate gate;
    struct http_exchange *x;
    const struct node *node;
    struct deputy_slice space;
};

static void asked_answer(void *ctx)
{
    const struct admin_asked *asked = ctx;
    uint64_t usage = 0;
    bool hosted = false;
    struct buf out = buf_make(http_arena(asked->x), ADMIN_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    enum deputy_error error = space_usage(asked->node, asked->space, &hosted, &usage);
    if (error == DEPUTY_OK)
        put_space(&json, asked->node->quota, asked->space, hosted ? &usage : NULL);
    admin_reply(asked->x, &out, error);
}

/* The limit in effect is told as a write would find it: the quota service is asked first. */
enum http_flow node_admin_quota_get(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    if (!admin_enter(x, on->node))
        return HTTP_DONE;
    struct admin_asked *asked = ARENA_NEW(http_arena(x), struct admin_asked);
    enum deputy_error error = asked != NULL ? admin_space(x, &asked->space) : DEPUTY_E_NOMEM;
    if (error != DEPUTY_OK) {
        answer_error(x, ANSWER_INVOKE, error);
        return HTTP_DONE;
    }
    asked->x = x;
    asked->node = on->node;
    asked->gate = (struct quota_gate){
            .wait = {.loop = http_loop(x)},
            .quota = on->node->quota,
            .spaces = &asked->space,
            .count = 1,
            .then = asked_answer,
            .ctx = asked,
    };
    if (quota_gate_closed(&asked->gate))
        return HTTP_LATER;
    asked_answer(asked);
    return HTTP_DONE;
}

static enum deputy_error put_overrides(
        struct deputy_arena *arena, struct json_writer *json, struct quota *quota)
{
    struct quota_override *overrides;
    size_t count;
    TRY(quota_overrides(arena, &overrides, &count, quota));
    json_object_begin(json);
    json_key(json, "overrides");
    json_object_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_key_slice(json, overrides[i].space);
        json_int(json, (int64_t)overrides[i].bytes);
    }
    json_object_end(json);
    put_limit(json, "default_limit_bytes", quota_standard(quota));
    json_object_end(json);
    return DEPUTY_OK;
}

enum http_flow node_admin_quota_list(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    if (!admin_enter(x, on->node))
        return HTTP_DONE;
    struct buf out = buf_make(http_arena(x), ADMIN_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    return admin_reply(x, &out, put_overrides(http_arena(x), &json, on->node->quota));
}

static enum deputy_error usage_load(
        struct deputy_arena *arena, struct store_usage **out, size_t *count, struct store *store)
{
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, store, NULL));
    enum deputy_error error = store_usage_list(arena, out, count, read);
    store_read_end(read);
    return error;
}

static void put_usage(struct json_writer *json, const struct store_usage *spaces, size_t count)
{
    json_object_begin(json);
    json_key(json, "spaces");
    json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(json);
        json_key(json, "space_id");
        json_text(json, spaces[i].space);
        json_key(json, "usage_bytes");
        json_int(json, (int64_t)spaces[i].used);
        json_object_end(json);
    }
    json_array_end(json);
    json_key(json, "count");
    json_int(json, (int64_t)count);
    json_object_end(json);
}

enum http_flow node_admin_usage(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct store_usage *spaces;
    size_t count;
    if (!admin_enter(x, on->node))
        return HTTP_DONE;
    struct buf out = buf_make(http_arena(x), ADMIN_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    enum deputy_error error = usage_load(http_arena(x), &spaces, &count, on->node->store);
    if (error == DEPUTY_OK)
        put_usage(&json, spaces, count);
    return admin_reply(x, &out, error);
}
