#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/audit_state.h"
#include "store/network_row.h"
#include "store/revocations.h"
#include "store/schema.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { AUDIT_PROGRESS_ROWS = 1000 };

/* --- opening --- */

static enum deputy_error audit_open_directory(struct store_audit *audit, const char *path)
{
    int len = snprintf(audit->database, sizeof audit->database, "%s/deputy.db", path);
    ENSURE(len > 0 && (size_t)len < sizeof audit->database, DEPUTY_E_STORE_DIRECTORY);
    audit->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(audit->root >= 0, directory_error());
    audit->blobs = openat(audit->root, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(audit->blobs >= 0, directory_error());
    return DEPUTY_OK;
}

static enum deputy_error audit_start(struct store_audit *audit, const char *path, const uint8_t *seal_key)
{
    TRY(audit_open_directory(audit, path));
    TRY(seal_key_keep(&audit->seal_key, seal_key));
    TRY(db_open(&audit->db, audit->database, DB_READER));
    TRY(db_exec(&audit->db, "BEGIN"));
    TRY(schema_check(&audit->db, &schema_node));
    return seal_check_mark(&audit->db, audit->seal_key);
}

enum deputy_error store_audit_open(struct store_audit **out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink)
{
    struct store_audit *audit = calloc(1, sizeof *audit);
    ENSURE(audit != NULL, DEPUTY_E_NOMEM);
    audit->root = audit->blobs = -1;
    audit->sink = *sink;
    enum deputy_error result = audit_start(audit, directory, seal_key);
    if (result == DEPUTY_OK)
        *out = audit;
    else
        store_audit_close(audit);
    return result;
}

void store_audit_close(struct store_audit *audit)
{
    if (audit == NULL)
        return;
    db_close(&audit->db);
    if (audit->blobs >= 0)
        close(audit->blobs);
    if (audit->root >= 0)
        close(audit->root);
    secret_free(audit->seal_key);
    free(audit);
}

/* --- all checks --- */

static void count_found(void *ctx, const struct audit_finding *finding)
{
    struct audit_count *count = ctx;
    count->findings++;
    count->to->found(count->to->ctx, finding);
}

static void count_progress(void *ctx, const char *check, uint64_t rows, bool ended)
{
    const struct audit_count *count = ctx;
    count->to->progress(count->to->ctx, check, rows, ended);
}

struct audit_sink audit_count_sink(struct audit_count *count)
{
    return (struct audit_sink){count_found, count_progress, count};
}

enum deputy_error audit_check_all(
        struct store_audit *audit, const struct audit_check *checks, size_t count, void *ctx)
{
    for (const struct audit_check *check = checks; check < checks + count; check++) {
        enum deputy_error error = check->look != NULL ? check->look(audit) : check->run(ctx);
        ENSURE(error != DEPUTY_E_NOMEM, error);
        if (error != DEPUTY_OK)
            audit_found(audit, check->name, AUDIT_TEXT, deputy_slice_text("the check could not be ended"),
                    deputy_error_info(error)->text);
    }
    return DEPUTY_OK;
}

/* --- telling --- */

void audit_found(struct store_audit *audit, const char *check, enum audit_subject kind,
        struct deputy_slice subject, const char *problem)
{
    const struct audit_finding finding = {check, problem, kind, subject};
    audit->sink.found(audit->sink.ctx, &finding);
}

enum deputy_error audit_scan(
        struct store_audit *audit, const char *check, const char *sql, audit_row_fn *each, void *ctx)
{
    DEFER(statement_drop) struct statement statement = {0};
    TRY(statement_once(&statement, &audit->db, sql));
    for (uint64_t rows = 0;; rows++) {
        bool row;
        TRY(statement_step(&statement, &row));
        if (!row || rows % AUDIT_PROGRESS_ROWS == AUDIT_PROGRESS_ROWS - 1)
            audit->sink.progress(audit->sink.ctx, check, rows, !row);
        if (!row)
            return DEPUTY_OK;
        TRY(each(audit, check, &statement, ctx));
    }
}

/* --- the database --- */

static enum deputy_error database_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice said;
    (void)ctx;
    TRY(column_bytes(row, 0, &said));
    if (!deputy_slice_equal(said, deputy_slice_text("ok")))
        audit_found(audit, check, AUDIT_TEXT, said, "the database is damaged");
    return DEPUTY_OK;
}

static enum deputy_error reference_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice table;
    (void)ctx;
    TRY(column_bytes(row, 0, &table));
    audit_found(audit, check, AUDIT_TEXT, table, "a row refers to one that is not there");
    return DEPUTY_OK;
}

enum deputy_error store_audit_database(struct store_audit *audit)
{
    TRY(audit_scan(audit, "database", "PRAGMA integrity_check", database_row, NULL));
    return audit_scan(audit, "database", "PRAGMA foreign_key_check", reference_row, NULL);
}

enum deputy_error store_audit_revocations(struct store_audit *audit)
{
    enum deputy_error error = revocations_check(&audit->db, audit->seal_key);
    if (error == DEPUTY_E_STORE_REVOCATIONS)
        audit_found(audit, "revocations", AUDIT_TEXT, deputy_slice_text("the chain"),
                "a revocation was deleted, edited, added or moved");
    int64_t rows = 0;
    TRY(db_query_int(&audit->db, &rows, "SELECT count(*) FROM revocation"));
    audit->sink.progress(audit->sink.ctx, "revocations", (uint64_t)rows, true);
    return error == DEPUTY_E_STORE_REVOCATIONS ? DEPUTY_OK : error;
}

/* --- tokens --- */

