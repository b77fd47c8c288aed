/*
 * SQL under /invoke: the way of a request. What was admitted names the database; the body is read, and handed
 * to the database's worker, which parses it, runs it, and decides again in the store's transaction that
 * precedes the commit. A change is made in this order, so that a crash between two steps leaves nothing that
 * was acknowledged undone, and nothing undone acknowledged:
 *
 *   1. the statements run in the database's open transaction;
 *   2. the store commits that the invocation is used up, what the database now holds, and what is to be told;
 *   3. the database commits, with the mark of 2;
 *   4. the store commits the events, and they are told.
 *
 * A revocation that the store commits between 2 and 3 is acknowledged behind 3 (sql_changes.h).
 */
#include "node/sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/hooks.h"
#include "node/journal.h"
#include "node/mutation.h"
#include "node/quota_gate.h"
#include "node/sql_changes.h"
#include "node/sql_image.h"
#include "store/webhook.h"

enum { SQL_PATHS_MAX = 256 * 1024 };

struct sql_call {
    struct sql_job job; /* first: the address of one is that of the other */
    struct http_exchange *x;
    struct mutation change; /* the admission, the arena and the events of what is done: never submitted */
    struct sql_target target;
    struct quota_gate gate;
    struct store_replay replay;
    struct buf body;
    struct deputy_slice bytes;                 /* of the body, whole */
    struct deputy_slice paths[SQL_TABLES_MAX]; /* what is written: "<path>/<table>" */
    size_t path_count;
    uint64_t size; /* of the database after the change */
    struct sql_intent intent;
    bool used_up; /* the store knows of the replay row */
    struct sql_change_mark under_way;
    struct loop_task letter;
};

static struct sql_call *call_of(struct sql_job *job)
{
    return (struct sql_call *)job;
}

static struct node *node_of(const struct sql_call *call)
{
    return call->change.admission.on->node;
}

/* --- on the loop, at the end --- */

static void call_release(struct sql_call *call)
{
    admission_end(&call->change.admission);
    deputy_arena_destroy(call->change.arena);
    call->change.arena = NULL;
}

/* The answer moves to where the exchange keeps it. */
static void call_answer(struct sql_call *call)
{
    struct http_exchange *x = call->x;
    struct deputy_slice answer;
    enum deputy_error error = arena_copy(http_arena(x), &answer, call->job.answer);
    call_release(call);
    if (error == DEPUTY_OK)
        http_reply_json(x, 200, answer);
    else
        http_reply_error(x, 503);
}

static void call_refuse(struct sql_call *call)
{
    struct http_exchange *x = call->x;
    struct deputy_refusal refusal = call->job.refusal;
    for (size_t i = 0; i < sizeof refusal.args / sizeof refusal.args[0]; i++) {
        if (arena_copy(http_arena(x), &refusal.args[i], refusal.args[i]) != DEPUTY_OK)
            refusal.args[i] = (struct deputy_slice){0};
    }
    call_release(call);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
}

static void call_arrive(void *context)
{
    struct sql_call *call = context;
    if (call->job.refusal.code != DEPUTY_OK)
        call_refuse(call);
    else if (call->job.image >= 0) {
        call_release(call);
        sql_image_send(call->x, call->job.image, call->job.image_bytes);
    } else
        call_answer(call);
}

/* --- on the worker --- */

static void call_done(struct sql_job *job)
{
    struct sql_call *call = call_of(job);
    sql_change_end(node_of(call)->sql_changes, &call->under_way);
    call->letter = (struct loop_task){.run = call_arrive, .ctx = call};
    loop_post(call->change.admission.on->loop, &call->letter);
}

static enum deputy_error decide_apply(struct store_write *write, void *context)
{
    struct sql_call *call = context;
    TRY(admit_again(call->change.arena, &call->job.refusal, &call->change.admission, write));
    if (!node_of(call)->strict_replay)
        return DEPUTY_OK;
    return store_replay_insert(write, &call->replay);
}

