#include "http/client.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "http/guard.h"
#include <curl/curl.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>

enum { CLIENT_MAX_HEADERS = 100, CLIENT_MAX_HEAD = 64 * 1024, CLIENT_MAX_LINE = 512 * 1024 };

struct fetch {
    struct deputy_arena *arena;
    struct http_client_header headers[CLIENT_MAX_HEADERS];
    size_t header_count;
    size_t head_len;
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

static struct deputy_slice trimmed(const uint8_t *from, const uint8_t *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r' || to[-1] == '\n'))
        to--;
    return deputy_slice_bytes(from, (size_t)(to - from));
}

/* One line of the head. A status line begins it anew: what came before was a 100 Continue. */
static size_t on_head_line(char *line, size_t size, size_t len, void *ctx)
{
    struct fetch *fetch = ctx;
    const uint8_t *start = (const uint8_t *)line, *colon = memchr(line, ':', len);
    (void)size;
    fetch->head_len += len;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        fetch->header_count = 0;
        return len;
    }
    if (colon == NULL)
        return len;
    if (fetch->header_count == CLIENT_MAX_HEADERS || fetch->head_len > CLIENT_MAX_HEAD)
        return fetch_stop(fetch, DEPUTY_E_HTTP_TOO_LARGE);
    struct http_client_header *header = &fetch->headers[fetch->header_count++];
    if (arena_copy(fetch->arena, &header->name, trimmed(start, colon)) != DEPUTY_OK ||
            arena_copy(fetch->arena, &header->value, trimmed(colon + 1, start + len)) != DEPUTY_OK)
        return fetch_stop(fetch, DEPUTY_E_NOMEM);
    return len;
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

static enum deputy_error error_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return DEPUTY_OK;
    case CURLE_URL_MALFORMAT:
        return DEPUTY_E_HTTP_URL;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK:
        return DEPUTY_E_HTTP_TIMEOUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return DEPUTY_E_HTTP_CUT_OFF;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* the URL's is http or https: it is the answer that is not HTTP/1 */
    case CURLE_BAD_CONTENT_ENCODING:
        return DEPUTY_E_HTTP_SYNTAX;
    case CURLE_OUT_OF_MEMORY:
        return DEPUTY_E_NOMEM;
    default:
        return DEPUTY_E_HTTP_CONNECT;
    }
}

/* ---- what goes out ---- */

static bool is_one_line(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' && text.ptr[i] != '\t')
            return false;
    }
    return true;
}

/* An empty value is written "Name;": libcurl would leave "Name:" out. */
static enum deputy_error header_line(
        struct deputy_arena *arena, const char **out, const struct http_client_header *header)
{
    struct buf line = buf_make(arena, CLIENT_MAX_LINE);
    struct deputy_slice text;
    ENSURE(is_one_line(header->name) && is_one_line(header->value), DEPUTY_E_ARGUMENT);
    ENSURE(header->name.len > 0 && memchr(header->name.ptr, ':', header->name.len) == NULL,
            DEPUTY_E_ARGUMENT);
    buf_put(&line, header->name);
    buf_put_text(&line, header->value.len > 0 ? ": " : ";");
    buf_put(&line, header->value);
    buf_put_byte(&line, '\0');
    TRY(buf_finish(&line, &text));
    *out = (const char *)text.ptr;
    return DEPUTY_OK;
}

static enum deputy_error lines_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    ENSURE(longer != NULL, DEPUTY_E_NOMEM);
    *list = longer;
    return DEPUTY_OK;
}

static enum deputy_error headers_make(
        struct deputy_arena *arena, struct curl_slist **list, const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *line;
        TRY(header_line(arena, &line, &request->headers[i]));
        TRY(lines_add(list, line));
    }
    /* A client that waits for leave to send its body loses a second where nobody gives it. */
    return lines_add(list, "Expect:");
}

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

static void policy_set(CURL *curl, const struct http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (request->connect_ms > 0)
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
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

static bool is_web(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static enum deputy_error fetch_run(
        CURL *curl, struct fetch *fetch, const struct http_request *request, long *status)
{
    ENSURE(is_web(request->url), DEPUTY_E_HTTP_URL);
    ENSURE(curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK, DEPUTY_E_HTTP_URL);
    policy_set(curl, request);
    if (request->unix_socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    body_set(curl, request);
    callbacks_set(curl, fetch);
    guards_set(curl, fetch, request);
    CURLcode code = curl_easy_perform(curl);
    ENSURE(fetch->error == DEPUTY_OK, fetch->error);
    TRY(error_of(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    return DEPUTY_OK;
}

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void curl_end(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void list_end(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static enum deputy_error response_make(struct http_response *out, struct fetch *fetch, long status)
{
    struct http_client_header *headers =
            ARENA_ARRAY(fetch->arena, struct http_client_header, fetch->header_count);
    ENSURE(headers != NULL, arena_error(fetch->arena));
    memcpy(headers, fetch->headers, fetch->header_count * sizeof *headers);
    out->status = (int)status;
    out->headers = headers;
    out->header_count = fetch->header_count;
    return buf_finish(&fetch->body, &out->body);
}

enum deputy_error http_fetch(
        struct deputy_arena *arena, struct http_response *out, const struct http_request *request)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct fetch fetch = {.arena = arena, .body = buf_make(arena, request->response_max)};
    DEFER(list_end) struct curl_slist *headers = NULL;
    long status = 0;
    pthread_once(&once, curl_start);
    DEFER(curl_end) CURL *curl = curl_easy_init();
    ENSURE(curl != NULL, DEPUTY_E_NOMEM);
    TRY(headers_make(arena, &headers, request));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    TRY(fetch_run(curl, &fetch, request, &status));
    return response_make(out, &fetch, status);
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
