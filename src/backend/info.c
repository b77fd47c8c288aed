#include "backend/info.h"
#include "backend/public.h"
#include "base/json_write.h"
#include "base/time.h"
#include "grant/text.h"

enum { ANSWER_MAX = 4096 };

/* ---- server-info ---- */

/* The next of a list of entity tags, without W/ and the blanks around it; false when none is left. */
static bool tag_next(struct deputy_slice *list, struct deputy_slice *tag)
{
    size_t at = text_find(*list, ',');
    if (list->len == 0)
        return false;
    *tag = deputy_slice_bytes(list->ptr, at);
    *list = text_after(*list, at < list->len ? at + 1 : at);
    while (text_starts(*tag, " ") || text_starts(*tag, "\t"))
        *tag = text_after(*tag, 1);
    while (text_ends(*tag, " ") || text_ends(*tag, "\t"))
        tag->len--;
    if (text_starts(*tag, "W/"))
        *tag = text_after(*tag, 2);
    return true;
}

/* RFC 9110 section 13.1.2. Our tag holds no comma. */
static bool is_known(struct deputy_slice list, struct deputy_slice etag)
{
    struct deputy_slice tag;
    if (text_is(list, "*"))
        return true;
    while (tag_next(&list, &tag)) {
        if (deputy_slice_equal(tag, etag))
            return true;
    }
    return false;
}

static enum http_flow answer_server_info(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    const struct server_info *info = &on->backend->info;
    struct deputy_slice etag = deputy_slice_bytes(info->etag, sizeof info->etag);
    (void)request;
    http_reply_header(
            x, "Cache-Control", deputy_slice_text("public, max-age=300, stale-while-revalidate=3600"));
    http_reply_header(x, "ETag", etag);
    if (is_known(http_header(x, "if-none-match"), etag))
        http_reply(x, 304, NULL, deputy_slice_text(""));
    else
        http_reply(x, 200, FRAME_JSON, info->body);
    return HTTP_DONE;
}

static enum http_flow answer_manifest(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error none = {404, "not_found", NULL, DEPUTY_OK};
    (void)request;
    if (!deputy_slice_present(on->backend->manifest))
        return frame_refuse(x, &none);
    http_reply(x, 200, FRAME_JSON, on->backend->manifest);
    return HTTP_DONE;
}

/* ---- health ---- */

static void put_or_null(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    if (deputy_slice_present(text))
        json_text(writer, text);
    else
        json_null(writer);
}

static enum http_flow answer_health(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    const struct info_state *info = &on->backend->public_of->info;
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct buf time = buf_make(http_arena(x), 64);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice text;
    int64_t up = request->now.sec - info->started.sec;
    time_put_iso(&time, request->now);
    json_object_begin(&writer);
    json_key(&writer, "status");
    json_text_z(&writer, "ok");
    json_key(&writer, "service");
    json_text(&writer, info->service);
    put_or_null(&writer, "buildSha", info->build);
    put_or_null(&writer, "deployRunUrl", info->run);
    json_key(&writer, "uptimeSeconds");
    json_int(&writer, up > 0 ? up : 0);
    json_key(&writer, "timestamp");
    if (buf_finish(&time, &text) == DEPUTY_OK)
        json_text(&writer, text);
    else
        buf_fail(&out, time.error);
    json_object_end(&writer);
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    return frame_answer(x, 200, &out);
}

static enum http_flow answer_ready(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error not_yet = {
            503, "node_unreached", "The data node was not reached yet", DEPUTY_E_HTTP_CONNECT};
    (void)request;
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    if (!atomic_load(&on->backend->public_of->info.node_reached))
        return frame_refuse(x, &not_yet);
    http_reply(x, 200, FRAME_JSON, deputy_slice_text("{\"status\":\"ready\"}"));
    return HTTP_DONE;
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_GET, "/api/server-info", FRAME_GENERAL, FRAME_PAGES, 0, answer_server_info},
        {HTTP_METHOD_GET, "/api/manifest", FRAME_GENERAL, FRAME_PAGES, 0, answer_manifest},
        {HTTP_METHOD_GET, "/healthz", FRAME_UNCOUNTED, FRAME_PAGES, 0, answer_health},
        {HTTP_METHOD_GET, "/healthz/ready", FRAME_UNCOUNTED, FRAME_PAGES, 0, answer_ready},
};

const struct frame_table info_routes = {routes, sizeof routes / sizeof routes[0]};