/* What was revoked while the request waited is not done; under strict replay the use is on disk first. */
static enum deputy_error call_decide(struct sql_call *call)
{
    const struct admission *admission = &call->change.admission;
    struct node *node = node_of(call);
    bool moved = admission->entry != NULL &&
                 chain_entry_generation(admission->entry) != store_generation(node->store);
    if (!moved && !node->strict_replay)
        return DEPUTY_OK;
    TRY(store_run(node->store, decide_apply, call));
    call->used_up = node->strict_replay;
    return DEPUTY_OK;
}

static enum deputy_error call_begin(struct sql_job *job)
{
    struct sql_call *call = call_of(job);
    TRY(deputy_arena_create(&call->change.arena, SQL_ARENA_MAX));
    job->arena = call->change.arena;
    TRY(call_decide(call));
    return sql_request_read(job->arena, &job->request, &job->refusal, &call->target, call->bytes);
}

/* Is there room left in the space? The write that crosses the limit still passes (spec/03 section 14.1). */
static enum deputy_error call_change(struct sql_job *job)
{
    struct sql_call *call = call_of(job);
    const struct node *node = node_of(call);
    struct quota_room room;
    struct store_read *read = NULL;
    if (!quota_effective(node->quota, call->target.space).limited)
        return DEPUTY_OK;
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = quota_room_of(&room, node->quota, read, call->target.space);
    store_read_end(read);
    TRY(error);
    return quota_room_check(job->arena, &job->refusal, &room, 0);
}

/* What events will be about: "<path>/<table>" of each written table. */
static enum deputy_error paths_make(struct sql_call *call, const struct sql_effect *effect)
{
    for (call->path_count = 0; call->path_count < effect->table_count; call->path_count++) {
        struct buf path = buf_make(call->change.arena, SQL_PATHS_MAX);
        buf_put(&path, call->target.path);
        buf_put_byte(&path, '/');
        buf_put(&path, effect->tables[call->path_count]);
        TRY(buf_finish(&path, &call->paths[call->path_count]));
    }
    return DEPUTY_OK;
}

static enum deputy_error paths_json(struct sql_call *call, struct deputy_slice *out)
{
    struct buf text = buf_make(call->change.arena, SQL_PATHS_MAX);
    struct json_writer json = json_writer_make(&text);
    json_array_begin(&json);
    for (size_t i = 0; i < call->path_count; i++)
        json_text(&json, call->paths[i]);
    json_array_end(&json);
    return buf_finish(&text, out);
}

/* Only what is due to a webhook must survive a crash. */
static enum deputy_error intent_keep(struct sql_call *call, struct store_write *write)
{
    struct store_webhook *webhooks;
    size_t count;
    call->intent = (struct sql_intent){.name = call->job.request.database,
            .space = call->target.space,
            .invocation = call->change.admission.token->bytes};
    if (call->path_count == 0)
        return DEPUTY_OK;
    TRY(store_webhook_list(
            call->change.arena, &webhooks, &count, store_write_view(write), call->target.space));
    if (count == 0)
        return DEPUTY_OK;
    TRY(paths_json(call, &call->intent.paths));
    return store_sql_intent_insert(write, &call->intent);
}

static enum deputy_error commit_apply(struct store_write *write, void *context)
{
    struct sql_call *call = context;
    const struct sql_record record = {.space = call->target.space,
            .path = call->target.path,
            .name = call->job.request.database,
            .bytes = call->size};
    TRY(admit_again(call->change.arena, &call->job.refusal, &call->change.admission, write));
    if (!call->used_up)
        TRY(store_replay_insert(write, &call->replay));
    TRY(store_sql_record(write, &record));
    return intent_keep(call, write);
}

static enum deputy_error call_commit(struct sql_job *job, const struct sql_effect *effect, int32_t *mark)
{
    struct sql_call *call = call_of(job);
    call->size = effect->bytes;
    TRY(paths_make(call, effect));
    sql_change_begin(node_of(call)->sql_changes, &call->under_way);
    TRY(store_run(node_of(call)->store, commit_apply, call));
    *mark = call->intent.id != 0 ? sql_intent_mark(call->intent.id) : 0;
    return DEPUTY_OK;
}

