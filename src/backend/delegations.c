#include "backend/delegations.h"
#include "backend/errand.h"
#include "backend/public.h"
#include "backend/session.h"
#include "backend/watch.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"

/* A text of INTAKE_MAX_BYTES, each of which may be written as \u0022, and what stands around it. */
enum { POST_BODY_MAX = 6 * INTAKE_MAX_BYTES + 4096, ANSWER_MAX = 4096 };

/* ---- common ---- */

static void put_expiry(struct errand *errand, struct json_writer *writer, struct deputy_time expires)
{
    struct buf out = buf_make(errand->arena, 64);
    struct deputy_slice text;
    json_key(writer, "expiresAt");
    time_put_iso(&out, expires);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        json_text(writer, text);
    else
        buf_fail(writer->out, out.error);
}

/* {"status", "expiresAt", "activation"}; the last two NULL for none. */
static void answer_state(
        struct errand *errand, const char *status, const struct deputy_time *expires, const char *activation)
{
    struct buf out = buf_make(errand->arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "status");
    json_text_z(&writer, status);
    if (expires != NULL) {
        put_expiry(errand, &writer, *expires);
    } else {
        json_key(&writer, "expiresAt");
        json_null(&writer);
    }
    if (activation != NULL) {
        json_key(&writer, "activation");
        json_text_z(&writer, activation);
    }
    json_object_end(&writer);
    frame_answer(errand->x, 200, &out);
}

static void tell(const struct errand *errand, enum grant_change change, struct deputy_time expires)
{
    struct grant_news news = {.change = change, .at = errand->now, .expires = expires};
    memcpy(news.owner, errand->owner, sizeof news.owner);
    grant_watch_tell(errand->on->backend->watch, &news);
}

static enum deputy_error find(struct errand *errand, struct backend_wants *wants, struct grant *out)
{
    const struct backend *backend = errand->on->backend;
    struct deputy_refusal refusal;
    TRY(backend_policy_for(errand->arena, wants, &refusal, &backend->policy, errand->owner));
    return grants_find(errand->arena, out, backend->grants, wants, errand->now);
}

/* What is there and cannot be read counts, too. */
static bool has_grant(struct errand *errand)
{
    const struct backend *backend = errand->on->backend;
    struct backend_wants wants;
    struct deputy_refusal refusal;
    struct grant before = {.state = GRANT_NONE};
    enum deputy_error result =
            backend_policy_for(errand->arena, &wants, &refusal, &backend->policy, errand->owner);
    if (result == DEPUTY_OK)
        result = grants_look(errand->arena, &before, backend->grants, &wants, errand->now);
    return result != DEPUTY_OK || before.state == GRANT_ACTIVE;
}

/* What is kept and what is in use change together: two changes of one owner never cross. */
static void placing_begin(struct errand *errand)
{
    pthread_mutex_lock(&errand->on->backend->public_of->placing);
}

static void placing_end(struct errand *errand)
{
    pthread_mutex_unlock(&errand->on->backend->public_of->placing);
}

/* ---- POST ---- */

struct posting {
    struct errand errand;
    struct deputy_slice serialized;
    struct backend_wants wants;
    struct intake taken;
    struct grant_attempt attempt;
    struct session *session;
    bool pending;             /* the node could not be asked */
    bool ours;                /* what failed was our own doing, not the owner's */
    enum deputy_error result; /* of judging, trying or keeping */
};

static const struct frame_error invalid_delegation = {
        400, "invalid_delegation", "Failed to process delegation", DEPUTY_E_ARGUMENT};
static const struct frame_error too_short = {400, "delegation_expired_at_grant",
        "Delegation is already expired or expires too soon to store. Create a fresh delegation and try "
        "again.",
        DEPUTY_E_GRANT_SHORT};
static const struct frame_error overtaken = {409, "delegation_overtaken",
        "A newer grant, or its withdrawal, came first", DEPUTY_E_GRANT_OVERTAKEN};
static const struct frame_error store_error = {
        503, "store_error", "The delegation could not be stored", DEPUTY_E_STORE_IO};

static bool is_of_backend(enum deputy_error error)
{
    return error == DEPUTY_E_NOMEM || error == DEPUTY_E_INTERNAL;
}

/* The owner's own fault is one code, whatever it is: the log has the reason. */
static void post_refuse(const struct posting *posting)
{
    enum deputy_error result = posting->result;
    const struct frame_error *error = &invalid_delegation;
    if (is_of_backend(result))
        error = &frame_internal;
    else if (result == DEPUTY_E_GRANT_SHORT)
        error = &too_short;
    else if (result == DEPUTY_E_GRANT_OVERTAKEN)
        error = &overtaken;
    else if (posting->ours)
        error = &store_error;
    frame_refuse_for(posting->errand.x, error, result);
}

static void post_settled(void *ctx)
{
    struct posting *posting = ctx;
    if (posting->result == DEPUTY_OK)
        answer_state(
                &posting->errand, "active", &posting->taken.expires, posting->pending ? "pending" : "active");
    else
        post_refuse(posting);
    if (posting->session != NULL)
        session_release(posting->session);
    errand_end(&posting->errand);
}

static enum deputy_error keep(struct posting *posting)
{
    const struct backend *backend = posting->errand.on->backend;
    enum grant_change change = has_grant(&posting->errand) ? GRANT_REPLACED : GRANT_GIVEN;
    TRY(grants_keep(&posting->attempt, &posting->wants, posting->serialized, posting->taken.expires,
            posting->errand.now));
    if (posting->session != NULL)
        session_install(backend->sessions, posting->session);
    else
        session_drop(backend->sessions, posting->errand.owner);
    tell(&posting->errand, change, posting->taken.expires);
    return DEPUTY_OK;
}

