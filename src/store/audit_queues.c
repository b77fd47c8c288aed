/* The audit of what waits: deliveries to webhooks, events of SQL commits, uses of invocations. */
#include "base/arena.h"
#include "base/json.h"
#include "base/try.h"
#include "store/audit_state.h"
#include "store/delivery_count.h"
#include "store/replay_page.h"
#include "store/sql.h"
#include "store/webhook.h"
#include <stdio.h>

enum { QUEUE_ROW_ARENA = 16 * 1024 * 1024, QUEUE_NAME_MAX = 96, QUEUE_ATTEMPTS_MAX = 1000000 };

/* The end of the year 9999, in seconds. */
#define QUEUE_TIME_MAX INT64_C(253402300799)
#define QUEUE_MICROS INT64_C(1000000)

#define THEN_DELETE ": delete the row"
#define THEN_DELETE_EVENT ": delete the row, and webhooks are not told of that commit"
#define THEN_WAIT ": leave the node stopped for invocation.max_lifetime_secs, then delete the row"

/* A row is named by its table and its key. */
static void row_found(
        struct store_audit *audit, const char *check, const char *table, int64_t id, const char *problem)
{
    char name[QUEUE_NAME_MAX];
    snprintf(name, sizeof name, "%s %lld", table, (long long)id);
    audit_found(audit, check, AUDIT_TEXT, deputy_slice_text(name), problem);
}

/* ---- deliveries ---- */

static bool is_body_of(struct deputy_arena *arena, struct deputy_slice body, struct deputy_slice event)
{
    const struct json_value *value;
    struct deputy_slice id;
    return json_parse(arena, &value, body) == DEPUTY_OK &&
           json_to_text(&id, json_member(value, "id")) == DEPUTY_OK && deputy_slice_equal(id, event);
}

/* Columns: id, event, body, attempts, due, the webhook's id, active. */
static enum deputy_error delivery_problem(
        struct deputy_arena *arena, const char **problem, const struct statement *row)
{
    struct deputy_slice event, body;
    bool waits = !column_null(row, 4);
    int64_t attempts = column_int(row, 3), due = column_int(row, 4);
    TRY(column_bytes(row, 1, &event));
    TRY(column_bytes(row, 2, &body));
    if (column_null(row, 5))
        *problem = "it is for a webhook that is not there" THEN_DELETE;
    else if (waits && column_int(row, 6) == 0)
        *problem = "it waits for a webhook that has ended" THEN_DELETE;
    else if (body.len > STORE_NOTICE_MAX || !is_body_of(arena, body, event))
        *problem = "its body is not that of its event" THEN_DELETE;
    else if (attempts < 0 || attempts > QUEUE_ATTEMPTS_MAX)
        *problem = "its number of attempts is out of bounds" THEN_DELETE;
    else if (waits && (due < 0 || due > QUEUE_TIME_MAX * QUEUE_MICROS))
        *problem = "when it is due is out of bounds: set due to 0, and it is tried at once";
    return DEPUTY_OK;
}

static enum deputy_error delivery_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    const char *problem = NULL;
    deputy_arena_reset(ctx);
    TRY(delivery_problem(ctx, &problem, row));
    if (problem != NULL)
        row_found(audit, check, "webhook_delivery", column_int(row, 0), problem);
    return DEPUTY_OK;
}

static enum deputy_error waiting_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    (void)ctx;
    row_found(audit, check, "webhook_waiting", column_int(row, 0),
            "not so many deliveries wait: start the node again, and it counts anew");
    return DEPUTY_OK;
}

static enum deputy_error deliveries_scan(struct store_audit *audit, struct deputy_arena *arena)
{
    TRY(audit_scan(audit, "deliveries",
            "SELECT d.id, d.event, d.body, d.attempts, d.due, w.id, w.active FROM webhook_delivery d"
            " LEFT JOIN webhook w ON w.id = d.webhook ORDER BY d.id",
            delivery_row, arena));
    return audit_scan(audit, "deliveries",
            "SELECT DISTINCT webhook FROM (" DELIVERY_MISCOUNTED ") ORDER BY webhook", waiting_row, NULL);
}

enum deputy_error store_audit_deliveries(struct store_audit *audit)
{
    struct deputy_arena *arena = NULL;
    TRY(deputy_arena_create(&arena, QUEUE_ROW_ARENA));
    enum deputy_error error = deliveries_scan(audit, arena);
    deputy_arena_destroy(arena);
    return error;
}

/* ---- events of SQL commits ---- */

struct intents {
    struct deputy_arena *arena;
    audit_token_fn *check;
    void *ctx;
};

/* "<path of the database>/<table>" */
static bool is_table_of(struct deputy_slice database, const struct json_value *path)
{
    struct deputy_slice text;
    return json_to_text(&text, path) == DEPUTY_OK && text.len > database.len + 1 &&
           memcmp(text.ptr, database.ptr, database.len) == 0 && text.ptr[database.len] == '/';
}

