/*
 * POST /delegation/query (spec/03 section 6.4): an account's delegations, page by page. Whoever holds
 * tinycloud.delegation/list of the account may ask; the token is judged before the body is read, and the rows
 * are looked at on a pool thread.
 */
#include "node/delegation_query.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/routes.h"

enum {
    QUERY_BODY_MAX = 64 * 1024,
    QUERY_ANSWER_MAX = 16 * 1024 * 1024,
    QUERY_SCRATCH_MAX = 64 * 1024 * 1024, /* for the closure of one delegation */
    QUERY_LIMIT = 50,
    QUERY_LIMIT_MAX = 100,
    QUERY_ROWS_MAX = 1000 /* rows looked at for one page; then the page ends, with a cursor */
};

#define QUERY_ABILITY "tinycloud.delegation/list"

/* ---- the body ---- */

static enum deputy_error invalid(struct deputy_refusal *refusal, const char *detail)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_QUERY_INVALID, {deputy_slice_text(detail)}};
    return refusal->code;
}

static bool is_one_of(const struct json_value *value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_text_is(value, words[i]))
            return true;
    }
    return false;
}

static enum deputy_error read_direction(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *value)
{
    static const char *const words[] = {"granted", "received", "all"};
    if (!is_one_of(value, words, 3))
        return invalid(refusal, "direction must be granted, received or all");
    query->sides.granted = !json_text_is(value, "received");
    query->sides.received = !json_text_is(value, "granted");
    return DEPUTY_OK;
}

static enum deputy_error read_status(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *value)
{
    static const char *const words[] = {"active", "pending", "expired", "revoked", "ancestor_revoked"};
    if (!is_one_of(value, words, 5))
        return invalid(refusal, "unknown status");
    query->status = value->text;
    return DEPUTY_OK;
}

static enum deputy_error read_space(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *value)
{
    if (!json_is(value, JSON_STRING))
        return invalid(refusal, "space must be a text");
    if (value->text.len == 0)
        return invalid(refusal, "space must not be empty");
    query->space = value->text;
    return DEPUTY_OK;
}

static enum deputy_error read_limit(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *value)
{
    int64_t limit;
    if (json_to_int64(&limit, value) != DEPUTY_OK || limit < 1 || limit > QUERY_LIMIT_MAX)
        return invalid(refusal, "limit must be between 1 and 100");
    query->limit = (size_t)limit;
    return DEPUTY_OK;
}

/* base64url of the text of a CID. */
static enum deputy_error read_cursor(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *value)
{
    struct deputy_slice text;
    struct deputy_cid cid;
    if (!json_is(value, JSON_STRING) ||
            base64url_read(http_arena(query->x), &text, value->text, BASE64_UNPADDED) != DEPUTY_OK ||
            deputy_cid_parse(&cid, text) != DEPUTY_OK)
        return invalid(refusal, "invalid delegation query cursor");
    query->has_cursor = true;
    memcpy(query->cursor, cid.digest, sizeof query->cursor);
    return DEPUTY_OK;
}

static enum deputy_error read_member(
        struct query *query, struct deputy_refusal *refusal, const struct json_value *member)
{
    static const struct {
        const char *name;
        enum deputy_error (*read)(
                struct query *query, struct deputy_refusal *refusal, const struct json_value *value);
    } members[] = {{"direction", read_direction}, {"status", read_status}, {"space", read_space},
            {"limit", read_limit}, {"cursor", read_cursor}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (deputy_slice_equal(member->key, deputy_slice_text(members[i].name)))
            return json_is(member, JSON_NULL) ? DEPUTY_OK : members[i].read(query, refusal, member);
    }
    return invalid(refusal, "unknown member");
}

static enum deputy_error query_read_body(struct query *query, struct deputy_refusal *refusal)
{
    const struct json_value *body;
    query->limit = QUERY_LIMIT;
    query->sides = (struct store_sides){true, true};
    if (json_parse(http_arena(query->x), &body, http_body(query->x)) != DEPUTY_OK ||
            !json_is(body, JSON_OBJECT))
        return invalid(refusal, "not a JSON object");
    JSON_EACH (member, body)
        TRY(read_member(query, refusal, member));
    return DEPUTY_OK;
}

/* ---- a page ---- */

static enum deputy_error page_start(struct query *query)
{
    bool found;
    if (!query->has_cursor)
        return DEPUTY_OK;
    TRY(store_listed_find(&query->last, &found, query->rows, query->account_text, query->cursor));
    ENSURE(found, DEPUTY_E_QUERY_UNAUTHORIZED);
    return DEPUTY_OK;
}

/* Looks at rows until the page is full; *more when something lies behind the last one. */
static enum deputy_error page_fill(struct query *query, struct json_writer *json, bool *more)
{
    struct store_listing page;
    bool from_start = !query->has_cursor;
    size_t seen = 0;
    do {
        TRY(store_list_by_principal(http_arena(query->x), &page, query->rows, query->account_text,
                query->sides, from_start ? NULL : &query->last, QUERY_LIMIT_MAX));
        from_start = false;
        for (size_t i = 0; i < page.count; i++) {
            *more = query->put == query->limit || seen == QUERY_ROWS_MAX;
            if (*more)
                return DEPUTY_OK;
            TRY(query_look_at(query, json, &page.rows[i]));
            seen++;
        }
    } while (page.count == QUERY_LIMIT_MAX);
    return DEPUTY_OK;
}

