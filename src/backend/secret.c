/* Secrets of an owner, read and written through the node (spec/07 section A11.1, spec/04 section 12). */
#include "crypto/secret.h"
#include "backend/secret_parts.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include <deputy/secret.h>

enum { JOB_ARENA = 16 * 1024 * 1024, ANSWER_MAX = 64 * 1024 };

/* ---- beginning ---- */

/* NULL without memory. */
static struct secret_job *job_make(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], backend_plain_fn *then, void *ctx)
{
    struct secret_job *job = ARENA_NEW(arena, struct secret_job);
    if (job == NULL)
        return NULL;
    *job = (struct secret_job){.on = on, .then = then, .ctx = ctx};
    memcpy(job->owner, owner, sizeof job->owner);
    return deputy_arena_create(&job->arena, JOB_ARENA) == DEPUTY_OK ? job : NULL;
}

/* Where the secret is. */
static enum deputy_error place_find(
        struct secret_job *job, struct deputy_slice name, struct deputy_slice scope)
{
    struct deputy_refusal refusal;
    job->is_secret = true;
    ENSURE(deputy_secret_path(job->arena, &job->path, &refusal, name, scope) == DEPUTY_OK,
            DEPUTY_E_SECRET_CALLED);
    return owner_space(job->arena, &job->space, job->owner, deputy_slice_text(DEPUTY_SECRETS_SPACE));
}

static void ask(struct secret_job *job, const char *action, size_t max, call_whole_fn *then)
{
    job->operation = (struct backend_operation){.space = deputy_slice_text(DEPUTY_SECRETS_SPACE),
            .service = deputy_slice_text("kv"),
            .path = job->path,
            .action = deputy_slice_text(action),
            .headers = job->operation.headers,
            .header_count = job->operation.header_count,
            .body = job->operation.body,
            .response_max = max};
    memcpy(job->operation.owner, job->owner, sizeof job->owner);
    job->order = operation_order(&job->operation);
    enum deputy_error result = call_whole(job->on, job->arena, &job->order, then, job);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result, BLAME_BACKEND);
}

/* What needs nothing but the name of the secret. */
static void ask_about(struct secret_job *job, struct deputy_slice name, struct deputy_slice scope,
        const char *action, size_t max, call_whole_fn *then)
{
    enum deputy_error result = place_find(job, name, scope);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result, BLAME_REQUEST);
    else
        ask(job, action, max, then);
    job->begun = true;
}

/* ---- get ---- */

