/* A call: what it asks for, what libcurl hands over, and what its maker does with it. */
#include "http/call.h"
#include "base/arena.h"
#include "base/try.h"
#include "http/addresses.h"
#include "http/call_state.h"
#include "http/guard.h"
#include <string.h>
#include <sys/socket.h>

/* ---- the answer ---- */

static size_t call_stop(struct http_call *call, enum deputy_error error)
{
    if (call->error == DEPUTY_OK)
        call->error = error;
    return 0;
}

/* The empty line after the head. A 100 Continue is not the answer. */
static void head_tell(struct http_call *call)
{
    long status = 0;
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200)
        return;
    call->answer.head = (struct http_response){
            .status = (int)status, .headers = call->head.headers, .header_count = call->head.count};
    call->answer.told = true;
    call_enter(call, CALL_ANSWERED);
    /* libcurl sends no more of the body then, but would wait for ever for a part that it has asked for. */
    call->upload.stopped = status >= 300 && call->upload.hungry;
    if (call->upload.stopped)
        call_turn_soon(call);
    call->events.on_head(call->ctx, &call->answer.head);
}

/* Lines after the head are a trailer, which nobody reads. */
static size_t on_head_line(char *line, size_t size, size_t len, void *ctx)
{
    struct http_call *call = ctx;
    (void)size;
    if (call->answer.told)
        return len;
    enum deputy_error error = outgoing_head_line(&call->head, line, len);
    if (error != DEPUTY_OK)
        return call_stop(call, error);
    if (len <= 2 && (line[0] == '\r' || line[0] == '\n'))
        head_tell(call);
    return call->error == DEPUTY_OK ? len : 0;
}

/* The part stays valid while the answer is paused, so it is copied from libcurl's buffer. */
static size_t on_body(char *bytes, size_t size, size_t len, void *ctx)
{
    struct http_call *call = ctx;
    struct call_answer *answer = &call->answer;
    (void)size;
    if (answer->paused) {
        answer->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    answer->received += len;
    if (len > sizeof call->part || (answer->max > 0 && answer->received > answer->max))
        return call_stop(call, DEPUTY_E_HTTP_TOO_LARGE);
    memcpy(call->part, bytes, len);
    call_touch(call);
    if (call->events.on_part(call->ctx, deputy_slice_bytes(call->part, len)) == HTTP_READ_PAUSE &&
            call->error == DEPUTY_OK)
        answer->paused = true;
    return call->error == DEPUTY_OK ? len : 0;
}

/* ---- a body in parts ---- */

static bool upload_fits(const struct call_upload *upload)
{
    if (upload->length == UINT64_MAX)
        return true;
    uint64_t left = upload->length - upload->taken;
    return upload->part.len <= left && (!upload->last || upload->part.len == left);
}

static size_t upload_take(struct call_upload *upload, char *to, size_t room)
{
    size_t len = upload->part.len < room ? upload->part.len : room;
    if (len > 0)
        memcpy(to, upload->part.ptr, len);
    upload->part = deputy_slice_bytes(upload->part.ptr + len, upload->part.len - len);
    upload->taken += len;
    return len;
}

static void upload_tell(struct http_call *call)
{
    void (*on_sent)(void *ctx) = call->upload.on_sent;
    call->upload.offered = false;
    if (on_sent != NULL)
        on_sent(call->ctx);
}

/* Fills the buffer from as many parts as come at once. */
static size_t on_upload(char *to, size_t size, size_t room, void *ctx)
{
    struct http_call *call = ctx;
    struct call_upload *upload = &call->upload;
    size_t len = 0;
    (void)size;
    while (upload->offered && call->error == DEPUTY_OK && (len < room || upload->part.len == 0)) {
        if (!upload_fits(upload))
            call_stop(call, DEPUTY_E_ARGUMENT);
        len += upload_take(upload, to + len, room - len);
        if (upload->part.len == 0)
            upload_tell(call);
    }
    if (upload->stopped)
        call_stop(call, DEPUTY_E_HTTP_CUT_OFF);
    if (call->error != DEPUTY_OK)
        return CURL_READFUNC_ABORT;
    bool all = (upload->last && !upload->offered) || upload->taken == upload->length;
    if (call->phase != CALL_ANSWERED)
        call_enter(call, all ? CALL_ASKS : CALL_SENDS);
    upload->hungry = len == 0 && !upload->last;
    return upload->hungry ? CURL_READFUNC_PAUSE : len;
}

/* ---- connecting ---- */

/* The very address that would be connected to. */
static enum deputy_error address_check(
        const struct http_caller_config *config, const struct sockaddr *address)
{
    if (config->guarded && !guard_address_is_public(address))
        return DEPUTY_E_GUARD_RESERVED;
    if (config->allowed != NULL && address->sa_family != AF_UNIX &&
            !addresses_have(config->allowed, config->allowed_count, address))
        return DEPUTY_E_HTTP_ADDRESS;
    return DEPUTY_OK;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_call *call = ctx;
    (void)purpose;
    call->refused = address_check(&call->caller->config, &address->addr);
    if (call->refused != DEPUTY_OK)
        return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    multi_socket_made(call->caller->multi, fd);
    return fd;
}

/* Before a request goes out, also for the second time after a kept connection turned out to be closed: what
 * was taken of a body in parts is gone then. */
static int on_request(void *ctx, char *theirs, char *ours, int their_port, int our_port)
{
    struct http_call *call = ctx;
    (void)theirs, (void)ours, (void)their_port, (void)our_port;
    bool again = call->sent;
    call->sent = true;
    if (call->upload.taken == 0 && !(again && call->once))
        return CURL_PREREQFUNC_OK;
    call_stop(call, DEPUTY_E_HTTP_CUT_OFF);
    return CURL_PREREQFUNC_ABORT;
}

void call_wire(struct http_call *call)
{
    CURL *curl = call->curl;
    const struct http_caller_config *config = &call->caller->config;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, call);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, call);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)(config->idle_ms / 1000 + 1));
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    /* A name that is being looked up is left to its thread when the call ends: nothing waits for it. */
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
}

