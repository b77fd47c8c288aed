#include "http/client.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "http/guard.h"
#include "http/outgoing.h"
#include <strings.h>
#include <sys/socket.h>

struct fetch {
    struct outgoing_head head;
    struct buf body;
    const atomic_bool *cancel;
    enum deputy_error error; /* why a callback stopped the transfer */
};

/* ---- what comes back ---- */

static size_t fetch_stop(struct fetch *fetch, enum deputy_error error)
{
    fetch->error = error;
    return 0;
}

static size_t on_head_line(char *line, size_t size, size_t len, void *ctx)
{
    struct fetch *fetch = ctx;
    (void)size;
    enum deputy_error error = outgoing_head_line(&fetch->head, line, len);
    return error == DEPUTY_OK ? len : fetch_stop(fetch, error);
}

static size_t on_body(char *bytes, size_t size, size_t len, void *ctx)
{
    struct fetch *fetch = ctx;
    (void)size;
    buf_put(&fetch->body, deputy_slice_bytes(bytes, len));
    if (fetch->body.error == DEPUTY_OK)
        return len;
    bool limit = fetch->body.error == DEPUTY_E_LIMIT;
    return fetch_stop(fetch, limit ? DEPUTY_E_HTTP_TOO_LARGE : fetch->body.error);
}

/* ---- what goes out ---- */

static void body_set(CURL *curl, const struct http_request *request)
{
    bool head = strcmp(request->method, "HEAD") == 0;
    if (deputy_slice_present(request->body)) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body.ptr);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    }
    curl_easy_setopt(curl, CURLOPT_NOBODY, head ? 1L : 0L);
    if (!head)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void times_set(CURL *curl, const struct http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (request->connect_ms > 0)
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
}

static void callbacks_set(CURL *curl, struct fetch *fetch)
{
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
}

/* The very address that would be connected to. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetch *fetch = ctx;
    (void)purpose;
    if (!guard_address_is_public(&address->addr)) {
        fetch->error = DEPUTY_E_GUARD_RESERVED;
        return CURL_SOCKET_BAD;
    }
    fetch->error = DEPUTY_OK;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    const struct fetch *fetch = ctx;
    (void)total, (void)now, (void)up_total, (void)up_now;
    return atomic_load(fetch->cancel);
}

static void guards_set(CURL *curl, struct fetch *fetch, const struct http_request *request)
{
    if (request->guarded) {
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fetch);
    }
    if (request->cancel == NULL)
        return;
    fetch->cancel = request->cancel;
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch);
}

static enum deputy_error fetch_run(
        CURL *curl, struct fetch *fetch, const struct http_request *request, long *status)
{
    ENSURE(outgoing_is_web(request->url), DEPUTY_E_HTTP_URL);
    ENSURE(curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK, DEPUTY_E_HTTP_URL);
    times_set(curl, request);
    outgoing_trust(curl, request->authorities);
    if (request->unix_socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    body_set(curl, request);
    callbacks_set(curl, fetch);
    guards_set(curl, fetch, request);
    CURLcode code = curl_easy_perform(curl);
    ENSURE(fetch->error == DEPUTY_OK, fetch->error);
    TRY(outgoing_error(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    return DEPUTY_OK;
}

static void curl_end(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static enum deputy_error response_make(
        struct deputy_arena *arena, struct http_response *out, struct fetch *fetch, long status)
{
    const struct outgoing_head *head = &fetch->head;
    struct http_client_header *headers = ARENA_ARRAY(arena, struct http_client_header, head->count);
    ENSURE(headers != NULL, arena_error(arena));
    memcpy(headers, head->headers, head->count * sizeof *headers);
    out->status = (int)status;
    out->headers = headers;
    out->header_count = head->count;
    return buf_finish(&fetch->body, &out->body);
}

enum deputy_error http_fetch(
        struct deputy_arena *arena, struct http_response *out, const struct http_request *request)
{
    struct fetch fetch = {.head.arena = arena, .body = buf_make(arena, request->response_max)};
    struct curl_slist *headers = NULL;
    long status = 0;
    DEFER(curl_end) CURL *curl = outgoing_handle();
    ENSURE(curl != NULL, DEPUTY_E_NOMEM);
    TRY(outgoing_headers(arena, &headers, request->headers, request->header_count));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    TRY(fetch_run(curl, &fetch, request, &status));
    return response_make(arena, out, &fetch, status);
}

struct deputy_slice http_response_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        struct deputy_slice known = response->headers[i].name;
        if (known.len == strlen(name) && strncasecmp((const char *)known.ptr, name, known.len) == 0)
            return response->headers[i].value;
    }
    return (struct deputy_slice){NULL, 0};
}
