#include "store/revocations.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/state.h"

/* What the key is used for stands first, so that no link is ever a seal, a mark or a head. */
#define LINK_REVOCATION "deputy store revocation v1"
#define LINK_HEAD "deputy store revocation head v1"

enum { LINK_NUMBER_BYTES = 8 };

/* A row as its link covers it; texts of any length by their hash. */
struct revocation_row {
    int64_t id;
    int64_t revoked_at;
    uint8_t digest[STORE_DIGEST_BYTES];
    uint8_t target[STORE_DIGEST_BYTES];
    uint8_t signed_digest[STORE_DIGEST_BYTES];
    uint8_t revoker[STORE_DIGEST_BYTES];
    uint8_t bytes[STORE_DIGEST_BYTES];
    uint8_t link[STORE_DIGEST_BYTES];
};

struct revocation_head {
    int64_t count;
    uint8_t link[STORE_DIGEST_BYTES];
};

static void number_put(uint8_t out[LINK_NUMBER_BYTES], int64_t number)
{
    for (size_t i = 0; i < LINK_NUMBER_BYTES; i++)
        out[i] = (uint8_t)((uint64_t)number >> (8 * i));
}

/* A keyed hash over parts of fixed length, the purpose first. */
static void keyed_parts(
        uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const struct deputy_slice *parts, size_t count)
{
    uint8_t input[256];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(input + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    blake3_keyed(out, key, deputy_slice_bytes(input, len));
}

static void link_make(uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key,
        const uint8_t before[STORE_DIGEST_BYTES], const struct revocation_row *row)
{
    uint8_t time[LINK_NUMBER_BYTES];
    number_put(time, row->revoked_at);
    const struct deputy_slice parts[] = {
            deputy_slice_text(LINK_REVOCATION),
            digest_slice(before),
            digest_slice(row->digest),
            digest_slice(row->target),
            digest_slice(row->signed_digest),
            deputy_slice_bytes(time, sizeof time),
            digest_slice(row->revoker),
    };
    keyed_parts(out, key, parts, sizeof parts / sizeof parts[0]);
}

static void head_mark(uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const struct revocation_head *head)
{
    uint8_t count[LINK_NUMBER_BYTES];
    number_put(count, head->count);
    const struct deputy_slice parts[] = {
            deputy_slice_text(LINK_HEAD), deputy_slice_bytes(count, sizeof count), digest_slice(head->link)};
    keyed_parts(out, key, parts, sizeof parts / sizeof parts[0]);
}

/* --- rows --- */

static enum deputy_error column_digest(
        const struct statement *statement, int column, uint8_t out[STORE_DIGEST_BYTES])
{
    struct deputy_slice bytes;
    TRY(column_bytes(statement, column, &bytes));
    ENSURE(bytes.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_REVOCATIONS);
    memcpy(out, bytes.ptr, STORE_DIGEST_BYTES);
    return DEPUTY_OK;
}

static enum deputy_error column_hash(
        const struct statement *statement, int column, uint8_t out[STORE_DIGEST_BYTES])
{
    struct deputy_slice bytes;
    TRY(column_bytes(statement, column, &bytes));
    blake3(out, bytes);
    return DEPUTY_OK;
}

/* An empty link, of a row that has none yet, is read as zeros. */
static enum deputy_error column_link(
        const struct statement *statement, int column, uint8_t out[STORE_DIGEST_BYTES])
{
    struct deputy_slice link;
    memset(out, 0, STORE_DIGEST_BYTES);
    TRY(column_bytes(statement, column, &link));
    return link.len == 0 ? DEPUTY_OK : column_digest(statement, column, out);
}

/* The first row behind row->id; *found is false behind the last. */
static enum deputy_error row_next(struct db *db, struct revocation_row *row, bool *found)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_REVOCATION_NEXT,
            "SELECT id, revoked_at, digest, target, signed_digest, revoker, bytes, link FROM revocation"
            " WHERE id > ? ORDER BY id LIMIT 1"));
    bind_int(&statement, row->id);
    TRY(statement_step(&statement, found));
    if (!*found)
        return DEPUTY_OK;
    row->id = column_int(&statement, 0);
    row->revoked_at = column_int(&statement, 1);
    TRY(column_digest(&statement, 2, row->digest));
    TRY(column_digest(&statement, 3, row->target));
    TRY(column_digest(&statement, 4, row->signed_digest));
    TRY(column_hash(&statement, 5, row->revoker));
    TRY(column_hash(&statement, 6, row->bytes));
    return column_link(&statement, 7, row->link);
}

static enum deputy_error row_set_link(struct db *db, int64_t id, const uint8_t link[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_REVOCATION_LINK, "UPDATE revocation SET link = ? WHERE id = ?"));
    bind_blob(&statement, digest_slice(link));
    bind_int(&statement, id);
    return statement_run(&statement);
}

/* --- head --- */