static void got_value(struct secret_job *job, struct deputy_slice value)
{
    struct deputy_vault_entry *entry = ARENA_NEW(job->arena, struct deputy_vault_entry);
    if (entry == NULL) {
        secret_job_fail(job, arena_error(job->arena), BLAME_BACKEND);
        return;
    }
    if (deputy_vault_read(job->arena, entry, job->space, job->path, value) != DEPUTY_OK) {
        secret_job_fail(job, DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
        return;
    }
    job->envelope = &entry->envelope;
    secret_job_open(job);
}

static void get_answered(void *ctx, const struct backend_fault *fault, int status, struct deputy_slice body)
{
    struct secret_job *job = ctx;
    if (fault != NULL && fault->refusal.code == DEPUTY_E_NOT_GRANTED)
        secret_job_fail(job, DEPUTY_E_SECRET_ABSENT, BLAME_GRANT);
    else if (fault != NULL && fault->refusal.code == DEPUTY_E_HTTP_TOO_LARGE)
        secret_job_fail(job, DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
    else if (fault != NULL)
        secret_job_fault(job, fault);
    else if (status == 404)
        secret_job_fail(job, DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
    else if (status != 200)
        secret_job_fail(job, DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    else
        got_value(job, body);
}

enum deputy_error backend_secret_get(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope, backend_plain_fn *then,
        void *ctx)
{
    struct secret_job *job = job_make(on, arena, owner, then, ctx);
    ENSURE(job != NULL, DEPUTY_E_NOMEM);
    ask_about(job, name, scope, "get", ENVELOPE_MAX, get_answered);
    return DEPUTY_OK;
}

/* ---- put and delete ---- */

static void change_answered(
        void *ctx, const struct backend_fault *fault, int status, struct deputy_slice body)
{
    struct secret_job *job = ctx;
    (void)body;
    if (fault != NULL && fault->refusal.code == DEPUTY_E_NOT_GRANTED)
        secret_job_fail(job, DEPUTY_E_SECRET_AUTH, BLAME_GRANT);
    else if (fault != NULL)
        secret_job_fault(job, fault);
    else if (status == 404)
        secret_job_fail(job, DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
    else if (status < 200 || status >= 300)
        secret_job_fail(job, DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    else
        secret_job_end(job);
}

static enum deputy_error value_seal(struct secret_job *job, struct deputy_slice *envelope)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice plaintext = {NULL, 0};
    TRY(deputy_secret_plaintext_build(job->arena, &plaintext, job->value, backend_now(job->on->backend)));
    random_bytes(random, sizeof random);
    enum deputy_error result = deputy_vault_seal(job->arena, envelope, &job->network, job->space, job->path,
            deputy_slice_text("application/json"), plaintext, random);
    secret_wipe(random, sizeof random);
    secret_wipe((void *)(uintptr_t)plaintext.ptr, plaintext.len);
    return result;
}

/* Readers in JavaScript take a value of this type as the text that it is. */
static void put_on_network(struct secret_job *job)
{
    static const struct http_client_header text = {
            {(const uint8_t *)"Content-Type", sizeof "Content-Type" - 1},
            {(const uint8_t *)"text/plain;charset=UTF-8", sizeof "text/plain;charset=UTF-8" - 1}};
    job->operation.headers = &text;
    job->operation.header_count = 1;
    enum deputy_error result = value_seal(job, &job->operation.body);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result, BLAME_REQUEST);
    else
        ask(job, "put", ANSWER_MAX, change_answered);
}

enum deputy_error backend_secret_put(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope,
        struct deputy_slice value, backend_plain_fn *then, void *ctx)
{
    struct secret_job *job = job_make(on, arena, owner, then, ctx);
    ENSURE(job != NULL, DEPUTY_E_NOMEM);
    job->value = value;
    job->unavailable = DEPUTY_E_ENCRYPT_UNAVAILABLE;
    job->network_then = put_on_network;
    enum deputy_error result = place_find(job, name, scope);
    if (result == DEPUTY_OK)
        result = deputy_network_id_of_space(job->arena, &job->network_id, job->space);
    if (result != DEPUTY_OK)
        secret_job_fail(job, result, BLAME_REQUEST);
    else
        secret_network_ask(job);
    job->begun = true;
    return DEPUTY_OK;
}

enum deputy_error backend_secret_delete(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice name, struct deputy_slice scope, backend_plain_fn *then,
        void *ctx)
{
    struct secret_job *job = job_make(on, arena, owner, then, ctx);
    ENSURE(job != NULL, DEPUTY_E_NOMEM);
    ask_about(job, name, scope, "del", ANSWER_MAX, change_answered);
    return DEPUTY_OK;
}

/* ---- envelopes that the app has ---- */

enum deputy_error backend_decrypt(struct backend_loop *on, struct deputy_arena *arena,
        const uint8_t owner[20], struct deputy_slice envelope, backend_plain_fn *then, void *ctx)
{
    struct secret_job *job = job_make(on, arena, owner, then, ctx);
    ENSURE(job != NULL, DEPUTY_E_NOMEM);
    struct deputy_envelope *parsed = ARENA_NEW(job->arena, struct deputy_envelope);
    if (parsed == NULL) {
        secret_job_fail(job, arena_error(job->arena), BLAME_BACKEND);
    } else if (deputy_envelope_parse(job->arena, parsed, envelope) != DEPUTY_OK) {
        secret_job_fail(job, DEPUTY_E_SECRET_ENVELOPE, BLAME_REQUEST);
    } else {
        job->envelope = parsed;
        secret_job_open(job);
    }
    job->begun = true;
    return DEPUTY_OK;
}
