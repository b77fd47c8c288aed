/* Calls as they are made inside: other paths and other proofs than those of an operation. */
#ifndef BACKEND_CALL_PARTS_H
#define BACKEND_CALL_PARTS_H

#include "backend/session_parts.h"

/*
 * Signs one request under the session: the value of Authorization, in the arena. Called once for each time
 * that the request is sent. A failure fills the fault and returns its code.
 */
struct call_order;
typedef enum deputy_error call_sign_fn(const struct call_order *order, struct deputy_arena *arena,
        struct deputy_slice *header, struct backend_fault *fault, const struct backend *backend,
        struct session *session);

/* What is asked for, for a fault: "kv/get on \"notes/a\"". Absent where there is no memory. */
typedef void call_describe_fn(void *ctx, struct deputy_arena *arena, struct deputy_slice *text);

/* What is sent. All of it lives until on_end. */
struct call_order {
    const uint8_t *owner;
    struct deputy_slice path; /* on the node */
    call_sign_fn *sign;
    call_describe_fn *describe;
    void *sign_ctx;                           /* of both */
    const struct http_client_header *headers; /* beside Authorization */
    size_t header_count;
    struct deputy_slice body;
    bool sends_parts;
    uint64_t body_length;
    size_t response_max;
    bool once; /* it changes something: where nobody knows whether the node did it, it is not done again */
};

/* As backend_call_begin. */
enum deputy_error call_begin(struct backend_call **out, struct backend_loop *on, struct deputy_arena *arena,
        const struct call_order *order, const struct backend_call_events *events, void *ctx);

/* Fills the fault and returns its code. */
enum deputy_error fault_set(struct backend_fault *fault, enum deputy_error code, enum backend_blame blame);

/* NOT_GRANTED, about what the order asks for. */
enum deputy_error fault_not_granted(
        struct backend_fault *fault, struct deputy_arena *arena, const struct call_order *order);

/* The order of an operation, which is its sign_ctx. */
struct call_order operation_order(const struct backend_operation *operation);

/* Requests are good for so long. */
enum { REQUEST_LIFE_MS = 60000 };

/* The id of the owner's space, and a nonce for one request. */
enum deputy_error owner_space(struct deputy_arena *arena, struct deputy_slice *id, const uint8_t owner[20],
        struct deputy_slice name);
enum deputy_error request_nonce(struct deputy_arena *arena, struct deputy_slice *nonce);

/* ---- the whole answer ---- */

/* Told once. Without a fault the answer is one that passes through (call.h), and its body in the arena. */
typedef void call_whole_fn(
        void *ctx, const struct backend_fault *fault, int status, struct deputy_slice body);

/* The order's response_max is the most that is kept. */
enum deputy_error call_whole(struct backend_loop *on, struct deputy_arena *arena,
        const struct call_order *order, call_whole_fn *then, void *ctx);

#endif
