#include "store/listing.h"
#include "base/arena.h"
#include "base/try.h"
#include "store/state.h"

static struct deputy_time time_of(int64_t micros)
{
    int64_t rest = micros % 1000000;
    int64_t sec = micros / 1000000 - (rest < 0);
    return (struct deputy_time){sec, (uint32_t)((rest < 0 ? rest + 1000000 : rest) * 1000)};
}

static int64_t micros_of(struct deputy_time time)
{
    return time.sec * 1000000 + time.nsec / 1000;
}

/* Columns: id, digest, issued. */
static enum deputy_error listed_take(struct store_listed *out, const struct statement *statement)
{
    struct deputy_slice digest;
    TRY(column_bytes(statement, 1, &digest));
    ENSURE(digest.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    out->id = column_int(statement, 0);
    memcpy(out->digest, digest.ptr, STORE_DIGEST_BYTES);
    out->issued = time_of(column_int(statement, 2));
    return DEPUTY_OK;
}

/* Steps through the rows; the statement returns no more than limit. */
static enum deputy_error listing_take(
        struct deputy_arena *arena, struct store_listing *out, struct statement *statement, size_t limit)
{
    bool row;
    *out = (struct store_listing){.rows = ARENA_ARRAY(arena, struct store_listed, limit)};
    ENSURE(out->rows != NULL, arena_error(arena));
    while (out->count < limit) {
        TRY(statement_step(statement, &row));
        if (!row)
            break;
        TRY(listed_take(&out->rows[out->count++], statement));
    }
    return DEPUTY_OK;
}

enum deputy_error store_list_by_space(struct deputy_arena *arena, struct store_listing *out,
        struct store_read *read, struct deputy_slice space, int64_t after, size_t limit)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, read->db, DB_LIST_BY_SPACE,
            "SELECT d.id, d.digest, d.issued FROM delegation_space s JOIN delegation d ON d.id = s.delegation"
            " WHERE s.space = ? AND s.delegation > ? ORDER BY s.delegation LIMIT ?"));
    bind_text(&statement, space);
    bind_int(&statement, after);
    bind_int(&statement, (int64_t)limit);
    return listing_take(arena, out, &statement, limit);
}

enum deputy_error store_list_by_principal(struct deputy_arena *arena, struct store_listing *out,
        struct store_read *read, struct deputy_slice principal, struct store_sides sides,
        const struct store_listed *after, size_t limit)
{
    DEFER(statement_end) struct statement statement = {0};
    const struct deputy_slice nobody = deputy_slice_text(""), none = deputy_slice_text("");
    int64_t issued = after != NULL ? micros_of(after->issued) : INT64_MAX;
    TRY(statement_begin(&statement, read->db, DB_LIST_BY_PRINCIPAL,
            "SELECT id, digest, issued FROM delegation WHERE (delegator = ? OR delegatee = ?)"
            " AND (issued < ? OR (issued = ? AND digest > ?)) ORDER BY issued DESC, digest LIMIT ?"));
    bind_text(&statement, sides.granted ? principal : nobody);
    bind_text(&statement, sides.received ? principal : nobody);
    bind_int(&statement, issued);
    bind_int(&statement, issued);
    bind_blob(&statement, after != NULL ? digest_slice(after->digest) : none);
    bind_int(&statement, (int64_t)limit);
    return listing_take(arena, out, &statement, limit);
}

enum deputy_error store_listed_find(struct store_listed *out, bool *found, struct store_read *read,
        struct deputy_slice principal, const uint8_t digest[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, read->db, DB_LISTED_FIND,
            "SELECT id, digest, issued FROM delegation WHERE digest = ? AND (delegator = ? OR delegatee = "
            "?)"));
    bind_blob(&statement, digest_slice(digest));
    bind_text(&statement, principal);
    bind_text(&statement, principal);
    TRY(statement_step(&statement, found));
    return *found ? listed_take(out, &statement) : DEPUTY_OK;
}

enum deputy_error store_revoked_by(struct deputy_arena *arena, struct store_revoked *out,
        struct store_read *read, const uint8_t signed_digest[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice revoker;
    *out = (struct store_revoked){0};
    TRY(statement_begin(&statement, read->db, DB_REVOKED_BY,
            "SELECT revoker, revoked_at FROM revocation WHERE signed_digest = ? ORDER BY id LIMIT 1"));
    bind_blob(&statement, digest_slice(signed_digest));
    TRY(statement_step(&statement, &out->found));
    if (!out->found)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 0, &revoker));
    out->at = time_of(column_int(&statement, 1));
    return arena_copy(arena, &out->revoker, revoker);
}

/* Called with the delegation that was just inserted. */
enum deputy_error listing_insert(
        struct store_write *write, int64_t delegation, const struct deputy_slice *spaces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        DEFER(statement_end) struct statement statement = {0};
        TRY(statement_begin(&statement, write->view.db, DB_LISTING_INSERT,
                "INSERT INTO delegation_space (space, delegation) VALUES (?, ?)"));
        bind_text(&statement, spaces[i]);
        bind_int(&statement, delegation);
        TRY(statement_run(&statement));
    }
    return DEPUTY_OK;
}
