#include "node/mutation.h"
#include "base/arena.h"
#include "node/hooks.h"

/* What deciding again and the results of one change may take. */
enum { MUTATION_ARENA = 64 * 1024 * 1024 };

/* Frees what the mutation holds beside its exchange. */
static void mutation_release(struct mutation *mutation)
{
    admission_end(&mutation->admission);
    deputy_arena_destroy(mutation->arena);
}

static enum deputy_error mutation_apply(struct store_write *write, void *ctx)
{
    struct mutation *mutation = ctx;
    deputy_arena_reset(mutation->arena);
    mutation->refusal = (struct deputy_refusal){.code = DEPUTY_OK};
    mutation->events = NULL;
    enum deputy_error error = mutation->apply(mutation, write);
    if (mutation->refusal.code == DEPUTY_OK)
        mutation->refusal.code = error;
    return error;
}

/* The answer ends the exchange, and with it the memory in which the mutation lies: a copy goes on. */
static void mutation_done(void *ctx, enum deputy_error result)
{
    struct mutation mutation = *(struct mutation *)ctx;
    if (mutation.end != NULL)
        mutation.end(mutation.ctx);
    if (result == DEPUTY_OK) {
        mutation.answer(&mutation);
    } else {
        if (mutation.refusal.code != result)
            mutation.refusal = (struct deputy_refusal){.code = result};
        answer_refusal(mutation.x, mutation.route, &mutation.refusal);
    }
    mutation_release(&mutation);
}

static void mutation_arrive(void *ctx)
{
    struct mutation *mutation = ctx;
    store_job_finish(&mutation->job);
}

static void mutation_send(void *ctx)
{
    struct mutation *mutation = ctx;
    mutation->letter = (struct loop_task){.run = mutation_arrive, .ctx = mutation};
    loop_post(mutation->job.loop, &mutation->letter);
}

void mutation_post(void *loop, struct store_job *job)
{
    struct mutation *mutation = (struct mutation *)job;
    (void)loop; /* the job's own */
    if (job->result == DEPUTY_OK)
        hooks_publish(mutation);
    if (job->result != DEPUTY_OK || !mutation->ends_authority) {
        mutation_send(mutation);
        return;
    }
    mutation->behind_sql = (struct sql_changes_waiter){.run = mutation_send, .ctx = mutation};
    sql_changes_await(mutation->admission.on->node->sql_changes, &mutation->behind_sql);
}

enum http_flow mutation_submit(struct http_exchange *x, const struct mutation *mutation, size_t bytes)
{
    struct mutation *kept = ARENA_NEW(http_arena(x), struct mutation);
    struct deputy_arena *arena = NULL;
    enum deputy_error error = kept == NULL ? DEPUTY_E_NOMEM : deputy_arena_create(&arena, MUTATION_ARENA);
    if (error != DEPUTY_OK) {
        struct mutation failed = *mutation;
        if (failed.end != NULL)
            failed.end(failed.ctx);
        mutation_release(&failed);
        answer_error(x, failed.route, error);
        return HTTP_DONE;
    }
    *kept = *mutation;
    kept->x = x;
    kept->arena = arena;
    kept->job = (struct store_job){
            .apply = mutation_apply,
            .done = mutation_done,
            .ctx = kept,
            .loop = http_loop(x),
            .bytes = bytes,
    };
    store_submit(kept->admission.on->node->store, &kept->job);
    return HTTP_LATER;
}
