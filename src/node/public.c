/*
 * Public spaces (spec/03 section 12): a space whose name is exactly `public` is read by everybody, without a
 * token, as often as the rate limit lets one address.
 */
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/kv.h"
#include "node/routes.h"

enum { PUBLIC_LIST_MAX = 16 * 1024 * 1024 };

/* Take effect where the global setting is off; else that answers for all routes. */
static void put_cors(struct http_exchange *x)
{
    http_reply_header(x, "Access-Control-Allow-Origin", deputy_slice_text("*"));
    http_reply_header(x, "Access-Control-Allow-Methods", deputy_slice_text("GET, HEAD, OPTIONS"));
    http_reply_header(x, "Access-Control-Allow-Headers", deputy_slice_text("If-None-Match"));
    http_reply_header(
            x, "Access-Control-Expose-Headers", deputy_slice_text("ETag, Content-Type, Content-Length"));
}

/* ---- may it be asked ---- */

static enum deputy_error check_rate(struct http_exchange *x, const struct node *node)
{
    uint8_t address[CLIENT_ADDRESS_BYTES];
    int64_t wait_s = 0;
    struct deputy_slice text;
    client_address(address, x, &node->proxies);
    if (rate_take(node->public_rate, address, node_now(node), &wait_s))
        return DEPUTY_OK;
    struct buf out = buf_make(http_arena(x), 32);
    buf_put_decimal(&out, (uint64_t)wait_s);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        http_reply_header(x, "Retry-After", text);
    return DEPUTY_E_PUBLIC_RATE;
}

/* The canonical id of the public space in the path. */
static enum deputy_error public_space(
        struct http_exchange *x, struct deputy_slice *id, const struct node *node)
{
    struct deputy_space space;
    put_cors(x);
    TRY(check_rate(x, node));
    ENSURE(deputy_space_parse(&space, http_param(x, "space")) == DEPUTY_OK, DEPUTY_E_PEER_SPACE);
    ENSURE(deputy_slice_equal(space.name, deputy_slice_text("public")), DEPUTY_E_PUBLIC_SPACE);
    return deputy_space_format(http_arena(x), id, &space);
}

/* ---- one value ---- */

static enum deputy_error public_find(
        struct http_exchange *x, struct store_object *out, const struct node *node)
{
    struct deputy_slice space, key = http_param(x, "key");
    struct store_read *read = NULL;
    TRY(public_space(x, &space, node));
    ENSURE(utf8_valid(key), DEPUTY_E_PUBLIC_KEY);
    ENSURE(key.len > 0, DEPUTY_E_KV_NOT_FOUND);
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = store_kv_get(http_arena(x), out, read, space, key);
    store_read_end(read);
    TRY(error);
    return out->found ? DEPUTY_OK : DEPUTY_E_KV_NOT_FOUND;
}

/* Of what is stored with the value only this is shown: the rest may be meant for those who have a token. */
static enum deputy_error put_public_headers(struct http_exchange *x, const struct store_object *object)
{
    static const char *const shown[] = {"content-type", "content-encoding", "content-language"};
    const struct json_value *metadata;
    struct deputy_slice value;
    TRY(json_parse(http_arena(x), &metadata, object->metadata));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (json_to_text(&value, json_member(metadata, shown[i])) == DEPUTY_OK)
            ENSURE(http_reply_header(x, shown[i], value), DEPUTY_E_INTERNAL);
    }
    http_reply_header(x, "Cache-Control", deputy_slice_text("public, max-age=60"));
    return DEPUTY_OK;
}

static enum http_flow public_reply(
        struct http_exchange *x, struct store *store, const struct store_object *object)
{
    struct deputy_slice etag;
    if (kv_etag(http_arena(x), &etag, object->value.hash) != DEPUTY_OK ||
            put_public_headers(x, object) != DEPUTY_OK || !http_reply_header(x, "ETag", etag)) {
        http_reply_error(x, 500);
        return HTTP_DONE;
    }
    if (deputy_slice_equal(http_header(x, "if-none-match"), etag)) {
        http_reply(x, 304, NULL, deputy_slice_text(""));
        return HTTP_DONE;
    }
    return kv_send(x, store, &object->value, 200, (struct kv_span){0, object->value.size});
}

enum http_flow node_public_read(struct http_exchange *x, void *app)
{
    const struct node *node = ((struct node_loop *)app)->node;
    struct store_object object;
    enum deputy_error error = public_find(x, &object, node);
    if (error == DEPUTY_OK)
        return public_reply(x, node->store, &object);
    answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}

/* ---- a list ---- */

static enum deputy_error list_keys(struct deputy_arena *arena, struct json_writer *json,
        struct store_read *read, struct deputy_slice space, struct deputy_slice prefix)
{
    struct deputy_slice after = {0};
    struct store_keys keys;
    do {
        TRY(store_kv_list(arena, &keys, read, space, prefix, after, STORE_LIST_MAX));
        for (size_t i = 0; i < keys.count; i++)
            json_text(json, keys.keys[i]);
        if (keys.count > 0)
            after = keys.keys[keys.count - 1];
    } while (keys.more);
    return DEPUTY_OK;
}

static enum deputy_error public_list(struct http_exchange *x, struct deputy_slice *text,
        const struct node *node, struct deputy_slice prefix)
{
    struct deputy_slice space;
    struct store_read *read = NULL;
    TRY(public_space(x, &space, node));
    ENSURE(utf8_valid(prefix), DEPUTY_E_PUBLIC_PREFIX);
    struct buf out = buf_make(http_arena(x), PUBLIC_LIST_MAX);
    struct json_writer json = json_writer_make(&out);
    TRY(store_read_begin(&read, node->store, NULL));
    json_array_begin(&json);
    enum deputy_error error = list_keys(http_arena(x), &json, read, space, prefix);
    json_array_end(&json);
    store_read_end(read);
    TRY(error);
    return buf_finish(&out, text);
}

enum http_flow node_public_list(struct http_exchange *x, void *app)
{
    const struct node *node = ((struct node_loop *)app)->node;
    struct deputy_slice text, prefix = http_query(x, "prefix");
    if (!deputy_slice_present(prefix)) {
        http_reply_error(x, 422);
        return HTTP_DONE;
    }
    enum deputy_error error = public_list(x, &text, node, prefix);
    if (error == DEPUTY_OK) {
        http_reply_header(x, "Cache-Control", deputy_slice_text("public, max-age=60"));
        http_reply_json(x, 200, text);
    } else {
        answer_error(x, ANSWER_INVOKE, error);
    }
    return HTTP_DONE;
}

enum http_flow node_public_options(struct http_exchange *x, void *app)
{
    (void)app;
    put_cors(x);
    http_reply(x, 200, NULL, deputy_slice_text(""));
    return HTTP_DONE;
}
