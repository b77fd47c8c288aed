/* The audit of sealed rows, of what spaces hold, and of what lists delegations. */
#include "base/arena.h"
#include "base/try.h"
#include "store/audit_state.h"
#include "store/sealed_row.h"

/* What one row may take. */
enum { AUDIT_ROW_ARENA = 16 * 1024 * 1024 };

/* ---- sealed rows ---- */

static enum deputy_error seal_judge(struct store_audit *audit, const char *check, enum audit_subject kind,
        struct deputy_slice subject, enum deputy_error error)
{
    if (error == DEPUTY_E_STORE_SEAL)
        audit_found(audit, check, kind, subject, "the row does not carry this node's seal");
    return error == DEPUTY_E_STORE_SEAL ? DEPUTY_OK : error;
}

static enum deputy_error decryption_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct store_decryption decryption = {0};
    (void)ctx;
    enum deputy_error error = decryption_row_take(&decryption, row, audit->seal_key);
    return seal_judge(audit, check, AUDIT_TEXT, decryption.request, error);
}

enum deputy_error store_audit_decryptions(struct store_audit *audit)
{
    return audit_scan(audit, "decryptions", "SELECT " DECRYPTION_COLUMNS " FROM decryption ORDER BY id",
            decryption_row, NULL);
}

/* Columns: those of a ticket, id. */
static enum deputy_error ticket_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct store_ticket ticket;
    struct deputy_slice id, key;
    deputy_arena_reset(ctx);
    TRY(column_bytes(row, 6, &id));
    TRY(column_bytes(row, 2, &key));
    ENSURE(id.len == sizeof ticket.id, DEPUTY_E_STORE_CORRUPT);
    memcpy(ticket.id, id.ptr, sizeof ticket.id);
    return seal_judge(audit, check, AUDIT_KEY, key, ticket_row_take(ctx, &ticket, row, audit->seal_key));
}

static enum deputy_error webhook_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct store_webhook webhook;
    struct deputy_slice digest;
    deputy_arena_reset(ctx);
    TRY(column_bytes(row, 1, &digest));
    return seal_judge(audit, check, AUDIT_ID, digest, webhook_row_take(ctx, &webhook, row, audit->seal_key));
}

static enum deputy_error scan_with_arena(
        struct store_audit *audit, const char *check, const char *sql, audit_row_fn *each)
{
    struct deputy_arena *arena = NULL;
    TRY(deputy_arena_create(&arena, AUDIT_ROW_ARENA));
    enum deputy_error error = audit_scan(audit, check, sql, each, arena);
    deputy_arena_destroy(arena);
    return error;
}

enum deputy_error store_audit_tickets(struct store_audit *audit)
{
    return scan_with_arena(
            audit, "tickets", "SELECT " TICKET_COLUMNS ", id FROM ticket ORDER BY id", ticket_row);
}

/* Those that have ended as well: their dead letters stand with them. */
enum deputy_error store_audit_webhooks(struct store_audit *audit)
{
    return scan_with_arena(audit, "webhooks",
            "SELECT " WEBHOOK_COLUMNS " FROM webhook w JOIN space s ON s.id = w.space ORDER BY w.id",
            webhook_row);
}

/* ---- what spaces hold ---- */

static enum deputy_error space_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice space;
    (void)ctx;
    TRY(column_bytes(row, 0, &space));
    audit_found(audit, check, AUDIT_TEXT, space,
            "what the space is said to hold is not the sum of what it holds");
    return DEPUTY_OK;
}

static enum deputy_error uncounted_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice key;
    (void)ctx;
    TRY(column_bytes(row, 0, &key));
    audit_found(audit, check, AUDIT_KEY, key, "the value is not counted with its size");
    return DEPUTY_OK;
}

enum deputy_error store_audit_usage(struct store_audit *audit)
{
    TRY(audit_scan(audit, "usage",
            "SELECT name FROM space WHERE used <>"
            " (SELECT coalesce(sum(size), 0) FROM content WHERE content.space = space.id)"
            " + (SELECT coalesce(sum(bytes), 0) FROM sql_database WHERE sql_database.space = space.id)",
            space_row, NULL));
    return audit_scan(audit, "usage",
            "SELECT e.key FROM kv_event e LEFT JOIN content c ON c.space = e.space AND c.hash = e.hash"
            " WHERE e.hash IS NOT NULL AND c.size IS NOT e.size",
            uncounted_row, NULL);
}

/* ---- listings ---- */

static bool space_named(const struct store_delegation *expected, struct deputy_slice space)
{
    for (size_t i = 0; i < expected->space_count; i++) {
        if (deputy_slice_equal(expected->spaces[i], space))
            return true;
    }
    return false;
}

enum deputy_error audit_listing_difference(const char **differs, struct store_audit *audit,
        const struct audit_delegation *row, const struct store_delegation *expected)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice space;
    size_t count = 0;
    bool found;
    *differs = NULL;
    TRY(statement_begin(&statement, &audit->db, DB_AUDIT_LISTING,
            "SELECT space FROM delegation_space WHERE delegation = ?"));
    bind_int(&statement, row->id);
    TRY(statement_step(&statement, &found));
    while (found) {
        TRY(column_bytes(&statement, 0, &space));
        if (!space_named(expected, space))
            *differs = "it is listed for a space that its token does not name";
        count++;
        TRY(statement_step(&statement, &found));
    }
    if (*differs == NULL && count < expected->space_count)
        *differs = "it is not listed for every space that its token names";
    return DEPUTY_OK;
}
