#include "cli/attest_service.h"
#include "attest/unpack.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "cli/attest_cache.h"
#include "evidence/facade.h"
#include "run/client.h"
#include "run/log.h"

/* Of one request: the verdict, the evidence and what is fetched for it. */
enum { JOB_ARENA = 2 * DEPUTY_ATTEST_ARENA_BYTES, STATUS_GATEWAY = 502 };

#define HEALTH "{\"status\":\"ok\",\"service\":\"dstack-verifier\"}"

struct job {
    struct http_exchange *x;
    struct attest_service *service;
    struct cli cli; /* with the job's own arena */
    int status;
    enum deputy_error reason;   /* why there is no verdict */
    const char *verdict;        /* facade_class; NULL: there is none */
    struct deputy_slice answer; /* in that arena; absent: there was no memory */
};

/* ---- what belongs to evidence ---- */

/* Why there is no verdict, for whoever asked. */
static enum deputy_error cannot(
        struct job *job, int status, enum deputy_error why, struct deputy_slice reason)
{
    job->status = status;
    job->reason = why;
    return facade_refusal(job->cli.arena, &job->answer, reason);
}

static enum deputy_error cannot_fetch(struct job *job, const struct deputy_refusal *refusal)
{
    struct buf text = buf_make(job->cli.arena, 4096);
    struct deputy_slice why, reason;
    TRY(deputy_refusal_format(job->cli.arena, &why, refusal));
    buf_put_text(&text, "Quote verification failed: ");
    buf_put(&text, why);
    TRY(buf_finish(&text, &reason));
    return cannot(job, STATUS_GATEWAY, refusal->code, reason);
}

static bool is_fetch_error(enum deputy_error error)
{
    return error == DEPUTY_E_COLLATERAL_FETCH || error == DEPUTY_E_COLLATERAL_URL;
}

/* Collateral of the platform from the cache or its maker; none when a quote does not tell its platform. */
static enum deputy_error collateral_find(struct job *job, struct deputy_attest_evidence *evidence)
{
    const struct attest_service *service = job->service;
    struct intel_platform platform;
    struct intel_collateral collateral;
    struct deputy_refusal refusal;
    struct cli *cli = &job->cli;
    enum deputy_error error = intel_platform_of(cli->arena, &platform, evidence->quote);
    ENSURE(error != DEPUTY_E_NOMEM, error);
    if (error != DEPUTY_OK)
        return DEPUTY_OK;
    if (!cache_find_collateral(cli, &collateral, service->cache, &platform, service->intel.early)) {
        if (service->offline)
            return DEPUTY_OK;
        error = intel_fetch(cli->arena, &collateral, &refusal, &service->intel, &platform);
        if (is_fetch_error(error))
            return cannot_fetch(job, &refusal);
        TRY(error);
        cache_keep_collateral(cli, service->cache, &collateral, service->intel.early);
    }
    evidence->collateral = collateral.json;
    return DEPUTY_OK;
}

/* Likewise the certificates of a chip, when they did not come along. */
static enum deputy_error certificates_find(struct job *job, struct deputy_attest_evidence *evidence)
{
    const struct attest_service *service = job->service;
    struct amd_chip chip;
    struct amd_certificates certificates;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    struct cli *cli = &job->cli;
    if (amd_chip_of(&chip, evidence->report, DEPUTY_ATTEST_NO_PRODUCT) != DEPUTY_OK)
        return DEPUTY_OK;
    if (!cache_find_certificates(cli, &json, service->cache, &chip)) {
        if (service->offline)
            return DEPUTY_OK;
        enum deputy_error error = amd_fetch(cli->arena, &certificates, &refusal, service->amd, &chip);
        if (is_fetch_error(error))
            return cannot_fetch(job, &refusal);
        TRY(error);
        TRY(amd_json(cli->arena, &json, &certificates));
        cache_keep_certificates(cli, service->cache, json, &chip);
    }
    TRY(amd_read(cli->arena, &certificates, json));
    evidence->vek = certificates.vcek;
    evidence->ask = certificates.ask;
    return DEPUTY_OK;
}

/* ---- verdicts ---- */

/* A quote that its own platform did not sign is worth no question to a maker. */
static bool is_signed(const struct deputy_attest_verdict *v)
{
    return v->checks[DEPUTY_ATTEST_CHECK_PCK_CHAIN].state == DEPUTY_ATTEST_PASS &&
           v->checks[DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE].state == DEPUTY_ATTEST_PASS;
}

/* What came in one piece stays in one: what was found stands beside it. */
static enum deputy_error complete(struct job *job, struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question)
{
    struct unpacked shown;
    struct deputy_attest_verdict bare;
    if (evidence_unpack(job->cli.arena, &shown, evidence) != DEPUTY_OK)
        return DEPUTY_OK;
    struct deputy_attest_evidence *parts = &shown.evidence;
    if (deputy_slice_present(parts->report)) {
        if (!deputy_slice_present(parts->vek))
            TRY(certificates_find(job, parts));
    } else {
        TRY(deputy_attest_verify(job->cli.arena, &bare, evidence, question));
        if (is_signed(&bare))
            TRY(collateral_find(job, parts));
    }
    evidence->collateral = parts->collateral;
    evidence->vek = parts->vek;
    evidence->ask = parts->ask;
    return DEPUTY_OK;
}

