/* A call and its caller, for call.c and caller.c alone. */
#ifndef HTTP_CALL_STATE_H
#define HTTP_CALL_STATE_H

#include "http/call.h"
#include "http/loop_uv.h"
#include "http/multi.h"
#include "http/outgoing.h"
#include <sys/queue.h>

enum call_place {
    CALL_BEGUN,
    CALL_WAITS, /* for a connection, in the caller's queue */
    CALL_RUNS,
    CALL_OVER /* its end is told at the next turn, or once the answer is no longer paused */
};

/* What the deadline is for. */
enum call_phase {
    CALL_ASKS,    /* head_ms, since it began or the body in parts ended */
    CALL_SENDS,   /* stall_ms, since something was taken of the body in parts */
    CALL_ANSWERED /* stall_ms, since something of the answer came */
};

/* A body in parts, on its way. */
struct call_upload {
    struct deputy_slice part; /* what is not yet taken of the part that is offered */
    bool offered;
    bool last;    /* no part follows */
    bool hungry;  /* libcurl wants more and was told to wait */
    bool stopped; /* it does not want it any more */
    void (*on_sent)(void *ctx);
    uint64_t length; /* UINT64_MAX: unknown */
    uint64_t taken;
};

struct call_answer {
    bool told;   /* on_head has been called */
    bool paused; /* by on_part */
    bool held;   /* libcurl has more for us and was told to wait */
    uint64_t received, max;
    struct http_response head;
};

/* Handle, memory and timer are used again by later calls; the rest is wiped in between. */
struct http_call {
    TAILQ_ENTRY(http_call) all;   /* begun, or spare */
    TAILQ_ENTRY(http_call) queue; /* waiting for a connection */
    TAILQ_ENTRY(http_call) turn;  /* with something to do at the next turn */
    struct http_caller *caller;
    CURL *curl;
    uv_timer_t deadline;
    char method[16];     /* that the handle has */
    bool on_unix_socket; /* that the handle has */

    enum call_place place;
    enum call_phase phase;
    bool has_turn;
    uint64_t since; /* ms of the loop's clock; see enum call_phase */
    uint32_t head_ms, stall_ms;
    bool once; /* it must not go out again */
    bool sent; /* it has gone out, or is about to */
    struct http_call_events events;
    void *ctx;
    enum deputy_error error;   /* why it is to end, or has ended */
    enum deputy_error refused; /* why the last address was not connected to */
    struct call_upload upload;
    struct call_answer answer;

    struct outgoing_head head;
    uint8_t part[CURL_MAX_WRITE_SIZE]; /* of the answer, given last */
};

TAILQ_HEAD(calls, http_call);

struct http_caller {
    struct loop *loop;
    struct http_caller_config config;
    struct multi *multi;
    struct loop_timer *rest; /* looks whether there are still calls */
    bool rest_runs, used;    /* since it looked last */
    uv_idle_t turn;
    struct calls all, spare, queue, turns;
    size_t count, spare_count, running, turn_count;
    bool ends;
};

/* Has the call looked at at the next turn of the loop. */
void call_turn_soon(struct http_call *call);

/* Something has moved: the deadline of the phase counts from now. */
void call_enter(struct http_call *call, enum call_phase phase);
void call_touch(struct http_call *call);

/* A fresh or used handle, with what never changes; and back. */
enum deputy_error call_take(struct http_call **out, struct http_caller *caller);
void call_give_back(struct http_call *call);

/* Sets the callbacks of a new handle. */
void call_wire(struct http_call *call);

#endif
