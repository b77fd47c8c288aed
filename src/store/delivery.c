/*
 * What is to be delivered to webhooks. How many deliveries wait is kept beside them (webhook_waiting), for
 * each webhook and in all, so that the bounds on both cost a write no counting.
 */
#include "base/arena.h"
#include "base/try.h"
#include "store/delivery_count.h"
#include "store/sealed_row.h"

enum {
    ALL_WEBHOOKS = 0,
    DROPS_AT_ONCE = 64 /* where a bound was lowered: the rest goes with later writes */
};

static enum deputy_error run_on(struct db *db, enum db_slot slot, const char *sql, int64_t id)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, slot, sql));
    bind_int(&statement, id);
    return statement_run(&statement);
}

/* ---- how many wait ---- */

enum deputy_error delivery_recount(struct db *db)
{
    int64_t wrong;
    TRY(db_query_int(db, &wrong, "SELECT count(*) FROM (" DELIVERY_MISCOUNTED ")"));
    if (wrong == 0)
        return DEPUTY_OK;
    return db_exec(db, "BEGIN IMMEDIATE; DELETE FROM webhook_waiting;"
                       " INSERT INTO webhook_waiting (webhook, waiting) " DELIVERY_COUNTS "; COMMIT");
}

static enum deputy_error waiting_add(struct db *db, int64_t webhook, int64_t more)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_WAITING_ADD,
            "INSERT INTO webhook_waiting (webhook, waiting) VALUES (?, ?), (?, ?)"
            " ON CONFLICT (webhook) DO UPDATE SET waiting = waiting + excluded.waiting"));
    bind_int(&statement, ALL_WEBHOOKS);
    bind_int(&statement, more);
    bind_int(&statement, webhook);
    bind_int(&statement, more);
    return statement_run(&statement);
}

static enum deputy_error waiting_of(struct db *db, int64_t *out, int64_t webhook)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    TRY(statement_begin(
            &statement, db, DB_WAITING_FIND, "SELECT waiting FROM webhook_waiting WHERE webhook = ?"));
    bind_int(&statement, webhook);
    TRY(statement_step(&statement, &row));
    *out = row ? column_int(&statement, 0) : 0;
    return DEPUTY_OK;
}

/* The webhook for which most deliveries wait; 0 when none do. */
static enum deputy_error waiting_most(struct db *db, int64_t *webhook)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    TRY(statement_begin(&statement, db, DB_WAITING_MOST,
            "SELECT webhook FROM webhook_waiting WHERE webhook > 0 AND waiting > 0 ORDER BY waiting DESC"
            " LIMIT 1"));
    TRY(statement_step(&statement, &row));
    *webhook = row ? column_int(&statement, 0) : 0;
    return DEPUTY_OK;
}

/* ---- the bounds ---- */

/* The oldest that waits for the webhook; *dropped counts it. */
static enum deputy_error oldest_drop(struct db *db, int64_t webhook, uint64_t *dropped)
{
    TRY(run_on(db, DB_DELIVERY_DROP,
            "DELETE FROM webhook_delivery WHERE id ="
            " (SELECT min(id) FROM webhook_delivery WHERE webhook = ? AND due IS NOT NULL)",
            webhook));
    if (db_changes(db) == 0)
        return DEPUTY_OK;
    ++*dropped;
    return waiting_add(db, webhook, -1);
}

static enum deputy_error keep_each(struct db *db, int64_t webhook, int64_t most, uint64_t *dropped)
{
    int64_t waiting;
    TRY(waiting_of(db, &waiting, webhook));
    for (int i = 0; i < DROPS_AT_ONCE && waiting > most; i++, waiting--)
        TRY(oldest_drop(db, webhook, dropped));
    return DEPUTY_OK;
}

/* A webhook that few deliveries wait for loses none for those that have many. */
static enum deputy_error keep_all(struct db *db, int64_t most, uint64_t *dropped)
{
    int64_t waiting, webhook;
    TRY(waiting_of(db, &waiting, ALL_WEBHOOKS));
    for (int i = 0; i < DROPS_AT_ONCE && waiting > most; i++, waiting--) {
        TRY(waiting_most(db, &webhook));
        TRY(oldest_drop(db, webhook, dropped));
    }
    return DEPUTY_OK;
}

static enum deputy_error row_insert(struct db *db, int64_t webhook, struct deputy_slice event,
        struct deputy_slice body, const struct deputy_time *due)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_DELIVERY_INSERT,
            "INSERT INTO webhook_delivery (webhook, event, body, due, attempts) VALUES (?, ?, ?, ?, 0)"
            " ON CONFLICT DO NOTHING"));
    bind_int(&statement, webhook);
    bind_text(&statement, event);
    bind_text(&statement, body);
    bind_time(&statement, due);
    return statement_run(&statement);
}

enum deputy_error store_delivery_insert(struct store_write *write, const struct store_notice *notice,
        const struct store_delivery_bounds *bounds, uint64_t *dropped)
{
    struct db *db = write->view.db;
    TRY(row_insert(db, notice->webhook, notice->event, notice->body, &write->now));
    if (db_changes(db) == 0)
        return DEPUTY_OK;
    TRY(waiting_add(db, notice->webhook, 1));
    TRY(keep_each(db, notice->webhook, bounds->each, dropped));
    return keep_all(db, bounds->all, dropped);
}

