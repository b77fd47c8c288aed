/*
 * One operation on an owner's data: a request to the node, signed by the backend's session key under the
 * owner's grant. The grant is taken into use first where it is not yet (backend/session.h), and once again
 * when the node says that it does not know it any more.
 *
 * On a loop; every callback comes on that loop, never before backend_call_begin has returned.
 */
#ifndef BACKEND_CALL_H
#define BACKEND_CALL_H

#include "backend/backend.h"

/* Whose fault it is when an operation fails: what an app has to know before it says anything to its user. */
enum backend_blame {
    BLAME_REQUEST, /* the app asked for what cannot be */
    BLAME_GRANT,   /* the owner has granted nothing, or not this, or not any more */
    BLAME_NODE,    /* the node does not answer, or not as a node */
    BLAME_DATA,    /* what is stored is not there, or not what it should be */
    BLAME_BACKEND  /* our own store, memory or limits */
};

/* A failure: `code` has name, text and status in the error table. args as of a refusal, in the call's arena.
 */
struct backend_fault {
    struct deputy_refusal refusal;
    enum backend_blame blame;
};

/* What is to be done, on what. Everything must live until on_end; the arena is the exchange's. */
struct backend_operation {
    uint8_t owner[20];
    struct deputy_slice space;   /* short name, such as "applications"; absent: the policy's first */
    struct deputy_slice service; /* short: "kv" */
    struct deputy_slice path;    /* whole, as the node knows it */
    struct deputy_slice action;  /* short: "get" */
    const struct http_client_header *headers; /* beside Authorization */
    size_t header_count;
    struct deputy_slice body; /* absent for none, or when it is sent in parts */
    bool sends_parts;
    uint64_t body_length; /* of parts; UINT64_MAX: unknown */
    size_t response_max;  /* 0: no limit */
};

struct backend_call_events {
    /* The node admitted the request and answers: 2xx, 304, 404, 409, 412, 416 and the like pass through.
     * Never called for what is a fault of grant, node or backend. */
    void (*on_head)(void *ctx, const struct http_response *head);
    enum http_read (*on_part)(void *ctx, struct deputy_slice part);
    /* fault NULL: the answer is complete. With a fault and no head before it, nothing was passed on. */
    void (*on_end)(void *ctx, const struct backend_fault *fault);
    /* Now backend_call_send may give the body (sends_parts). Comes at most once: such a body cannot be sent
     * again, so a request of this kind is not repeated. */
    void (*on_ready)(void *ctx);
};

struct backend_call;

enum deputy_error backend_call_begin(struct backend_call **out, struct backend_loop *on,
        struct deputy_arena *arena, const struct backend_operation *operation,
        const struct backend_call_events *events, void *ctx);
void backend_call_resume(struct backend_call *call);
/* As http_call_send; on_sent gets the call's ctx. on_end may come in its place. */
void backend_call_send(
        struct backend_call *call, struct deputy_slice part, bool last, void (*on_sent)(void *ctx));
void backend_call_cancel(struct backend_call *call);

/*
 * ---- secrets and envelopes: read through the node, per use (spec/07 section A11.1, E20) ----
 *
 * Faults besides those of any call: SECRET_CALLED (a name or scope that is none), SECRET_ABSENT (not granted,
 * or not there), SECRET_AUTH (writing was not granted), SECRET_ENVELOPE (what is stored is no secret),
 * SECRET_DENIED (the node does not open it), DECRYPT_UNAVAILABLE and ENCRYPT_UNAVAILABLE (the owner's
 * network), SECRET_FAILED (an answer of the node that is none). The slices given must live until the
 * callback.
 */

/* Told once. `plaintext` is wiped when the callback returns. */
typedef void backend_plain_fn(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext);

/* The value of a secret; scope absent for a global one. */
enum deputy_error backend_secret_get(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope, backend_plain_fn *then,
        void *ctx);
enum deputy_error backend_secret_put(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope,
        struct deputy_slice value, backend_plain_fn *then, void *ctx);
enum deputy_error backend_secret_delete(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope, backend_plain_fn *then,
        void *ctx);

/* The plaintext of an envelope that the app has. */
enum deputy_error backend_decrypt(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice envelope, backend_plain_fn *then, void *ctx);

#endif