static enum deputy_error tell_apply(struct store_write *write, void *context)
{
    struct sql_call *call = context;
    call->change.events = NULL;
    for (size_t i = 0; i < call->path_count; i++) {
        const struct hook_write what = {.space = call->target.space,
                .service = deputy_slice_text("sql"),
                .path = call->paths[i],
                .ability = HOOK_SQL_WRITE};
        TRY(hooks_record(&call->change, write, &what));
    }
    return call->intent.id != 0 ? store_sql_intent_end(write, call->intent.id) : DEPUTY_OK;
}

/* What cannot be recorded now is told at the next start: the intent stays. */
static void call_committed(struct sql_job *job)
{
    struct sql_call *call = call_of(job);
    struct node *node = node_of(call);
    sql_change_end(node->sql_changes, &call->under_way);
    if (call->path_count == 0 || (call->intent.id == 0 && !hooks_heard(node->hooks)))
        return;
    if (store_run(node->store, tell_apply, call) == DEPUTY_OK)
        hooks_publish(&call->change);
}

/* --- on the loop, at the beginning --- */

static void call_gone(struct http_exchange *x, void *context)
{
    struct sql_call *call = context;
    (void)x;
    atomic_store_explicit(&call->job.gone, true, memory_order_relaxed);
}

static void call_submit(struct sql_call *call)
{
    static const struct sql_hooks hooks = {
            .begin = call_begin,
            .change = call_change,
            .commit = call_commit,
            .committed = call_committed,
            .done = call_done,
    };
    call->job.hooks = &hooks;
    sql_name_make(&call->job.request.database, call->target.space, call->target.path);
    http_on_close(call->x, call_gone, call);
    sql_submit(node_of(call)->sql, &call->job);
}

static enum http_read body_part(struct http_exchange *x, void *context, struct deputy_slice part)
{
    (void)x;
    buf_put(&((struct sql_call *)context)->body, part);
    return HTTP_READ_ON;
}

static void body_end(struct http_exchange *x, void *context, enum deputy_error result)
{
    struct sql_call *call = context;
    if (result != DEPUTY_OK) { /* the peer broke off: the exchange is over, and nothing is done */
        call_release(call);
        return;
    }
    if (buf_finish(&call->body, &call->bytes) == DEPUTY_OK) {
        call_submit(call);
        return;
    }
    call_release(call);
    http_reply_error(x, 413);
}

static void call_read(void *context)
{
    struct sql_call *call = context;
    http_body_stream(call->x, body_part, body_end, call);
}

/* Whether the statements write is known when they are prepared, on a worker, which must not wait for it: so
 * whoever could write waits here until it is known what the space may hold. */
static bool call_waits(struct sql_call *call)
{
    const struct sql_rights *rights = &call->target.rights;
    call->gate = (struct quota_gate){
            .wait = {.loop = http_loop(call->x)},
            .quota = node_of(call)->quota,
            .spaces = &call->target.space,
            .count = 1,
            .then = call_read,
            .ctx = call,
    };
    return (rights->write || rights->schema || rights->admin) && quota_gate_closed(&call->gate);
}

static struct sql_call *call_make(
        struct http_exchange *x, const struct admission *admission, const struct store_replay *replay)
{
    struct sql_call *call = ARENA_NEW(http_arena(x), struct sql_call);
    if (call == NULL)
        return NULL;
    call->x = x;
    call->change.admission = *admission;
    call->replay = *replay;
    call->job.image = -1;
    call->body = buf_make(http_arena(x), SQL_BODY_MAX);
    return call;
}

enum http_flow sql_serve(
        struct http_exchange *x, struct admission *admission, const struct store_replay *replay)
{
    struct sql_call *call = call_make(x, admission, replay);
    enum deputy_error error =
            call != NULL ? sql_target_of(http_arena(x), &call->target, admission) : DEPUTY_E_NOMEM;
    uint64_t length = http_body_length(x);
    if (error == DEPUTY_OK && (length == UINT64_MAX || length <= SQL_BODY_MAX)) {
        admission->entry = NULL; /* it is the call's now */
        if (!admission->on->node->strict_replay)
            journal_add(admission->on->journal, replay);
        if (!call_waits(call))
            call_read(call);
        return HTTP_LATER;
    }
    admission_end(admission);
    if (error == DEPUTY_OK)
        http_reply_error(x, 413);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}
