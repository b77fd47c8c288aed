#include "node/journal.h"
#include "base/try.h"
#include <stdlib.h>

enum {
    JOURNAL_ROWS = 512,
    JOURNAL_DELAY_MS = 50,
    JOURNAL_PRUNE_MS = 2000,
    JOURNAL_PRUNE_ROUNDS = 16, /* of STORE_REPLAY_PAGE rows; what is left waits for the next time */
};
_Static_assert((int)JOURNAL_ROWS <= (int)STORE_REPLAY_PAGE, "what one commit takes along is one page");

/* What one commit takes along. It frees itself when it is done, on the writer's thread. */
struct journal_page {
    struct store_job job;
    size_t count;
    struct store_replay rows[JOURNAL_ROWS];
};

struct replay_journal {
    const struct node *node;
    struct loop_timer *timer;
    struct loop_timer *prune_timer;
    struct journal_page *page; /* being filled; NULL when empty */
};

static enum deputy_error page_apply(struct store_write *write, void *ctx)
{
    const struct journal_page *page = ctx;
    return store_replay_insert_page(write, page->rows, page->count);
}

/* Also of a prune. */
static void page_done(void *ctx, enum deputy_error result)
{
    (void)result; /* the set in memory holds; only a restart within the minute would forget these */
    free(ctx);
}

static void journal_flush(void *ctx)
{
    struct replay_journal *journal = ctx;
    struct journal_page *page = journal->page;
    if (page == NULL)
        return;
    journal->page = NULL;
    page->job = (struct store_job){
            .apply = page_apply, .done = page_done, .ctx = page, .bytes = page->count * sizeof page->rows[0]};
    store_submit(journal->node->store, &page->job);
}

/* ---- clearing away ---- */

struct journal_prune {
    struct store_job job;
    int64_t max_lifetime_s;
};

static enum deputy_error prune_apply(struct store_write *write, void *ctx)
{
    const struct journal_prune *prune = ctx;
    int64_t now = store_write_now(write).sec;
    size_t removed = STORE_REPLAY_PAGE;
    for (int i = 0; i < JOURNAL_PRUNE_ROUNDS && removed >= STORE_REPLAY_PAGE; i++)
        TRY(store_replay_prune(write, &removed, now, now + prune->max_lifetime_s + REPLAY_GRACE_S));
    return DEPUTY_OK;
}

static void journal_prune(void *ctx)
{
    struct replay_journal *journal = ctx;
    struct journal_prune *prune = calloc(1, sizeof *prune);
    if (prune == NULL)
        return; /* the next time comes */
    prune->max_lifetime_s = journal->node->rules.max_lifetime_s;
    prune->job = (struct store_job){.apply = prune_apply, .done = page_done, .ctx = prune};
    store_submit(journal->node->store, &prune->job);
}

/* ---- life ---- */

enum deputy_error journal_create(struct replay_journal **out, const struct node *node, struct loop *loop)
{
    struct replay_journal *journal = calloc(1, sizeof *journal);
    ENSURE(journal != NULL, DEPUTY_E_NOMEM);
    journal->node = node;
    enum deputy_error error = loop_timer_create(&journal->timer, loop, journal_flush, journal);
    if (error == DEPUTY_OK)
        error = loop_timer_create(&journal->prune_timer, loop, journal_prune, journal);
    if (error != DEPUTY_OK) {
        journal_destroy(journal);
        return error;
    }
    loop_timer_start(journal->prune_timer, JOURNAL_PRUNE_MS, JOURNAL_PRUNE_MS);
    *out = journal;
    return DEPUTY_OK;
}

void journal_destroy(struct replay_journal *journal)
{
    if (journal == NULL)
        return;
    journal_flush(journal);
    loop_timer_destroy(journal->timer);
    loop_timer_destroy(journal->prune_timer);
    free(journal);
}

void journal_add(struct replay_journal *journal, const struct store_replay *replay)
{
    if (journal->page == NULL) {
        journal->page = calloc(1, sizeof *journal->page);
        if (journal->page == NULL)
            return;
        loop_timer_start(journal->timer, JOURNAL_DELAY_MS, 0);
    }
    journal->page->rows[journal->page->count++] = *replay;
    if (journal->page->count == JOURNAL_ROWS)
        journal_flush(journal);
}
