/* Values of an owner, by their whole keys as the data node has them. */
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_handlers.h"
#include "backend/local_query.h"
#include "backend/local_read.h"
#include "backend/local_transfer.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_write.h"
#include <stdio.h>

enum { SMALL_VALUE = 64 * 1024, LIST_ANSWER_MAX = 16 * 1024 * 1024 };

/* ---- one value ---- */

static enum deputy_error value_named(struct local_request *out, struct http_exchange *x)
{
    out->service = "kv";
    out->path = http_param(x, "key");
    TRY(local_key_check(out->path));
    TRY(local_query(x, "space", &out->space));
    return local_space_check(out->space);
}

/* False: the exchange is answered. */
static bool value_admitted(struct local_request *out, struct http_exchange *x, struct backend_loop *on)
{
    if (!local_admits_owner(x, on, out->owner))
        return false;
    enum deputy_error error = value_named(out, x);
    if (error != DEPUTY_OK)
        local_refuse(x, error, BLAME_REQUEST);
    return error == DEPUTY_OK;
}

enum http_flow local_kv_get(struct http_exchange *x, void *app)
{
    struct local_request request = {.action = "get", .headers = LOCAL_HEADERS_READ, .form = LOCAL_RANGED};
    return value_admitted(&request, x, app) ? local_transfer(x, app, &request) : HTTP_DONE;
}

enum http_flow local_kv_head(struct http_exchange *x, void *app)
{
    struct local_request request = {
            .action = "metadata", .headers = LOCAL_HEADERS_NONE, .form = LOCAL_BARE, .status = 200};
    return value_admitted(&request, x, app) ? local_transfer(x, app, &request) : HTTP_DONE;
}

enum http_flow local_kv_delete(struct http_exchange *x, void *app)
{
    struct local_request request = {
            .action = "del", .headers = LOCAL_HEADERS_CHANGE, .form = LOCAL_BARE, .status = 204};
    return value_admitted(&request, x, app) ? local_transfer(x, app, &request) : HTTP_DONE;
}

static const struct local_request put_request = {
        .action = "put", .headers = LOCAL_HEADERS_VALUE, .form = LOCAL_BARE, .status = 204};

static enum http_flow put_whole(struct http_exchange *x, void *app)
{
    struct local_request request = put_request;
    if (!value_admitted(&request, x, app))
        return HTTP_DONE;
    request.body = http_body(x);
    return local_transfer(x, app, &request);
}

/* A small value is kept until the node has it, so that it can be sent again when the grant has to be taken
 * into use once more; a larger one passes through. */
enum http_flow local_kv_put(struct http_exchange *x, void *app)
{
    struct local_request request = put_request;
    if (!value_admitted(&request, x, app))
        return HTTP_DONE;
    if (http_body_length(x) <= SMALL_VALUE) {
        http_body_collect(x, SMALL_VALUE, put_whole, app);
        return HTTP_LATER;
    }
    request.uploads = true;
    return local_transfer(x, app, &request);
}

/* ---- keys ---- */

static enum deputy_error list_build(struct buf *out, struct deputy_arena *arena,
        const struct http_response *head, struct deputy_slice body)
{
    struct json_writer json = json_writer_make(out);
    const struct json_value *keys;
    struct deputy_slice cursor = http_response_header(head, "x-tinycloud-next-cursor");
    struct deputy_slice cut = http_response_header(head, "x-tinycloud-truncated");
    TRY(json_parse(arena, &keys, body));
    ENSURE(json_is(keys, JSON_ARRAY), DEPUTY_E_NODE_FAILED);
    ENSURE(deputy_slice_present(cursor) || !deputy_slice_equal(cut, deputy_slice_text("true")),
            DEPUTY_E_NODE_FAILED);
    JSON_EACH (key, keys)
        ENSURE(json_is(key, JSON_STRING), DEPUTY_E_NODE_FAILED);
    json_object_begin(&json);
    json_key(&json, "keys");
    json_raw(&json, keys->raw);
    json_key(&json, "cursor");
    if (deputy_slice_present(cursor))
        json_text(&json, cursor);
    else
        json_null(&json);
    json_object_end(&json);
    return out->error;
}

static void list_answer(struct http_exchange *x, const struct http_response *head, struct deputy_slice body)
{
    struct buf out = buf_make(http_arena(x), LIST_ANSWER_MAX);
    enum deputy_error error = list_build(&out, http_arena(x), head, body);
    if (error == DEPUTY_OK)
        backend_answer_json(x, 200, &out);
    else
        local_refuse(x, DEPUTY_E_NODE_FAILED, BLAME_NODE);
}

static enum deputy_error list_asked(struct local_request *out, char limit[8], struct http_exchange *x)
{
    struct deputy_slice text, cursor;
    size_t count;
    TRY(local_query(x, "prefix", &out->path));
    TRY(local_query(x, "space", &out->space));
    TRY(local_query(x, "limit", &text));
    TRY(local_query(x, "cursor", &cursor));
    if (!deputy_slice_present(out->path))
        out->path = deputy_slice_text("");
    TRY(local_prefix_check(out->path));
    TRY(local_space_check(out->space));
    TRY(local_limit_read(&count, text));
    snprintf(limit, 8, "%zu", count);
    out->more[0] =
            (struct http_client_header){deputy_slice_text("x-tinycloud-limit"), deputy_slice_text(limit)};
    out->more[1] = (struct http_client_header){deputy_slice_text("x-tinycloud-cursor"), cursor};
    out->more_count = deputy_slice_present(cursor) ? 2 : 1;
    return DEPUTY_OK;
}

enum http_flow local_kv_list(struct http_exchange *x, void *app)
{
    struct local_request request = {.service = "kv",
            .action = "list",
            .headers = LOCAL_HEADERS_NONE,
            .form = LOCAL_WHOLE,
            .whole = list_answer};
    char limit[8];
    if (!local_admits_owner(x, app, request.owner))
        return HTTP_DONE;
    enum deputy_error error = list_asked(&request, limit, x);
    return error == DEPUTY_OK ? local_transfer(x, app, &request) : local_refuse(x, error, BLAME_REQUEST);
}
