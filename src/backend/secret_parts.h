/* Reading and writing what is sealed to an owner's network, step by step. */
#ifndef BACKEND_SECRET_PARTS_H
#define BACKEND_SECRET_PARTS_H

#include "backend/call_parts.h"
#include "backend/fetch.h"
#include <deputy/vault.h>

enum { ENVELOPE_MAX = 2 * 1024 * 1024 };

/* One secret or envelope on its way. The memory is the caller's, all that is secret in an arena of its own.
 */
struct secret_job {
    struct backend_loop *on;
    struct deputy_arena *arena;
    uint8_t owner[20];
    backend_plain_fn *then;
    void *ctx;
    struct loop_task letter;
    bool begun; /* the function that began it has returned, or is about to */
    struct backend_fault fault;

    bool is_secret;            /* at `path` in `space`; else an envelope alone */
    struct deputy_slice path;  /* vault/... */
    struct deputy_slice space; /* id */
    struct deputy_slice value; /* to be written */
    struct backend_operation operation;
    struct call_order order;

    struct fetch fetch;
    struct deputy_slice network_id;
    struct deputy_network_descriptor network;
    enum deputy_error unavailable; /* what a network that cannot be used means */
    void (*network_then)(struct secret_job *job);

    const struct deputy_envelope *envelope;
    struct deputy_receiver *receiver;
    struct deputy_decrypt_request request;
    struct deputy_slice header; /* of the request as it was sent last */
    struct deputy_slice answer;
    struct deputy_slice plaintext;
    struct deputy_slice told; /* of it */
};

/* Ends the job, which is gone then: tells, and wipes. */
void secret_job_end(struct secret_job *job);
void secret_job_fail(struct secret_job *job, enum deputy_error code, enum backend_blame blame);
void secret_job_fault(struct secret_job *job, const struct backend_fault *fault);

/* Asks the node for the descriptor of job->network_id, and goes on with network_then once it is one that can
 * be used. */
void secret_network_ask(struct secret_job *job);

/* Has the node open job->envelope, and ends the job with what is in it. */
void secret_job_open(struct secret_job *job);

#endif
