/* kv/list (spec/03 section 8.6): keys below a prefix, page by page, and none that the grant does not cover.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "node/answer.h"
#include "node/kv.h"
#include <deputy/ability.h>

enum {
    LIST_ANSWER_MAX = 32 * 1024 * 1024,
    LIST_CURSOR_MAX = 4096, /* characters taken from a client */
    LIST_CURSOR_MADE_MAX = 64 * 1024,
    LIST_MAC_BYTES = 32
};

/* A cursor is only good for the question that it continues: same invoker, space, prefix and limit. */
static enum deputy_error cursor_payload(struct deputy_arena *arena, struct deputy_slice *out,
        const struct kv_request *request, struct deputy_slice last)
{
    struct deputy_slice invoker;
    struct buf text = buf_make(arena, LIST_CURSOR_MADE_MAX);
    struct json_writer json = json_writer_make(&text);
    TRY(deputy_principal_format(arena, &invoker, &request->admission.token->issuer));
    json_object_begin(&json);
    json_key(&json, "version");
    json_int(&json, 1);
    json_key(&json, "invoker");
    json_text(&json, invoker);
    json_key(&json, "space");
    json_text(&json, request->operation.items->space);
    json_key(&json, "prefix");
    json_text(&json, request->operation.items->key);
    json_key(&json, "limit");
    json_int(&json, (int64_t)request->headers.limit);
    json_key(&json, "last");
    json_text(&json, last);
    json_object_end(&json);
    return buf_finish(&text, out);
}

/* base64url of the keyed hash of the payload, and the last key. */
static enum deputy_error cursor_make(struct deputy_arena *arena, struct deputy_slice *out,
        const struct kv_request *request, struct deputy_slice last)
{
    struct deputy_slice payload, raw;
    uint8_t mac[LIST_MAC_BYTES];
    TRY(cursor_payload(arena, &payload, request, last));
    blake3_keyed(mac, request->admission.on->node->cursor_key, payload);
    struct buf bytes = buf_make(arena, LIST_CURSOR_MADE_MAX), text = buf_make(arena, LIST_CURSOR_MADE_MAX);
    buf_put(&bytes, deputy_slice_bytes(mac, sizeof mac));
    buf_put(&bytes, last);
    TRY(buf_finish(&bytes, &raw));
    base64url_put(&text, raw, BASE64_UNPADDED);
    return buf_finish(&text, out);
}

static enum deputy_error cursor_read(
        struct deputy_arena *arena, struct deputy_slice *last, const struct kv_request *request)
{
    struct deputy_slice raw, payload;
    uint8_t mac[LIST_MAC_BYTES];
    *last = (struct deputy_slice){0};
    if (!deputy_slice_present(request->headers.cursor))
        return DEPUTY_OK;
    ENSURE(request->headers.has_limit && request->headers.cursor.len <= LIST_CURSOR_MAX, DEPUTY_E_KV_CURSOR);
    ENSURE(base64url_read(arena, &raw, request->headers.cursor, BASE64_UNPADDED) == DEPUTY_OK &&
                    raw.len >= LIST_MAC_BYTES,
            DEPUTY_E_KV_CURSOR);
    *last = deputy_slice_bytes(raw.ptr + LIST_MAC_BYTES, raw.len - LIST_MAC_BYTES);
    ENSURE(utf8_valid(*last), DEPUTY_E_KV_CURSOR);
    TRY(cursor_payload(arena, &payload, request, *last));
    blake3_keyed(mac, request->admission.on->node->cursor_key, payload);
    return bytes_equal_secret(mac, raw.ptr, LIST_MAC_BYTES) ? DEPUTY_OK : DEPUTY_E_KV_CURSOR;
}

/*
 * Is the key inside what the admitting proof grants for listing? The prefix `notes` also matches
 * `notes-private/x`, which a grant of `notes` does not cover. An owner may list everything.
 */
static bool list_covers(const struct kv_item *item, struct deputy_slice key)
{
    const struct deputy_grant *grant = item->grant;
    if (grant->by == NULL)
        return true;
    struct deputy_resource resource = grant->capability->resource;
    resource.path = key;
    for (size_t i = 0; i < grant->by->capability_count; i++) {
        const struct deputy_capability *held = &grant->by->capabilities[i];
        if (deputy_ability_matches(held->ability, grant->capability->ability) &&
                deputy_resource_extends(&resource, &held->resource))
            return true;
    }
    return false;
}

struct list_page {
    struct json_writer json;
    uint64_t wanted; /* keys still to be written */
    struct deputy_slice last;
    bool more;
};

/* Writes covered keys until the page is full; says whether a covered key is left behind it. */
static bool list_take(struct list_page *page, const struct kv_item *item, const struct store_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!list_covers(item, keys->keys[i]))
            continue;
        if (page->wanted == 0) {
            page->more = true;
            return false;
        }
        page->wanted--;
        page->last = keys->keys[i];
        json_text(&page->json, keys->keys[i]);
    }
    return keys->more;
}

static enum deputy_error list_fill(struct deputy_arena *arena, struct list_page *page,
        struct store_read *read, const struct kv_request *request, struct deputy_slice after)
{
    const struct kv_item *item = request->operation.items;
    struct store_keys keys;
    bool go_on;
    do {
        TRY(store_kv_list(arena, &keys, read, item->space, item->key, after, STORE_LIST_MAX));
        go_on = list_take(page, item, &keys);
        if (keys.count > 0)
            after = keys.keys[keys.count - 1];
    } while (go_on);
    return DEPUTY_OK;
}

static enum deputy_error list_build(struct deputy_arena *arena, struct deputy_slice *text,
        struct list_page *page, const struct kv_request *request)
{
    struct deputy_slice after;
    struct store_read *read = NULL;
    struct buf out = buf_make(arena, LIST_ANSWER_MAX);
    TRY(cursor_read(arena, &after, request));
    *page = (struct list_page){.json = json_writer_make(&out),
            .wanted = request->headers.has_limit ? request->headers.limit : UINT64_MAX};
    TRY(store_read_begin(&read, request->admission.on->node->store, NULL));
    json_array_begin(&page->json);
    enum deputy_error error = list_fill(arena, page, read, request, after);
    json_array_end(&page->json);
    store_read_end(read);
    TRY(error);
    return buf_finish(&out, text);
}

static enum deputy_error list_headers(
        struct http_exchange *x, const struct list_page *page, const struct kv_request *request)
{
    struct deputy_slice cursor;
    http_reply_header(x, "x-tinycloud-truncated", deputy_slice_text(page->more ? "true" : "false"));
    if (!page->more)
        return DEPUTY_OK;
    TRY(cursor_make(http_arena(x), &cursor, request, page->last));
    ENSURE(http_reply_header(x, "x-tinycloud-next-cursor", cursor), DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

enum http_flow kv_list(struct http_exchange *x, struct kv_request *request)
{
    struct list_page page;
    struct deputy_slice text;
    enum deputy_error error = list_build(http_arena(x), &text, &page, request);
    if (error == DEPUTY_OK)
        error = list_headers(x, &page, request);
    admission_end(&request->admission);
    if (error == DEPUTY_OK)
        http_reply_json(x, 200, text);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}
