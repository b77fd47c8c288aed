/* Spaces, delegations, revocations: what authority is made of. */
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "store/revocations.h"
#include "store/state.h"

static enum deputy_error check_digest(
        const uint8_t *digest, struct deputy_slice bytes, enum deputy_error otherwise)
{
    uint8_t actual[STORE_DIGEST_BYTES];
    blake3(actual, bytes);
    ENSURE(memcmp(actual, digest, sizeof actual) == 0, otherwise);
    return DEPUTY_OK;
}

/* --- spaces --- */

enum deputy_error space_find(struct db *db, int64_t *id, struct deputy_slice space)
{
    DEFER(statement_end) struct statement statement = {0};
    bool found;
    TRY(statement_begin(&statement, db, DB_SPACE_FIND, "SELECT id FROM space WHERE name = ?"));
    bind_text(&statement, space);
    TRY(statement_step(&statement, &found));
    ENSURE(found, DEPUTY_E_STORE_SPACE);
    *id = column_int(&statement, 0);
    return DEPUTY_OK;
}

enum deputy_error store_space_exists(struct store_read *read, bool *out, struct deputy_slice space)
{
    int64_t id;
    enum deputy_error result = space_find(read->db, &id, space);
    *out = result == DEPUTY_OK;
    return result == DEPUTY_E_STORE_SPACE ? DEPUTY_OK : result;
}

enum deputy_error store_space_insert(struct store_write *write, struct deputy_slice space, bool *created)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_SPACE_INSERT,
            "INSERT INTO space (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"));
    bind_text(&statement, space);
    bind_time(&statement, &write->now);
    TRY(statement_run(&statement));
    *created = db_changes(write->view.db) > 0;
    return DEPUTY_OK;
}

/* --- writing --- */

enum deputy_error store_is_revoked(
        struct store_read *read, bool *out, const uint8_t signed_digest[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, read->db, DB_REVOCATION_FIND,
            "SELECT 1 FROM revocation WHERE signed_digest = ? LIMIT 1"));
    bind_blob(&statement, digest_slice(signed_digest));
    return statement_step(&statement, out);
}

static enum deputy_error check_not_revoked(struct store_read *read, const uint8_t *signed_digest)
{
    bool revoked;
    TRY(store_is_revoked(read, &revoked, signed_digest));
    ENSURE(!revoked, DEPUTY_E_PARENT_REVOKED);
    return DEPUTY_OK;
}

enum deputy_error store_delegation_insert(
        struct store_write *write, bool *created, const struct store_delegation *delegation)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice parents =
            deputy_slice_bytes(delegation->parents, delegation->parent_count * STORE_DIGEST_BYTES);
    uint8_t seal[STORE_DIGEST_BYTES];
    ENSURE(delegation->parent_count <= STORE_PARENTS_MAX, DEPUTY_E_ARGUMENT);
    TRY(check_digest(delegation->digest, delegation->bytes, DEPUTY_E_ARGUMENT));
    TRY(check_not_revoked(&write->view, delegation->signed_digest));
    seal_delegation(
            seal, write->view.store->seal_key, delegation->digest, delegation->signed_digest, parents);
    TRY(statement_begin(&statement, write->view.db, DB_DELEGATION_INSERT,
            "INSERT INTO delegation (digest, signed_digest, parents, seal, bytes, delegator, delegatee,"
            " not_before, expires, received_at, issued) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (digest) DO NOTHING"));
    bind_blob(&statement, digest_slice(delegation->digest));
    bind_blob(&statement, digest_slice(delegation->signed_digest));
    bind_blob(&statement, parents);
    bind_blob(&statement, digest_slice(seal));
    bind_blob(&statement, delegation->bytes);
    bind_text(&statement, delegation->delegator);
    bind_text(&statement, delegation->delegatee);
    bind_time(&statement, delegation->window.not_before);
    bind_time(&statement, delegation->window.expires);
    bind_time(&statement, &write->now);
    bind_time(&statement, delegation->issued != NULL ? delegation->issued : &write->now);
    TRY(statement_run(&statement));
    *created = db_changes(write->view.db) > 0;
    if (!*created)
        return DEPUTY_OK;
    return listing_insert(write, db_last_id(write->view.db), delegation->spaces, delegation->space_count);
}

enum deputy_error store_revocation_insert(
        struct store_write *write, bool *created, const struct store_revocation *revocation)
{
    TRY(check_digest(revocation->digest, revocation->bytes, DEPUTY_E_ARGUMENT));
    TRY(revocations_append(write->view.db, write->view.store->seal_key, created, revocation, &write->now));
    write->moves_generation |= *created;
    return DEPUTY_OK;
}

/* --- loading a closure --- */

/* A closure that grows row by row: a row is known by its digest until it is loaded. */
struct closure {
    struct store *store;
    struct deputy_arena *arena;
    struct store_row *rows;
    size_t count;
    size_t limit;
    bool over_limit;
};