/* On the pool: keeps it unless it was refused, and ends the attempt in any case. */
static void post_settle(void *ctx)
{
    struct posting *posting = ctx;
    if (posting->result == DEPUTY_OK) {
        placing_begin(&posting->errand);
        posting->result = keep(posting);
        placing_end(&posting->errand);
        posting->ours = true;
    }
    grants_end(&posting->attempt);
}

/* A node that cannot be asked has not refused: the grant is kept, and taken into use when it is needed. */
static void post_tried(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct posting *posting = ctx;
    posting->session = fault == NULL ? session : NULL;
    if (fault != NULL) {
        posting->ours = fault->blame == BLAME_BACKEND;
        posting->pending = fault->blame == BLAME_NODE;
        posting->result = posting->pending ? DEPUTY_OK : fault->refusal.code;
    }
    errand_run(&posting->errand, post_settle, post_settled);
}

static void post_judged(void *ctx)
{
    struct posting *posting = ctx;
    struct errand *errand = &posting->errand;
    if (posting->result == DEPUTY_OK) {
        posting->result = session_try(errand->on, &posting->taken, &posting->wants, post_tried, posting);
        posting->ours = true;
    }
    if (posting->result != DEPUTY_OK)
        errand_run(errand, post_settle, post_settled);
}

static enum deputy_error judge(struct posting *posting)
{
    static const struct intake_proofs none = {NULL, 0};
    const struct errand *errand = &posting->errand;
    const struct backend *backend = errand->on->backend;
    struct deputy_refusal refusal;
    TRY(backend_policy_for(errand->arena, &posting->wants, &refusal, &backend->policy, errand->owner));
    return intake_take(errand->arena, &posting->taken, &refusal, &backend->intake, &posting->wants,
            posting->serialized, &none, errand->now);
}

/* The attempt begins before anything is judged: what is withdrawn meanwhile stays withdrawn. */
static void post_judge(void *ctx)
{
    struct posting *posting = ctx;
    grants_begin(posting->errand.on->backend->grants, &posting->attempt, posting->errand.owner);
    posting->result = judge(posting);
}

static enum http_flow answer_post(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error no_text = {
            400, "invalid_body", "Request body must include a 'serialized' string field", DEPUTY_E_JSON_TYPE};
    struct deputy_slice serialized;
    if (json_to_text(&serialized, json_member(request->body, "serialized")) != DEPUTY_OK ||
            serialized.len == 0)
        return frame_refuse(x, &no_text);
    struct posting *posting = errand_begin(x, on, request, sizeof *posting);
    if (posting == NULL)
        return HTTP_DONE;
    posting->serialized = serialized;
    return errand_run(&posting->errand, post_judge, post_judged);
}

/* ---- status ---- */

struct asking {
    struct errand errand;
    struct grant found;
    enum deputy_error result;
};

/* A grant that is over is told once, and is not in use any more. */
static void status_find(void *ctx)
{
    struct asking *asking = ctx;
    struct errand *errand = &asking->errand;
    struct backend_wants wants;
    placing_begin(errand);
    asking->result = find(errand, &wants, &asking->found);
    if (asking->result == DEPUTY_OK &&
            (asking->found.state == GRANT_EXPIRED || asking->found.state == GRANT_STALE)) {
        session_drop(errand->on->backend->sessions, errand->owner);
        tell(errand, GRANT_ENDED, asking->found.expires);
    }
    placing_end(errand);
}

static void status_found(void *ctx)
{
    static const struct frame_error failed = {
            500, "status_check_failed", "Failed to check delegation status", DEPUTY_E_STORE_IO};
    struct asking *asking = ctx;
    struct errand *errand = &asking->errand;
    if (asking->result != DEPUTY_OK)
        frame_refuse_for(errand->x, &failed, asking->result);
    else if (asking->found.state == GRANT_ACTIVE)
        answer_state(errand, "active", &asking->found.expires, NULL);
    else if (asking->found.state == GRANT_EXPIRED)
        answer_state(errand, "expired", &asking->found.expires, NULL);
    else
        answer_state(errand, "none", NULL, NULL);
    errand_end(errand);
}

static enum http_flow answer_status(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, status_find, status_found);
}

/* ---- DELETE ---- */

static void withdraw(void *ctx)
{
    struct asking *asking = ctx;
    struct errand *errand = &asking->errand;
    struct backend *backend = errand->on->backend;
    placing_begin(errand);
    bool had = has_grant(errand);
    asking->result = grants_drop(backend->grants, errand->owner);
    session_drop(backend->sessions, errand->owner);
    if (asking->result == DEPUTY_OK && had)
        tell(errand, GRANT_WITHDRAWN, (struct deputy_time){0});
    placing_end(errand);
}

static void withdrawn(void *ctx)
{
    static const struct frame_error failed = {
            500, "revoke_failed", "Failed to revoke delegation", DEPUTY_E_STORE_IO};
    struct asking *asking = ctx;
    if (asking->result != DEPUTY_OK)
        frame_refuse_for(asking->errand.x, &failed, asking->result);
    else
        answer_state(&asking->errand, "none", NULL, NULL);
    errand_end(&asking->errand);
}

static enum http_flow answer_delete(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, withdraw, withdrawn);
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_POST, "/api/delegations", FRAME_WRITE, true, POST_BODY_MAX, answer_post},
        {HTTP_METHOD_DELETE, "/api/delegations", FRAME_WRITE, true, 0, answer_delete},
        {HTTP_METHOD_GET, "/api/delegations/status", FRAME_GENERAL, true, 0, answer_status},
};

const struct frame_table delegation_routes = {routes, sizeof routes / sizeof routes[0]};
