/* An envelope opened through the node (spec/04 sections 9 and 12.5): nothing of it is kept. */
#include "backend/descriptors.h"
#include "backend/secret_parts.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "grant/attempt.h"
#include "grant/invoke.h"
#include <deputy/secret.h>

enum { DESCRIPTOR_MAX = 64 * 1024, PATH_MAX_BYTES = 4096 };

static const char decrypt_action[] = DEPUTY_NETWORK_DECRYPT;

/* ---- the end ---- */

static void wipe(struct deputy_slice secret)
{
    if (secret.len > 0)
        secret_wipe((void *)(uintptr_t)secret.ptr, secret.len);
}

/* The memory of the job may be gone with what is told. */
static void tell(struct secret_job *job)
{
    const struct backend_fault fault = job->fault;
    const struct deputy_slice plaintext = job->plaintext, told = job->told;
    struct deputy_arena *arena = job->arena;
    deputy_receiver_destroy(job->receiver);
    bool failed = fault.refusal.code != DEPUTY_OK;
    job->then(job->ctx, failed ? &fault : NULL, failed ? (struct deputy_slice){NULL, 0} : told);
    wipe(plaintext);
    wipe(told);
    deputy_arena_destroy(arena);
}

static void letter_read(void *ctx)
{
    tell(ctx);
}

void secret_job_end(struct secret_job *job)
{
    if (job->begun) {
        tell(job);
        return;
    }
    job->letter = (struct loop_task){.run = letter_read, .ctx = job};
    loop_post(job->on->loop, &job->letter);
}

void secret_job_fault(struct secret_job *job, const struct backend_fault *fault)
{
    job->fault = *fault;
    secret_job_end(job);
}

void secret_job_fail(struct secret_job *job, enum deputy_error code, enum backend_blame blame)
{
    fault_set(&job->fault, code, error_is_of_memory(code) ? BLAME_BACKEND : blame);
    secret_job_end(job);
}

/* ---- the network ---- */

/* A colon may stand in a path as it is; a percent sign of an owner must not be decoded. */
static enum deputy_error network_path(struct secret_job *job, struct deputy_slice *path, const char *rest)
{
    struct buf out = buf_make(job->arena, PATH_MAX_BYTES);
    buf_put_text(&out, "/encryption/networks/");
    for (size_t i = 0; i < job->network_id.len; i++) {
        if (job->network_id.ptr[i] == '%')
            buf_put_text(&out, "%25");
        else
            buf_put_byte(&out, job->network_id.ptr[i]);
    }
    buf_put_text(&out, rest);
    return buf_finish(&out, path);
}

/* Reads the descriptor; a failure fills the fault. */
static enum deputy_error descriptor_read(struct secret_job *job, struct deputy_slice text)
{
    struct deputy_refusal refusal;
    if (deputy_network_descriptor_parse(job->arena, &job->network, &refusal, text, job->network_id) !=
                    DEPUTY_OK ||
            !deputy_slice_present(job->network.node))
        return fault_set(&job->fault, DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    if (deputy_network_usable(&job->network) != DEPUTY_OK)
        return fault_set(&job->fault, job->unavailable, BLAME_DATA);
    return DEPUTY_OK;
}

static enum deputy_error network_read(struct secret_job *job, const struct fetch_answer *answer)
{
    struct backend_fault *fault = &job->fault;
    if (answer->error == DEPUTY_E_HTTP_TIMEOUT || (answer->error == DEPUTY_OK && answer->status == 504))
        return fault_set(fault, DEPUTY_E_GATEWAY_TIMEOUT, BLAME_NODE);
    if (answer->error == DEPUTY_OK && answer->status == 404)
        return fault_set(fault, job->unavailable, BLAME_DATA);
    if (answer->error != DEPUTY_OK || answer->status != 200)
        return fault_set(fault, DEPUTY_E_NODE_FAILED, BLAME_NODE);
    TRY(descriptor_read(job, answer->body));
    descriptors_keep(
            job->on->backend->descriptors, job->network_id, answer->body, loop_now_ms(job->on->loop));
    return DEPUTY_OK;
}

static void network_answered(void *ctx, const struct fetch_answer *answer)
{
    struct secret_job *job = ctx;
    if (network_read(job, answer) != DEPUTY_OK)
        secret_job_end(job);
    else
        job->network_then(job);
}

void secret_network_ask(struct secret_job *job)
{
    struct fetch_order order = {.method = "GET", .max = DESCRIPTOR_MAX};
    enum deputy_error result = network_path(job, &order.path, "");
    if (result == DEPUTY_OK)
        result = fetch_begin(&job->fetch, job->on, job->arena, &order, network_answered, job);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result == DEPUTY_E_HTTP_BUSY ? DEPUTY_E_NODE_BUSY : result, BLAME_BACKEND);
}

