/*
 * Requests that a loop makes of other servers. Answers come as calls on the loop's thread, and nothing waits
 * for a socket. A caller keeps its connections and uses them again; there is one for each loop.
 *
 * As http_fetch (client.h): redirects are not followed, certificates are checked, and no proxy, cookie or
 * credential of the environment is used. Nothing is said that the plan does not say, but Host, Accept and the
 * length of the body.
 *
 * A server may close a kept connection just when a request is on its way: such a request is sent once more on
 * another connection, unless it is to be sent once only, or something of a body in parts has gone out.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "http/client.h"
#include "http/exchange.h"

struct sockaddr_storage;

/* 0 stands for the default in brackets. */
struct http_caller_config {
    size_t max_calls;       /* [1024] begun and not ended; beyond it DEPUTY_E_HTTP_BUSY */
    size_t max_connections; /* [64] to all servers together, idle ones too; calls wait for one */
    uint32_t connect_ms;    /* [10 000] until a connection stands */
    uint32_t idle_ms;       /* [30 000] for which an unused connection is kept */
    bool guarded;           /* connects to public addresses only (guard.h) */
    /* Connects to no other address and port, whatever a name says: else HTTP_ADDRESS. They must live as long
     * as the caller. Unix sockets are named by their path alone. NULL: to any. */
    const struct sockaddr_storage *allowed;
    size_t allowed_count;
    struct deputy_slice authorities; /* as of http_request; they live as long as the caller */
    /* Makes no request but of this URL and of what is below it, whoever made the URL of the call: else
     * HTTP_ADDRESS. Without a slash at its end; must live as long as the caller. NULL: of any. */
    const char *server;
};

/*
 * The addresses of a host and port as they are now, for `allowed`. Looks the name up and waits for it: before
 * the loop runs. At most max; HTTP_CONNECT when there is none.
 */
enum deputy_error http_addresses_find(
        struct sockaddr_storage *out, size_t max, size_t *count, const char *host, const char *port);

struct http_caller;

enum deputy_error http_caller_create(
        struct http_caller **out, struct loop *loop, const struct http_caller_config *config);
/* Ends every call with DEPUTY_E_HTTP_CUT_OFF, before it returns, and takes no more: DEPUTY_E_HTTP_BUSY. On
 * the loop's thread, but not within an event of a call. */
void http_caller_end(struct http_caller *caller);
/* The same, also while the loop does not run, and frees it. NULL is allowed. */
void http_caller_destroy(struct http_caller *caller);

struct http_call;

/* What a call tells its maker; ctx is the plan's. on_end comes last and once, whatever happened before it. */
struct http_call_events {
    /* Status and headers; the body is absent. They live until on_end has returned. */
    void (*on_head)(void *ctx, const struct http_response *head);
    /* A part of the body, as it comes. After HTTP_READ_PAUSE nothing more is read until http_call_resume, and
     * the part stays valid until then. */
    enum http_read (*on_part)(void *ctx, struct deputy_slice part);
    /* DEPUTY_OK after a complete answer, whatever its status; else the errors of http_fetch. The call is gone
     * when it returns. While the answer is paused it waits for http_call_resume or http_call_cancel. */
    void (*on_end)(void *ctx, enum deputy_error result);
};

struct http_call_plan {
    const char *method;                       /* upper-case letters, at most 15 */
    const char *url;                          /* http or https; copied, and sent as it is written */
    const char *unix_socket;                  /* as of http_request; copied */
    const struct http_client_header *headers; /* copied */
    size_t header_count;
    struct deputy_slice body; /* whole: must live until on_end; absent: none, or it is sent in parts */
    bool sends_parts;         /* http_call_send says what the body is */
    uint64_t body_length;     /* of a body in parts; UINT64_MAX: unknown */
    bool once;                /* doing it twice is not the same: never sent again */
    /* Until the head of the answer is there, connecting and waiting for a connection included; counted again
     * from the end of a body in parts. 0: no limit. */
    uint32_t head_ms;
    /* For which the other side may take nothing of a body in parts, or send nothing after the head. The time
     * for which it waits for us does not count. 0: no limit. */
    uint32_t stall_ms;
    size_t response_max; /* bytes of the answer's body; 0: no limit, for who passes parts on */
    struct http_call_events events;
    void *ctx;
};

/*
 * Begins a call. On success its events follow, never before this returns; *out is the caller's to resume,
 * send and cancel with until on_end. On failure nothing follows: HTTP_URL, HTTP_BUSY, ARGUMENT.
 */
enum deputy_error http_call_begin(
        struct http_call **out, struct http_caller *caller, const struct http_call_plan *plan);

/* Goes on reading after HTTP_READ_PAUSE. */
void http_call_resume(struct http_call *call);

/*
 * A part of a body that is sent in parts, which must stay as it is until on_sent is called; then the next may
 * follow, even within on_sent, which is never called before this returns. A part with `last` ends the body;
 * it may be empty. A body that ends short of its length or goes beyond ends the call with ARGUMENT. on_end
 * may come in the place of on_sent. on_sent may be NULL.
 */
void http_call_send(struct http_call *call, struct deputy_slice part, bool last, void (*on_sent)(void *ctx));

/* Ends the call: on_end follows with DEPUTY_E_HTTP_CUT_OFF, never before this returns. */
void http_call_cancel(struct http_call *call);

#endif