static bool closure_find(const struct closure *closure, size_t *at, const uint8_t *digest)
{
    for (size_t i = 0; i < closure->count; i++) {
        if (memcmp(closure->rows[i].digest, digest, STORE_DIGEST_BYTES) == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

static void closure_add(struct closure *closure, const uint8_t *digest)
{
    if (closure->count == closure->limit) {
        closure->over_limit = true;
        return;
    }
    memcpy(closure->rows[closure->count++].digest, digest, STORE_DIGEST_BYTES);
}

/* Turns the digests of a row's parents into indices, and adds those that are new. */
static enum deputy_error closure_add_parents(
        struct closure *closure, struct store_row *row, struct deputy_slice digests)
{
    size_t count = digests.len / STORE_DIGEST_BYTES;
    uint16_t *parents = ARENA_ARRAY(closure->arena, uint16_t, count);
    ENSURE(parents != NULL, arena_error(closure->arena));
    for (size_t i = 0; i < count && !closure->over_limit; i++) {
        const uint8_t *digest = digests.ptr + i * STORE_DIGEST_BYTES;
        size_t at = closure->count;
        if (!closure_find(closure, &at, digest))
            closure_add(closure, digest);
        parents[i] = (uint16_t)at;
    }
    row->parents = parents;
    row->parent_count = count;
    return DEPUTY_OK;
}

/* Are these the columns that this node stored under the row's digest? */
static enum deputy_error row_check(struct store *store, const struct store_row *row,
        struct deputy_slice bytes, struct deputy_slice parents, struct deputy_slice seal)
{
    uint8_t expected[STORE_DIGEST_BYTES];
    TRY(check_digest(row->digest, bytes, DEPUTY_E_STORE_TOKEN));
    ENSURE(parents.len % STORE_DIGEST_BYTES == 0 && parents.len <= STORE_PARENTS_MAX * STORE_DIGEST_BYTES,
            DEPUTY_E_STORE_CORRUPT);
    seal_delegation(expected, store->seal_key, row->digest, row->signed_digest, parents);
    ENSURE(seal.len == sizeof expected && bytes_equal_secret(seal.ptr, expected, sizeof expected),
            DEPUTY_E_STORE_SEAL);
    return DEPUTY_OK;
}

/* Columns: bytes, signed_digest, parents, seal, revoked. */
static enum deputy_error closure_take_row(
        struct closure *closure, struct store_row *row, const struct statement *statement)
{
    struct deputy_slice bytes, signed_digest, parents, seal;
    TRY(column_bytes(statement, 0, &bytes));
    TRY(column_bytes(statement, 1, &signed_digest));
    TRY(column_bytes(statement, 2, &parents));
    TRY(column_bytes(statement, 3, &seal));
    ENSURE(signed_digest.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(row->signed_digest, signed_digest.ptr, STORE_DIGEST_BYTES);
    TRY(row_check(closure->store, row, bytes, parents, seal));
    TRY(arena_copy(closure->arena, &row->bytes, bytes));
    row->revoked = column_int(statement, 4) != 0;
    return closure_add_parents(closure, row, parents);
}

static enum deputy_error closure_load_row(struct closure *closure, size_t at, struct db *db)
{
    DEFER(statement_end) struct statement statement = {0};
    bool found;
    TRY(statement_begin(&statement, db, DB_DELEGATION_LOAD,
            "SELECT bytes, signed_digest, parents, seal,"
            " EXISTS (SELECT 1 FROM revocation r WHERE r.signed_digest = d.signed_digest)"
            " FROM delegation d WHERE digest = ?"));
    bind_blob(&statement, digest_slice(closure->rows[at].digest));
    TRY(statement_step(&statement, &found));
    return found ? closure_take_row(closure, &closure->rows[at], &statement) : DEPUTY_OK;
}

/* A second citation of a digest gets a row that is not looked up. */
static bool is_repeated(const struct closure *closure, size_t at)
{
    size_t first;
    return closure_find(closure, &first, closure->rows[at].digest) && first < at;
}

enum deputy_error store_proofs_load(struct deputy_arena *arena, struct store_rows *out,
        struct store_read *read, const uint8_t (*cited)[STORE_DIGEST_BYTES], size_t count, size_t limit)
{
    *out = (struct store_rows){.over_limit = true};
    ENSURE(limit <= UINT16_MAX, DEPUTY_E_ARGUMENT);
    struct closure closure = {.store = read->store, .arena = arena, .limit = limit};
    closure.rows = ARENA_ARRAY(arena, struct store_row, limit);
    ENSURE(closure.rows != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++)
        closure_add(&closure, cited[i]);
    for (size_t i = 0; i < closure.count && !closure.over_limit; i++) {
        if (!is_repeated(&closure, i))
            TRY(closure_load_row(&closure, i, read->db));
    }
    if (!closure.over_limit)
        *out = (struct store_rows){.rows = closure.rows, .count = closure.count, .cited = count};
    return DEPUTY_OK;
}

enum deputy_error store_count(struct store_read *read, struct store_counts *out)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    TRY(statement_begin(&statement, read->db, DB_COUNT,
            "SELECT (SELECT count(*) FROM space), (SELECT count(*) FROM delegation),"
            " (SELECT count(*) FROM revocation), (SELECT count(*) FROM kv_current WHERE live = 1)"));
    TRY(statement_step(&statement, &row));
    out->spaces = (uint64_t)column_int(&statement, 0);
    out->delegations = (uint64_t)column_int(&statement, 1);
    out->revocations = (uint64_t)column_int(&statement, 2);
    out->keys = (uint64_t)column_int(&statement, 3);
    return DEPUTY_OK;
}