static bool are_tables_of(struct deputy_arena *arena, struct deputy_slice database, struct deputy_slice paths)
{
    const struct json_value *list;
    if (json_parse(arena, &list, paths) != DEPUTY_OK || !json_is(list, JSON_ARRAY) || list->count == 0 ||
            list->count > SQL_TABLES_MAX)
        return false;
    JSON_EACH (path, list) {
        if (!is_table_of(database, path))
            return false;
    }
    return true;
}

/* Columns: id, paths, invocation, the database's path, whether its space is the intent's. */
static enum deputy_error intent_problem(
        const struct intents *intents, const char **problem, const struct statement *row)
{
    struct deputy_slice paths, invocation, database;
    TRY(column_bytes(row, 1, &paths));
    TRY(column_bytes(row, 2, &invocation));
    TRY(column_bytes(row, 3, &database));
    if (column_int(row, 0) <= 0)
        *problem = "its number is out of bounds" THEN_DELETE_EVENT;
    else if (column_null(row, 3))
        *problem = "it is of an SQL database that is not there" THEN_DELETE_EVENT;
    else if (column_int(row, 4) != 1)
        *problem = "it is of another space than its SQL database" THEN_DELETE_EVENT;
    else if (!are_tables_of(intents->arena, database, paths))
        *problem = "its paths are no list of tables of its SQL database" THEN_DELETE_EVENT;
    else
        *problem = intents->check(intents->ctx, invocation);
    return DEPUTY_OK;
}

static enum deputy_error intent_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    const struct intents *intents = ctx;
    const char *problem = NULL;
    deputy_arena_reset(intents->arena);
    TRY(intent_problem(intents, &problem, row));
    if (problem != NULL)
        row_found(audit, check, "sql_intent", column_int(row, 0), problem);
    return DEPUTY_OK;
}

enum deputy_error store_audit_intents(struct store_audit *audit, audit_token_fn *check, void *ctx)
{
    struct intents intents = {.check = check, .ctx = ctx};
    TRY(deputy_arena_create(&intents.arena, QUEUE_ROW_ARENA));
    enum deputy_error error = audit_scan(audit, "intents",
            "SELECT i.id, i.paths, i.invocation, d.path, s.name = i.space FROM sql_intent i"
            " LEFT JOIN sql_database d ON d.name = i.name LEFT JOIN space s ON s.id = d.space ORDER BY i.id",
            intent_row, &intents);
    deputy_arena_destroy(intents.arena);
    return error;
}

/* ---- uses of invocations ---- */

static bool is_expiry(int64_t seconds)
{
    return seconds > 0 && seconds <= QUEUE_TIME_MAX;
}

/* Columns: fingerprint, expires. */
static enum deputy_error replay_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice fingerprint;
    const char *problem = NULL;
    (void)ctx;
    TRY(column_bytes(row, 0, &fingerprint));
    if (fingerprint.len != STORE_FINGERPRINT_BYTES)
        problem = "a fingerprint in table replay is not 16 bytes" THEN_WAIT;
    else if (!is_expiry(column_int(row, 1)))
        problem = "its expiry in table replay is out of bounds" THEN_WAIT;
    if (problem != NULL)
        audit_found(audit, check, AUDIT_KEY, fingerprint, problem);
    return DEPUTY_OK;
}

static const char *page_problem(struct deputy_slice entries, int64_t expires)
{
    int64_t latest = 0;
    if (entries.len == 0 || entries.len % REPLAY_ENTRY_BYTES != 0)
        return "its entries cannot be read" THEN_WAIT;
    if (entries.len / REPLAY_ENTRY_BYTES > STORE_REPLAY_PAGE)
        return "it has more entries than a page" THEN_WAIT;
    for (size_t at = 0; at < entries.len; at += REPLAY_ENTRY_BYTES) {
        struct store_replay replay;
        replay_entry_read(&replay, entries.ptr + at);
        if (!is_expiry(replay.expires))
            return "the expiry of an entry is out of bounds" THEN_WAIT;
        latest = replay.expires > latest ? replay.expires : latest;
    }
    return latest == expires ? NULL : "its expiry is not the latest of its entries" THEN_WAIT;
}

/* Columns: id, expires, entries. */
static enum deputy_error page_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice entries;
    (void)ctx;
    TRY(column_bytes(row, 2, &entries));
    const char *problem = page_problem(entries, column_int(row, 1));
    if (problem != NULL)
        row_found(audit, check, "replay_page", column_int(row, 0), problem);
    return DEPUTY_OK;
}

enum deputy_error store_audit_replays(struct store_audit *audit)
{
    TRY(audit_scan(audit, "replays", "SELECT fingerprint, expires FROM replay ORDER BY fingerprint",
            replay_row, NULL));
    return audit_scan(
            audit, "replays", "SELECT id, expires, entries FROM replay_page ORDER BY id", page_row, NULL);
}