static bool hash_is(struct deputy_slice digest, struct deputy_slice bytes)
{
    uint8_t actual[STORE_DIGEST_BYTES];
    blake3(actual, bytes);
    return deputy_slice_equal(digest, digest_slice(actual));
}

static enum deputy_error invocation_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice digest, bytes;
    (void)ctx;
    TRY(column_bytes(row, 0, &digest));
    TRY(column_bytes(row, 1, &bytes));
    if (!hash_is(digest, bytes))
        audit_found(audit, check, AUDIT_ID, digest, "the token is not the one that its id names");
    return DEPUTY_OK;
}

enum deputy_error store_audit_invocations(struct store_audit *audit)
{
    return audit_scan(
            audit, "invocations", "SELECT digest, bytes FROM invocation ORDER BY id", invocation_row, NULL);
}

static enum deputy_error network_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct store_network network;
    struct deputy_slice id;
    (void)ctx;
    TRY(column_bytes(row, 0, &id));
    enum deputy_error error = network_row_take(&network, row, audit->seal_key);
    if (error == DEPUTY_E_STORE_SEAL)
        audit_found(audit, check, AUDIT_TEXT, id, "the row does not carry this node's seal");
    return error == DEPUTY_E_STORE_SEAL ? DEPUTY_OK : error;
}

enum deputy_error store_audit_networks(struct store_audit *audit)
{
    return audit_scan(
            audit, "networks", "SELECT " NETWORK_COLUMNS " FROM network ORDER BY id", network_row, NULL);
}

struct delegation_check {
    audit_delegation_fn *check;
    void *ctx;
};

/* Columns: digest, signed_digest, parents, bytes, delegator, delegatee, not_before, expires, seal, id,
 * issued, received_at. */
static enum deputy_error delegation_take(struct audit_delegation *out, const struct statement *row)
{
    struct deputy_slice *const columns[] = {
            &out->digest, &out->signed_digest, &out->parents, &out->bytes, &out->delegator, &out->delegatee};
    for (int i = 0; i < (int)(sizeof columns / sizeof columns[0]); i++)
        TRY(column_bytes(row, i, columns[i]));
    out->has_not_before = !column_null(row, 6);
    out->not_before = column_int(row, 6);
    out->has_expires = !column_null(row, 7);
    out->expires = column_int(row, 7);
    out->id = column_int(row, 9);
    out->issued = column_int(row, 10);
    out->received = column_int(row, 11);
    return DEPUTY_OK;
}

static bool seal_holds(
        const struct store_audit *audit, const struct audit_delegation *row, struct deputy_slice seal)
{
    uint8_t expected[STORE_DIGEST_BYTES];
    if (row->digest.len != STORE_DIGEST_BYTES || row->signed_digest.len != STORE_DIGEST_BYTES ||
            row->parents.len > STORE_PARENTS_MAX * STORE_DIGEST_BYTES || seal.len != sizeof expected)
        return false;
    seal_delegation(expected, audit->seal_key, row->digest.ptr, row->signed_digest.ptr, row->parents);
    return bytes_equal_secret(seal.ptr, expected, sizeof expected);
}

static enum deputy_error delegation_row(
        struct store_audit *audit, const char *check, const struct statement *statement, void *ctx)
{
    const struct delegation_check *then = ctx;
    struct audit_delegation row;
    struct deputy_slice seal;
    TRY(delegation_take(&row, statement));
    TRY(column_bytes(statement, 8, &seal));
    if (!hash_is(row.digest, row.bytes))
        audit_found(audit, check, AUDIT_ID, row.digest, "the token is not the one that its id names");
    else if (!seal_holds(audit, &row, seal))
        audit_found(audit, check, AUDIT_ID, row.digest, "the row does not carry this node's seal");
    else
        return then->check(then->ctx, &row);
    return DEPUTY_OK;
}

enum deputy_error store_audit_delegations(struct store_audit *audit, audit_delegation_fn *check, void *ctx)
{
    struct delegation_check then = {check, ctx};
    return audit_scan(audit, "delegations",
            "SELECT digest, signed_digest, parents, bytes, delegator, delegatee, not_before, expires, seal,"
            " id, issued, received_at"
            " FROM delegation ORDER BY id",
            delegation_row, &then);
}

static bool time_is(bool has, int64_t value, const struct deputy_time *expected)
{
    return has == (expected != NULL) && (!has || value == db_time(expected));
}

const char *audit_delegation_difference(
        const struct audit_delegation *row, const struct store_delegation *expected)
{
    struct deputy_slice parents =
            deputy_slice_bytes(expected->parents, expected->parent_count * STORE_DIGEST_BYTES);
    const char *differs = NULL;
    bool issued = expected->issued != NULL && row->issued == db_time(expected->issued);
    if (!issued && row->issued != row->received) /* which it is where the token does not say */
        differs = "the row's issue is not the one that was signed";
    if (!time_is(row->has_expires, row->expires, expected->window.expires))
        differs = "the row's expiry is not the one that was signed";
    if (!time_is(row->has_not_before, row->not_before, expected->window.not_before))
        differs = "the row's begin is not the one that was signed";
    if (!deputy_slice_equal(row->delegatee, expected->delegatee))
        differs = "the row's delegatee is not the one that was signed";
    if (!deputy_slice_equal(row->delegator, expected->delegator))
        differs = "the row's delegator is not the one who signed";
    if (!deputy_slice_equal(row->parents, parents))
        differs = "the row's parents are not the signed proofs";
    if (!deputy_slice_equal(row->signed_digest, digest_slice(expected->signed_digest)))
        differs = "the row's signed digest is not that of what was signed";
    return differs;
}