static enum deputy_error judge(struct job *job)
{
    const struct attest_service *service = job->service;
    struct deputy_arena *arena = job->cli.arena;
    struct deputy_attest_evidence evidence;
    struct deputy_attest_policy policy;
    struct deputy_attest_verdict verdict;
    const struct deputy_attest_question question = {
            .now = service->time.sec != 0 ? service->time : cli_now(), .policy = &policy};
    enum deputy_error error = facade_request_read(arena, &evidence, http_body(job->x));
    ENSURE(error != DEPUTY_E_NOMEM, error);
    if (error == DEPUTY_E_ARGUMENT)
        return cannot(job, 400, error, deputy_slice_text("the request has neither attestation nor quote"));
    if (error != DEPUTY_OK)
        return cannot(job, 400, error, deputy_slice_text(deputy_error_info(error)->text));
    evidence.root = service->root;
    if (service->policy != NULL)
        policy = *service->policy;
    else
        TRY(facade_policy(arena, &policy, &evidence));
    policy.allow_simulator |= service->policy == NULL && deputy_slice_present(service->root);
    TRY(complete(job, &evidence, &question));
    if (deputy_slice_present(job->answer))
        return DEPUTY_OK;
    TRY(deputy_attest_verify(arena, &verdict, &evidence, &question));
    job->verdict = facade_class(&verdict, service->policy != NULL);
    return facade_answer(arena, &job->answer, &verdict, service->policy != NULL);
}

/* ---- requests ---- */

static void job_work(void *ctx)
{
    struct job *job = ctx;
    job->status = 200;
    enum deputy_error error = judge(job);
    if (error == DEPUTY_OK)
        return;
    job->reason = error;
    job->verdict = NULL;
    job->answer = (struct deputy_slice){0};
}

/* The answer ends the exchange, and with it the memory of the job. */
static void job_answer(void *ctx)
{
    struct job job = *(struct job *)ctx;
    struct deputy_slice json;
    atomic_fetch_sub(&job.service->jobs, 1);
    http_set_reason(job.x, job.reason);
    http_set_topic(job.x, job.verdict);
    if (deputy_slice_present(job.answer) && arena_copy(http_arena(job.x), &json, job.answer) == DEPUTY_OK)
        http_reply_json(job.x, job.status, json);
    else
        http_reply_error(job.x, 503);
    deputy_arena_destroy(job.cli.arena);
}

static enum http_flow busy(struct http_exchange *x, int status, int64_t wait_s)
{
    http_set_reason(x, status == 429 ? DEPUTY_E_TOO_OFTEN : DEPUTY_E_HTTP_BUSY);
    struct buf out = buf_make(http_arena(x), 32);
    struct deputy_slice text;
    buf_put_decimal(&out, (uint64_t)wait_s);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        http_reply_header(x, "Retry-After", text);
    http_reply_error(x, status);
    return HTTP_DONE;
}

static enum http_flow job_start(struct http_exchange *x, struct attest_service *service)
{
    struct job *job = ARENA_NEW(http_arena(x), struct job);
    struct deputy_arena *arena = NULL;
    if (job == NULL || deputy_arena_create(&arena, JOB_ARENA) != DEPUTY_OK) {
        atomic_fetch_sub(&service->jobs, 1);
        return busy(x, 503, 1);
    }
    *job = (struct job){.x = x, .service = service, .cli = *service->cli};
    job->cli.arena = arena;
    if (loop_offload(http_loop(x), job_work, job_answer, job) != DEPUTY_OK) {
        atomic_fetch_sub(&service->jobs, 1);
        deputy_arena_destroy(arena);
        return busy(x, 503, 1);
    }
    return HTTP_LATER;
}

static enum http_flow verify(struct http_exchange *x, void *app)
{
    struct attest_service *service = app;
    static const struct client_proxies nobody;
    uint8_t address[CLIENT_ADDRESS_BYTES];
    int64_t wait_s = 0;
    client_address(address, x, &nobody);
    if (!rate_take(service->rate, address, cli_now(), &wait_s))
        return busy(x, 429, wait_s);
    if (atomic_fetch_add(&service->jobs, 1) < ATTEST_SERVICE_JOBS)
        return job_start(x, service);
    atomic_fetch_sub(&service->jobs, 1);
    return busy(x, 503, 1);
}

static enum http_flow health(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_json(x, 200, deputy_slice_text(HEALTH));
    return HTTP_DONE;
}

const struct http_route *attest_service_routes(size_t *count)
{
    static const struct http_route routes[] = {
            {HTTP_METHOD_POST, "/verify", HTTP_BODY_WHOLE, FACADE_REQUEST_MAX, verify},
            {HTTP_METHOD_GET, "/health", HTTP_BODY_NONE, 0, health},
    };
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

void attest_service_error(void *app, struct http_exchange *x, int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {{400, "the request is not HTTP as it should be"}, {404, "POST /verify, or GET /health"},
            {413, "the request is larger than 2 MiB"}, {429, "too many requests from this address"},
            {503, "too many requests at once"}};
    struct deputy_slice json, reason = deputy_slice_text("the request cannot be answered");
    (void)app;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            reason = deputy_slice_text(rows[i].reason);
    if (facade_refusal(http_arena(x), &json, reason) == DEPUTY_OK)
        http_reply_json(x, status, json);
    else
        http_reply_text(x, status, reason);
}

void attest_service_answered(void *app, const struct http_exchange *x, int status, uint64_t micros)
{
    (void)app;
    log_answer_topic(x, status, micros, "verdict");
}