static enum deputy_error put_cursor(struct query *query, struct json_writer *json)
{
    struct deputy_slice text, cursor;
    struct deputy_cid cid;
    struct buf out = buf_make(query->scratch, 256);
    memcpy(cid.digest, query->last.digest, sizeof cid.digest);
    TRY(deputy_cid_format(query->scratch, &text, &cid, DEPUTY_CID_BASE32));
    base64url_put(&out, text, BASE64_UNPADDED);
    TRY(buf_finish(&out, &cursor));
    json_key(json, "nextCursor");
    json_text(json, cursor);
    return DEPUTY_OK;
}

static enum deputy_error page_build(struct query *query)
{
    struct json_writer json = json_writer_make(&query->out);
    bool more = false;
    TRY(page_start(query));
    json_object_begin(&json);
    json_key(&json, "schemaVersion");
    json_int(&json, 2);
    json_key(&json, "items");
    json_array_begin(&json);
    TRY(page_fill(query, &json, &more));
    json_array_end(&json);
    if (more)
        TRY(put_cursor(query, &json));
    json_object_end(&json);
    return DEPUTY_OK;
}

static void query_work(void *ctx)
{
    struct query *query = ctx;
    query->error = deputy_arena_create(&query->scratch, QUERY_SCRATCH_MAX);
    if (query->error == DEPUTY_OK)
        query->error = store_read_begin(&query->rows, query->on->node->store, NULL);
    if (query->error == DEPUTY_OK) {
        query->error = page_build(query);
        store_read_end(query->rows);
    }
    deputy_arena_destroy(query->scratch);
}

static void query_done(void *ctx)
{
    struct query *query = ctx;
    struct deputy_slice text;
    if (query->error == DEPUTY_OK)
        query->error = buf_finish(&query->out, &text);
    if (query->error == DEPUTY_OK)
        http_reply_json(query->x, 200, text);
    else if (query->error == DEPUTY_E_QUERY_UNAUTHORIZED)
        answer_error(query->x, ANSWER_INVOKE, query->error);
    else
        http_reply_text(query->x, 503, deputy_slice_text("Delegation query unavailable"));
}

/* ---- who may ask ---- */

/* One capability: to list delegations, on an account's space, and nothing narrower. */
static bool is_list_capability(const struct deputy_token *token)
{
    const struct deputy_capability *capability = &token->capabilities[0];
    const struct deputy_resource *resource = &capability->resource;
    return token->capability_count == 1 && token->proof_count <= 1 &&
           deputy_slice_equal(capability->ability, deputy_slice_text(QUERY_ABILITY)) &&
           resource->kind == DEPUTY_RESOURCE_SPACE &&
           resource->space.owner.kind == DEPUTY_PRINCIPAL_ETHEREUM &&
           deputy_slice_equal(resource->service, deputy_slice_text("delegation")) &&
           resource->path.len == 0 && !deputy_slice_present(resource->query) &&
           !deputy_slice_present(resource->fragment);
}

/* The token itself is refused as everywhere; whatever its chain lacks is one answer. */
static enum deputy_error query_admit(
        struct query *query, struct deputy_refusal *refusal, struct http_exchange *x)
{
    struct admission admission;
    enum deputy_error error = admit(&admission, refusal, query->on, x, DEPUTY_USE_INVOKE);
    if (error == DEPUTY_OK)
        admission_end(&admission);
    bool is_token = error == DEPUTY_E_INVOCATION_TIME || error == DEPUTY_E_LIFETIME_EXCEEDED;
    if (error != DEPUTY_OK && (is_token || error > -300 || error <= -400))
        return error;
    *refusal = (struct deputy_refusal){.code = DEPUTY_E_QUERY_UNAUTHORIZED};
    ENSURE(error == DEPUTY_OK && is_list_capability(admission.token), refusal->code);
    query->account = admission.token->capabilities[0].resource.space.owner;
    refusal->code = deputy_principal_format(http_arena(x), &query->account_text, &query->account);
    return refusal->code;
}

static enum http_flow query_with_body(struct http_exchange *x, void *app)
{
    struct query *query = app;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error error = query_read_body(query, &refusal);
    query->now = node_now(query->on->node);
    query->out = buf_make(http_arena(x), QUERY_ANSWER_MAX);
    if (error == DEPUTY_OK)
        error = loop_offload(http_loop(x), query_work, query_done, query);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    if (refusal.code != error)
        refusal.code = error;
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

enum http_flow node_delegation_query(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct query *query = ARENA_NEW(http_arena(x), struct query);
    if (query != NULL) {
        query->x = x;
        query->on = app;
        refusal.code = query_admit(query, &refusal, x);
    }
    if (refusal.code != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    http_body_collect(x, QUERY_BODY_MAX, query_with_body, query);
    return HTTP_LATER;
}