/* ---- begin ---- */

/* The authority of the URL is whole: nothing that stands behind it can change what it names. */
static bool is_below(const char *server, const char *url)
{
    size_t len = strlen(server);
    return strncmp(url, server, len) == 0 && strchr("/?", url[len]) != NULL;
}

static enum deputy_error method_set(struct http_call *call, const char *method)
{
    size_t len = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    ENSURE(len > 0 && len < sizeof call->method && method[len] == '\0', DEPUTY_E_ARGUMENT);
    if (strcmp(call->method, method) == 0)
        return DEPUTY_OK;
    ENSURE(curl_easy_setopt(call->curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK, DEPUTY_E_NOMEM);
    memcpy(call->method, method, len + 1);
    return DEPUTY_OK;
}

/* What the handle was used for before is undone by the first two. */
static void body_set(CURL *curl, const struct http_call_plan *plan)
{
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (strcmp(plan->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (plan->sends_parts) {
        curl_off_t length = plan->body_length == UINT64_MAX ? -1 : (curl_off_t)plan->body_length;
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, length);
    } else if (deputy_slice_present(plan->body)) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)plan->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)plan->body.ptr);
    }
}

static enum deputy_error unix_socket_set(struct http_call *call, const char *path)
{
    if (path == NULL && !call->on_unix_socket)
        return DEPUTY_OK;
    call->on_unix_socket = path != NULL;
    return curl_easy_setopt(call->curl, CURLOPT_UNIX_SOCKET_PATH, path) == CURLE_OK ? DEPUTY_OK
                                                                                    : DEPUTY_E_NOMEM;
}

static enum deputy_error options_set(struct http_call *call, const struct http_call_plan *plan)
{
    struct curl_slist *headers;
    TRY(method_set(call, plan->method));
    ENSURE(curl_easy_setopt(call->curl, CURLOPT_URL, plan->url) == CURLE_OK, DEPUTY_E_HTTP_URL);
    TRY(unix_socket_set(call, plan->unix_socket));
    TRY(outgoing_headers(call->head.arena, &headers, plan->headers, plan->header_count));
    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, headers);
    body_set(call->curl, plan);
    return DEPUTY_OK;
}

static void call_set(struct http_call *call, const struct http_call_plan *plan)
{
    call->place = CALL_BEGUN;
    call->head_ms = plan->head_ms;
    call->stall_ms = plan->stall_ms;
    call->once = plan->once;
    call->sent = false;
    call->events = plan->events;
    call->ctx = plan->ctx;
    call->error = call->refused = DEPUTY_OK;
    call->upload = (struct call_upload){.length = plan->body_length};
    call->answer = (struct call_answer){.max = plan->response_max};
    call->head.count = call->head.len = 0;
}

/* Looks now and then whether the connections are still used. */
static void caller_use(struct http_caller *caller)
{
    caller->used = true;
    if (caller->rest_runs)
        return;
    caller->rest_runs = true;
    loop_timer_start(caller->rest, caller->config.idle_ms, caller->config.idle_ms);
}

enum deputy_error http_call_begin(
        struct http_call **out, struct http_caller *caller, const struct http_call_plan *plan)
{
    struct http_call *call;
    const char *server = caller->config.server;
    ENSURE(outgoing_is_web(plan->url), DEPUTY_E_HTTP_URL);
    ENSURE(server == NULL || is_below(server, plan->url), DEPUTY_E_HTTP_ADDRESS);
    ENSURE(!caller->ends && caller->count < caller->config.max_calls, DEPUTY_E_HTTP_BUSY);
    TRY(call_take(&call, caller));
    enum deputy_error error = options_set(call, plan);
    if (error != DEPUTY_OK) {
        call_give_back(call);
        return error;
    }
    call_set(call, plan);
    caller->count++;
    TAILQ_INSERT_TAIL(&caller->all, call, all);
    call_enter(call, CALL_ASKS);
    call_turn_soon(call);
    caller_use(caller);
    *out = call;
    return DEPUTY_OK;
}

/* ---- while it lasts ---- */

void http_call_resume(struct http_call *call)
{
    if (!call->answer.paused)
        return;
    call->answer.paused = false;
    call_touch(call);
    call_turn_soon(call);
}

void http_call_send(struct http_call *call, struct deputy_slice part, bool last, void (*on_sent)(void *ctx))
{
    call->upload.part = part;
    call->upload.offered = true;
    call->upload.last = last;
    call->upload.on_sent = on_sent;
    if (!call->upload.hungry)
        return;
    call_touch(call);
    call_turn_soon(call);
}

void http_call_cancel(struct http_call *call)
{
    if (call->error == DEPUTY_OK || call->place == CALL_OVER)
        call->error = DEPUTY_E_HTTP_CUT_OFF;
    call->answer.paused = false;
    call_turn_soon(call);
}