/* ---- what is due ---- */

static bool is_busy(int64_t webhook, const int64_t *busy, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (busy[i] == webhook)
            return true;
    }
    return false;
}

/* The rows: one webhook each, the longest due first. */
static enum deputy_error next_choose(
        int64_t *id, bool *found, struct statement *statement, const int64_t *busy, size_t busy_count)
{
    for (;;) {
        TRY(statement_step(statement, found));
        if (!*found)
            return DEPUTY_OK;
        *id = column_int(statement, 0);
        if (!is_busy(column_int(statement, 1), busy, busy_count))
            return DEPUTY_OK;
    }
}

static enum deputy_error next_id(int64_t *id, bool *found, struct db *db, struct deputy_time now,
        const int64_t *busy, size_t busy_count)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_DELIVERY_NEXT,
            "SELECT id, webhook, min(due) AS first FROM webhook_delivery"
            " WHERE due IS NOT NULL GROUP BY webhook HAVING first <= ? ORDER BY first, id"));
    bind_time(&statement, &now);
    return next_choose(id, found, &statement, busy, busy_count);
}

static enum deputy_error delivery_load(struct deputy_arena *arena, struct store_delivery *out, bool *found,
        struct store_read *read, int64_t id)
{
    DEFER(statement_end) struct statement statement = {0};
    *out = (struct store_delivery){.id = id};
    TRY(statement_begin(&statement, read->db, DB_DELIVERY_LOAD,
            "SELECT " WEBHOOK_COLUMNS ", d.event, d.body, d.attempts FROM webhook_delivery d"
            " JOIN webhook w ON w.id = d.webhook JOIN space s ON s.id = w.space WHERE d.id = ?"));
    bind_int(&statement, id);
    TRY(statement_step(&statement, found));
    if (!*found)
        return DEPUTY_OK;
    TRY(column_copy(arena, &out->event, &statement, 13));
    TRY(column_copy(arena, &out->body, &statement, 14));
    out->attempts = column_int(&statement, 15);
    out->webhook.id = column_int(&statement, 0);
    return webhook_row_take(arena, &out->webhook, &statement, read->store->seal_key);
}

enum deputy_error store_delivery_next(struct deputy_arena *arena, struct store_delivery *out, bool *found,
        struct store_read *read, struct deputy_time now, const int64_t *busy, size_t busy_count)
{
    int64_t id = 0;
    TRY(next_id(&id, found, read->db, now, busy, busy_count));
    return *found ? delivery_load(arena, out, found, read, id) : DEPUTY_OK;
}

/* ---- what became of it ---- */

/* Only the newest dead letters are kept, of a webhook and in all. */
static enum deputy_error letters_prune(struct db *db, int64_t webhook)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_DELIVERY_PRUNE,
            "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
            " WHERE webhook = ? AND due IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?)"));
    bind_int(&statement, webhook);
    bind_int(&statement, STORE_DEAD_LETTERS_MAX);
    TRY(statement_run(&statement));
    return run_on(db, DB_DELIVERY_PRUNE_ALL,
            "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
            " WHERE due IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?)",
            STORE_DEAD_LETTERS_ALL);
}

enum deputy_error deliveries_end(struct db *db, int64_t webhook)
{
    TRY(run_on(db, DB_DELIVERY_END,
            "UPDATE webhook_delivery SET due = NULL WHERE webhook = ? AND due IS NOT NULL", webhook));
    TRY(waiting_add(db, webhook, -db_changes(db)));
    return letters_prune(db, webhook);
}

/* It may have become a dead letter, with its webhook, or have been dropped while it was under way. */
enum deputy_error store_delivery_done(struct store_write *write, const struct store_delivery *delivery)
{
    struct db *db = write->view.db;
    TRY(run_on(db, DB_DELIVERY_DONE, "DELETE FROM webhook_delivery WHERE id = ? AND due IS NOT NULL",
            delivery->id));
    if (db_changes(db) > 0)
        return waiting_add(db, delivery->webhook.id, -1);
    return run_on(db, DB_DELIVERY_FORGET, "DELETE FROM webhook_delivery WHERE id = ?", delivery->id);
}

enum deputy_error store_delivery_retry(struct store_write *write, int64_t id, struct deputy_time due)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_DELIVERY_RETRY,
            "UPDATE webhook_delivery SET attempts = attempts + 1, due = ? WHERE id = ? AND due IS NOT NULL"));
    bind_time(&statement, &due);
    bind_int(&statement, id);
    return statement_run(&statement);
}

enum deputy_error store_delivery_bury(struct store_write *write, const struct store_delivery *delivery)
{
    struct db *db = write->view.db;
    TRY(run_on(db, DB_DELIVERY_BURY,
            "UPDATE webhook_delivery SET attempts = attempts + 1, due = NULL WHERE id = ? AND due IS NOT "
            "NULL",
            delivery->id));
    if (db_changes(db) > 0)
        TRY(waiting_add(db, delivery->webhook.id, -1));
    return letters_prune(db, delivery->webhook.id);
}
