#include "node/journal.h"
#include "base/try.h"
#include <stdlib.h>

enum { JOURNAL_ROWS = 512, JOURNAL_DELAY_MS = 50 };

/* What one commit takes along. It frees itself when it is done, on the writer's thread. */
struct journal_page {
    struct store_job job;
    size_t count;
    struct store_replay rows[JOURNAL_ROWS];
};

struct replay_journal {
    struct store *store;
    struct loop_timer *timer;
    struct journal_page *page; /* being filled; NULL when empty */
};

static enum deputy_error page_apply(struct store_write *write, void *ctx)
{
    const struct journal_page *page = ctx;
    for (size_t i = 0; i < page->count; i++) {
        enum deputy_error error = store_replay_insert(write, &page->rows[i]);
        ENSURE(error == DEPUTY_OK || error == DEPUTY_E_STORE_REPLAY, error);
    }
    return DEPUTY_OK;
}

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
    store_submit(journal->store, &page->job);
}

enum deputy_error journal_create(struct replay_journal **out, struct store *store, struct loop *loop)
{
    struct replay_journal *journal = calloc(1, sizeof *journal);
    ENSURE(journal != NULL, DEPUTY_E_NOMEM);
    journal->store = store;
    enum deputy_error error = loop_timer_create(&journal->timer, loop, journal_flush, journal);
    if (error != DEPUTY_OK) {
        free(journal);
        return error;
    }
    *out = journal;
    return DEPUTY_OK;
}

void journal_destroy(struct replay_journal *journal)
{
    if (journal == NULL)
        return;
    journal_flush(journal);
    loop_timer_destroy(journal->timer);
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