static enum deputy_error head_set(struct db *db, const uint8_t *key, const struct revocation_head *head)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t mark[STORE_DIGEST_BYTES];
    head_mark(mark, key, head);
    TRY(statement_begin(&statement, db, DB_HEAD_SET,
            "INSERT INTO revocation_head (id, count, link, mark) VALUES (1, ?, ?, ?) ON CONFLICT (id)"
            " DO UPDATE SET count = excluded.count, link = excluded.link, mark = excluded.mark"));
    bind_int(&statement, head->count);
    bind_blob(&statement, digest_slice(head->link));
    bind_blob(&statement, digest_slice(mark));
    return statement_run(&statement);
}

static enum deputy_error head_load(struct db *db, const uint8_t *key, struct revocation_head *head)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t mark[STORE_DIGEST_BYTES], expected[STORE_DIGEST_BYTES];
    bool found;
    TRY(statement_begin(
            &statement, db, DB_HEAD_FIND, "SELECT count, link, mark FROM revocation_head WHERE id = 1"));
    TRY(statement_step(&statement, &found));
    ENSURE(found, DEPUTY_E_STORE_REVOCATIONS);
    head->count = column_int(&statement, 0);
    TRY(column_digest(&statement, 1, head->link));
    TRY(column_digest(&statement, 2, mark));
    head_mark(expected, key, head);
    ENSURE(bytes_equal_secret(mark, expected, sizeof mark), DEPUTY_E_STORE_REVOCATIONS);
    return DEPUTY_OK;
}

/* Is the newest row the one that the head names? */
static enum deputy_error head_check_last(struct db *db, const struct revocation_head *head)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t link[STORE_DIGEST_BYTES] = {0};
    bool found;
    TRY(statement_begin(
            &statement, db, DB_REVOCATION_LAST, "SELECT link FROM revocation ORDER BY id DESC LIMIT 1"));
    TRY(statement_step(&statement, &found));
    ENSURE(found == (head->count > 0), DEPUTY_E_STORE_REVOCATIONS);
    if (found)
        TRY(column_digest(&statement, 0, link));
    ENSURE(bytes_equal_secret(link, head->link, sizeof link), DEPUTY_E_STORE_REVOCATIONS);
    return DEPUTY_OK;
}

/* --- the chain --- */

enum deputy_error revocations_adopt(struct db *db, const uint8_t *key)
{
    struct revocation_head head = {0};
    struct revocation_row row = {.id = INT64_MIN};
    for (bool found = true;; head.count++) {
        TRY(row_next(db, &row, &found));
        if (!found)
            return head_set(db, key, &head);
        link_make(head.link, key, head.link, &row);
        TRY(row_set_link(db, row.id, head.link));
    }
}

enum deputy_error revocations_check(struct db *db, const uint8_t *key)
{
    struct revocation_head head, walked = {0};
    struct revocation_row row = {.id = INT64_MIN};
    TRY(head_load(db, key, &head));
    for (bool found = true;; walked.count++) {
        TRY(row_next(db, &row, &found));
        if (!found)
            break;
        link_make(walked.link, key, walked.link, &row);
        ENSURE(bytes_equal_secret(row.link, walked.link, sizeof row.link), DEPUTY_E_STORE_REVOCATIONS);
        ENSURE(memcmp(row.bytes, row.digest, sizeof row.bytes) == 0, DEPUTY_E_STORE_REVOCATIONS);
    }
    ENSURE(walked.count == head.count, DEPUTY_E_STORE_REVOCATIONS);
    ENSURE(bytes_equal_secret(walked.link, head.link, sizeof walked.link), DEPUTY_E_STORE_REVOCATIONS);
    return DEPUTY_OK;
}

static enum deputy_error row_insert(struct db *db, bool *created, const struct store_revocation *revocation,
        int64_t revoked_at, const uint8_t link[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_REVOCATION_INSERT,
            "INSERT INTO revocation (digest, target, signed_digest, bytes, revoker, revoked_at, link)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"));
    bind_blob(&statement, digest_slice(revocation->digest));
    bind_blob(&statement, digest_slice(revocation->target));
    bind_blob(&statement, digest_slice(revocation->signed_digest));
    bind_blob(&statement, revocation->bytes);
    bind_text(&statement, revocation->revoker);
    bind_int(&statement, revoked_at);
    bind_blob(&statement, digest_slice(link));
    TRY(statement_run(&statement));
    *created = db_changes(db) > 0;
    return DEPUTY_OK;
}

enum deputy_error revocations_append(struct db *db, const uint8_t *key, bool *created,
        const struct store_revocation *revocation, const struct deputy_time *now)
{
    struct revocation_head head;
    struct revocation_row row = {.revoked_at = db_time(now)};
    TRY(head_load(db, key, &head));
    TRY(head_check_last(db, &head));
    memcpy(row.digest, revocation->digest, sizeof row.digest);
    memcpy(row.target, revocation->target, sizeof row.target);
    memcpy(row.signed_digest, revocation->signed_digest, sizeof row.signed_digest);
    blake3(row.revoker, revocation->revoker);
    link_make(head.link, key, head.link, &row);
    TRY(row_insert(db, created, revocation, row.revoked_at, head.link));
    head.count++;
    return *created ? head_set(db, key, &head) : DEPUTY_OK;
}