/* False: the node is to be asked. What was kept could be read once, and still can. */
static bool network_is_known(struct secret_job *job)
{
    struct deputy_slice text;
    return descriptors_find(job->arena, &text, job->on->backend->descriptors, job->network_id,
                   loop_now_ms(job->on->loop)) == DEPUTY_OK &&
           deputy_slice_present(text) && descriptor_read(job, text) == DEPUTY_OK;
}

/* ---- opening, on the pool ---- */

static enum deputy_error open_answer(struct secret_job *job)
{
    struct deputy_refusal refusal;
    struct deputy_verified_response verified = {{NULL, 0}};
    enum deputy_error result = deputy_decrypt_response_verify(
            job->arena, &verified, &refusal, &job->request, job->header, job->answer);
    if (result != DEPUTY_OK)
        return fault_set(&job->fault, DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    result = deputy_envelope_open(
            job->arena, &job->plaintext, &refusal, job->envelope, job->receiver, verified);
    job->told = job->plaintext;
    if (result == DEPUTY_OK && job->is_secret)
        result = deputy_secret_plaintext_parse(job->arena, &job->told, job->plaintext);
    if (result != DEPUTY_OK)
        return fault_set(&job->fault, DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
    if (job->is_secret && job->told.len == 0)
        return fault_set(&job->fault, DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
    return DEPUTY_OK;
}

static void open_work(void *ctx)
{
    open_answer(ctx);
}

/* Whatever went wrong, it may have been the descriptor: the next one asks for it. */
static void opening_over(struct secret_job *job)
{
    if (job->fault.refusal.code != DEPUTY_OK)
        descriptors_drop(job->on->backend->descriptors, job->network_id);
    secret_job_end(job);
}

static void open_then(void *ctx)
{
    opening_over(ctx);
}

/* ---- asking ---- */

/* A failure of the asking fills the fault. */
static enum deputy_error opening_judge(struct secret_job *job, const struct backend_fault *fault, int status)
{
    if (fault != NULL &&
            (fault->refusal.code == DEPUTY_E_NOT_GRANTED || fault->refusal.code == DEPUTY_E_CALL_REFUSED))
        return fault_set(&job->fault, DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
    if (fault != NULL) {
        job->fault = *fault;
        return fault->refusal.code;
    }
    if (status == 404 || status == 409)
        return fault_set(&job->fault, DEPUTY_E_DECRYPT_UNAVAILABLE, BLAME_DATA);
    return status == 200 ? DEPUTY_OK : fault_set(&job->fault, DEPUTY_E_SECRET_FAILED, BLAME_NODE);
}

static void opening_answered(
        void *ctx, const struct backend_fault *fault, int status, struct deputy_slice body)
{
    struct secret_job *job = ctx;
    if (opening_judge(job, fault, status) != DEPUTY_OK) {
        opening_over(job);
        return;
    }
    job->answer = body;
    if (loop_offload(job->on->loop, open_work, open_then, job) != DEPUTY_OK)
        secret_job_fail(job, DEPUTY_E_NOMEM, BLAME_BACKEND);
}

static size_t place_of(const struct secret_job *job, struct session *session, const char *service,
        struct deputy_slice path, const char *action)
{
    struct deputy_account owner = {.chain = BACKEND_CHAIN};
    const struct shape_question question = {.owner = &owner,
            .space = deputy_slice_text(DEPUTY_SECRETS_SPACE),
            .service = deputy_slice_text(service),
            .path = path,
            .action = deputy_slice_text(action)};
    memcpy(owner.address, job->owner, sizeof owner.address);
    return shape_find(session->shape, session_given(session), &question);
}

/* The delegation under which it was read, if it was, and the one that lets it be opened: each once. */
static size_t proofs_find(struct secret_job *job, struct session *session, struct deputy_cid proofs[2])
{
    const uint8_t *given = session_given(session);
    size_t network = place_of(job, session, "encryption", job->network_id, "decrypt"), count = 0;
    size_t read = job->is_secret ? place_of(job, session, "kv", job->path, "get") : SIZE_MAX;
    if (network == SIZE_MAX)
        return 0;
    if (read != SIZE_MAX && given[read] != given[network])
        proofs[count++] = *session_cid(session, given[read]);
    proofs[count++] = *session_cid(session, given[network]);
    return count;
}

static enum deputy_error opening_sign(const struct call_order *order, struct deputy_arena *arena,
        struct deputy_slice *header, struct backend_fault *fault, const struct backend *backend,
        struct session *session)
{
    struct secret_job *job = order->sign_ctx;
    struct deputy_cid proofs[2];
    struct deputy_slice nonce;
    const struct deputy_action action = {.service = deputy_slice_text("encryption"),
            .path = job->network_id,
            .action = deputy_slice_text(decrypt_action)};
    size_t count = proofs_find(job, session, proofs);
    if (count == 0)
        return fault_not_granted(fault, arena, order);
    enum deputy_error result = request_nonce(arena, &nonce);
    if (result == DEPUTY_OK)
        result = session_ask_citing(arena, header, &backend->session, proofs, count, &action, 1,
                job->request.facts, nonce, REQUEST_LIFE_MS, job->network.node, backend_now(backend));
    job->header = *header;
    return result == DEPUTY_OK ? DEPUTY_OK : fault_set(fault, result, BLAME_BACKEND);
}

static void opening_describe(void *ctx, struct deputy_arena *arena, struct deputy_slice *text)
{
    const struct secret_job *job = ctx;
    struct buf out = buf_make(arena, PATH_MAX_BYTES);
    buf_put_text(&out, "decryption in ");
    buf_put(&out, job->network_id);
    if (buf_finish(&out, text) != DEPUTY_OK)
        *text = (struct deputy_slice){NULL, 0};
}

static enum deputy_error opening_prepare(struct secret_job *job)
{
    static const struct http_client_header json = {
            {(const uint8_t *)"Content-Type", sizeof "Content-Type" - 1},
            {(const uint8_t *)"application/json", sizeof "application/json" - 1}};
    uint8_t random[32];
    random_bytes(random, sizeof random);
    enum deputy_error result = deputy_receiver_create(&job->receiver, random);
    secret_wipe(random, sizeof random);
    TRY(result);
    TRY(deputy_decrypt_request_build(
            job->arena, &job->request, job->envelope, job->receiver, job->network.node));
    job->order = (struct call_order){.owner = job->owner,
            .sign = opening_sign,
            .describe = opening_describe,
            .sign_ctx = job,
            .headers = &json,
            .header_count = 1,
            .body = job->request.body,
            .response_max = DESCRIPTOR_MAX};
    return network_path(job, &job->order.path, "/decrypt");
}

static void opening_ask(struct secret_job *job)
{
    enum deputy_error result = opening_prepare(job);
    if (result == DEPUTY_OK)
        result = call_whole(job->on, job->arena, &job->order, opening_answered, job);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result, BLAME_BACKEND);
}

void secret_job_open(struct secret_job *job)
{
    job->network_id = job->envelope->network;
    job->unavailable = DEPUTY_E_DECRYPT_UNAVAILABLE;
    job->network_then = opening_ask;
    if (network_is_known(job)) {
        opening_ask(job);
    } else {
        job->fault = (struct backend_fault){{.code = DEPUTY_OK}, BLAME_REQUEST};
        secret_network_ask(job);
    }
}
