/* Used invocations, so that a restart forgets none (spec/02 section 6.4). */
#include "base/arena.h"
#include "base/try.h"
#include "store/state.h"

enum deputy_error store_replay_insert(struct store_write *write, const struct store_replay *replay)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_REPLAY_INSERT,
            "INSERT INTO replay (fingerprint, expires) VALUES (?, ?) ON CONFLICT DO NOTHING"));
    bind_blob(&statement, deputy_slice_bytes(replay->fingerprint, STORE_FINGERPRINT_BYTES));
    bind_int(&statement, replay->expires);
    TRY(statement_run(&statement));
    ENSURE(db_changes(write->view.db) > 0, DEPUTY_E_STORE_REPLAY);
    return DEPUTY_OK;
}

static enum deputy_error replay_take(struct store_replay *replay, const struct statement *statement)
{
    struct deputy_slice fingerprint;
    TRY(column_bytes(statement, 0, &fingerprint));
    ENSURE(fingerprint.len == STORE_FINGERPRINT_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(replay->fingerprint, fingerprint.ptr, STORE_FINGERPRINT_BYTES);
    replay->expires = column_int(statement, 1);
    return DEPUTY_OK;
}

enum deputy_error store_replay_load(struct deputy_arena *arena, struct store_replay **out, size_t *count,
        struct store_read *read, const uint8_t after[STORE_FINGERPRINT_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    size_t after_len = after != NULL ? STORE_FINGERPRINT_BYTES : 0;
    bool row;
    *out = ARENA_ARRAY(arena, struct store_replay, STORE_REPLAY_PAGE);
    ENSURE(*out != NULL, arena_error(arena));
    TRY(statement_begin(&statement, read->db, DB_REPLAY_LOAD,
            "SELECT fingerprint, expires FROM replay WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?"));
    bind_blob(&statement, deputy_slice_bytes(after, after_len));
    bind_int(&statement, STORE_REPLAY_PAGE);
    for (*count = 0;; (*count)++) {
        TRY(statement_step(&statement, &row));
        if (!row)
            return DEPUTY_OK;
        ENSURE(*count < STORE_REPLAY_PAGE, DEPUTY_E_INTERNAL);
        TRY(replay_take(&(*out)[*count], &statement));
    }
}

enum deputy_error store_replay_prune(struct store_write *write, size_t *removed, int64_t now, int64_t latest)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_REPLAY_PRUNE,
            "DELETE FROM replay WHERE fingerprint IN"
            " (SELECT fingerprint FROM replay WHERE expires <= ? OR expires > ? LIMIT ?)"));
    bind_int(&statement, now);
    bind_int(&statement, latest);
    bind_int(&statement, STORE_REPLAY_PAGE);
    TRY(statement_run(&statement));
    *removed = (size_t)db_changes(write->view.db);
    return DEPUTY_OK;
}
