/* Used invocations, so that a restart forgets none (spec/02 section 6.4). */
#include "base/arena.h"
#include "base/try.h"
#include "store/replay_page.h"
#include "store/state.h"

_Static_assert((int)STORE_BATCH_JOBS <= (int)STORE_REPLAY_PAGE, "the uses of one commit are one page");

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

static void entry_write(uint8_t out[REPLAY_ENTRY_BYTES], const struct store_replay *replay)
{
    memcpy(out, replay->fingerprint, STORE_FINGERPRINT_BYTES);
    for (size_t i = 0; i < 8; i++)
        out[STORE_FINGERPRINT_BYTES + i] = (uint8_t)((uint64_t)replay->expires >> (56 - 8 * i));
}

void replay_entry_read(struct store_replay *out, const uint8_t entry[REPLAY_ENTRY_BYTES])
{
    uint64_t expires = 0;
    for (size_t i = 0; i < 8; i++)
        expires = expires << 8 | entry[STORE_FINGERPRINT_BYTES + i];
    memcpy(out->fingerprint, entry, STORE_FINGERPRINT_BYTES);
    out->expires = (int64_t)expires;
}

enum deputy_error store_replay_insert_page(
        struct store_write *write, const struct store_replay *replays, size_t count)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t entries[STORE_REPLAY_PAGE * REPLAY_ENTRY_BYTES];
    int64_t latest = INT64_MIN;
    ENSURE(count > 0 && count <= STORE_REPLAY_PAGE, DEPUTY_E_ARGUMENT);
    for (size_t i = 0; i < count; i++) {
        entry_write(entries + i * REPLAY_ENTRY_BYTES, &replays[i]);
        latest = replays[i].expires > latest ? replays[i].expires : latest;
    }
    TRY(statement_begin(&statement, write->view.db, DB_REPLAY_PAGE_INSERT,
            "INSERT INTO replay_page (expires, entries) VALUES (?, ?)"));
    bind_int(&statement, latest);
    bind_blob(&statement, deputy_slice_bytes(entries, count * REPLAY_ENTRY_BYTES));
    return statement_run(&statement);
}

enum deputy_error store_replay_join(struct store_write *write, const struct store_replay *replay)
{
    struct store_uses *uses = &write->view.store->uses;
    ENSURE(uses->count < STORE_BATCH_JOBS, DEPUTY_E_ARGUMENT);
    uses->replays[uses->count++] = *replay;
    return DEPUTY_OK;
}

enum deputy_error uses_flush(struct store_write *write)
{
    const struct store_uses *uses = &write->view.store->uses;
    return uses->count > 0 ? store_replay_insert_page(write, uses->replays, uses->count) : DEPUTY_OK;
}

enum deputy_error store_replay_load_page(struct deputy_arena *arena, struct store_replay **out, size_t *count,
        struct store_read *read, int64_t *after)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice entries;
    bool row;
    *count = 0;
    TRY(statement_begin(&statement, read->db, DB_REPLAY_PAGE_LOAD,
            "SELECT id, entries FROM replay_page WHERE id > ? ORDER BY id LIMIT 1"));
    bind_int(&statement, *after);
    TRY(statement_step(&statement, &row));
    if (!row)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 1, &entries));
    ENSURE(entries.len > 0 && entries.len % REPLAY_ENTRY_BYTES == 0, DEPUTY_E_STORE_CORRUPT);
    *out = ARENA_ARRAY(arena, struct store_replay, entries.len / REPLAY_ENTRY_BYTES);
    ENSURE(*out != NULL, arena_error(arena));
    for (; *count < entries.len / REPLAY_ENTRY_BYTES; (*count)++)
        replay_entry_read(&(*out)[*count], entries.ptr + *count * REPLAY_ENTRY_BYTES);
    *after = column_int(&statement, 0);
    return DEPUTY_OK;
}

/* One statement of a prune; adds to *removed. */
static enum deputy_error prune_with(struct store_write *write, size_t *removed, enum db_slot slot,
        const char *sql, int64_t now, int64_t latest)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, slot, sql));
    bind_int(&statement, now);
    bind_int(&statement, latest);
    bind_int(&statement, STORE_REPLAY_PAGE);
    TRY(statement_run(&statement));
    *removed += (size_t)db_changes(write->view.db);
    return DEPUTY_OK;
}

enum deputy_error store_replay_prune(struct store_write *write, size_t *removed, int64_t now, int64_t latest)
{
    *removed = 0;
    TRY(prune_with(write, removed, DB_REPLAY_PRUNE,
            "DELETE FROM replay WHERE fingerprint IN"
            " (SELECT fingerprint FROM replay WHERE expires <= ? OR expires > ? LIMIT ?)",
            now, latest));
    return prune_with(write, removed, DB_REPLAY_PAGE_PRUNE,
            "DELETE FROM replay_page WHERE id IN"
            " (SELECT id FROM replay_page WHERE expires <= ? OR expires > ? LIMIT ?)",
            now, latest);
}
