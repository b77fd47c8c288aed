#include "store/webhook.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "crypto/column.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "store/delivery_count.h"
#include "store/sealed_row.h"

enum { SEALED_MAX = 64 * 1024 };

#define SEAL_WEBHOOK "deputy store webhook v1"

/* ---- the secret ---- */

enum deputy_error store_webhook_seal_secret(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[STORE_WEBHOOK_KEY_BYTES], struct deputy_slice secret)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t *sealed = arena_alloc_bytes(arena, secret.len + COLUMN_OVERHEAD);
    ENSURE(sealed != NULL, arena_error(arena));
    random_bytes(nonce, sizeof nonce);
    TRY(column_seal(sealed, key, nonce, (struct deputy_slice){NULL, 0}, secret));
    *out = deputy_slice_bytes(sealed, secret.len + COLUMN_OVERHEAD);
    return DEPUTY_OK;
}

enum deputy_error store_webhook_open_secret(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[STORE_WEBHOOK_KEY_BYTES], struct deputy_slice sealed)
{
    ENSURE(sealed.len > COLUMN_OVERHEAD, DEPUTY_E_DECRYPT);
    uint8_t *secret = arena_alloc_bytes(arena, sealed.len - COLUMN_OVERHEAD);
    ENSURE(secret != NULL, arena_error(arena));
    TRY(column_open(secret, key, (struct deputy_slice){NULL, 0}, sealed));
    *out = deputy_slice_bytes(secret, sealed.len - COLUMN_OVERHEAD);
    return DEPUTY_OK;
}

/* ---- the seal ---- */

/* Each field behind its length, so that no two rows have the same text. */
static void put_field(struct buf *out, struct deputy_slice field)
{
    buf_put_decimal(out, field.len);
    buf_put_byte(out, deputy_slice_present(field) ? ':' : '-');
    buf_put(out, field);
}

static enum deputy_error webhook_seal(struct deputy_arena *arena, uint8_t out[STORE_DIGEST_BYTES],
        const uint8_t *seal_key, const struct store_webhook *webhook)
{
    struct deputy_slice text;
    struct buf all = buf_make(arena, SEALED_MAX);
    put_field(&all, deputy_slice_text(SEAL_WEBHOOK));
    put_field(&all, digest_slice(webhook->digest));
    put_field(&all, webhook->space);
    put_field(&all, webhook->subscriber);
    put_field(&all, webhook->service);
    put_field(&all, webhook->prefix);
    buf_put_decimal(&all, webhook->abilities);
    put_field(&all, webhook->url);
    put_field(&all, webhook->secret);
    put_field(&all, webhook->proofs);
    TRY(buf_finish(&all, &text));
    blake3_keyed(out, seal_key, text);
    return DEPUTY_OK;
}

/* ---- rows ---- */

static enum deputy_error active_count(struct db *db, size_t *out, int64_t space)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    TRY(statement_begin(
            &statement, db, DB_WEBHOOK_COUNT, "SELECT count(*) FROM webhook WHERE space = ? AND active = 1"));
    bind_int(&statement, space);
    TRY(statement_step(&statement, &row));
    *out = (size_t)column_int(&statement, 0);
    return DEPUTY_OK;
}

static enum deputy_error row_insert(struct db *db, const struct store_webhook *webhook, int64_t space,
        const uint8_t seal[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_WEBHOOK_INSERT,
            "INSERT INTO webhook (digest, space, subscriber, service, abilities, url, secret, proofs, seal,"
            " created_at, prefix, active) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
            " ON CONFLICT DO NOTHING"));
    bind_blob(&statement, digest_slice(webhook->digest));
    bind_int(&statement, space);
    bind_text(&statement, webhook->subscriber);
    bind_text(&statement, webhook->service);
    bind_int(&statement, webhook->abilities);
    bind_text(&statement, webhook->url);
    bind_blob(&statement, webhook->secret);
    bind_blob(&statement, webhook->proofs);
    bind_blob(&statement, digest_slice(seal));
    bind_time(&statement, &webhook->created);
    if (deputy_slice_present(webhook->prefix))
        bind_text(&statement, webhook->prefix);
    else
        bind_null(&statement);
    return statement_run(&statement);
}

enum deputy_error store_webhook_insert(
        struct store_write *write, const struct store_webhook *webhook, size_t most)
{
    struct deputy_arena *arena = NULL;
    uint8_t seal[STORE_DIGEST_BYTES];
    int64_t space;
    size_t count;
    TRY(space_find(write->view.db, &space, webhook->space));
    TRY(active_count(write->view.db, &count, space));
    ENSURE(count < most, DEPUTY_E_LIMIT);
    TRY(deputy_arena_create(&arena, 2 * SEALED_MAX));
    enum deputy_error error = webhook_seal(arena, seal, write->view.store->seal_key, webhook);
    deputy_arena_destroy(arena);
    TRY(error);
    return row_insert(write->view.db, webhook, space, seal);
}

static struct deputy_time time_of(int64_t micros)
{
    int64_t rest = micros % 1000000;
    return (struct deputy_time){.sec = micros / 1000000, .nsec = (uint32_t)(rest < 0 ? 0 : rest) * 1000};
}

static enum deputy_error row_fields(
        struct deputy_arena *arena, struct store_webhook *out, const struct statement *statement)
{
    struct deputy_slice digest;
    *out = (struct store_webhook){.id = column_int(statement, 0)};
    TRY(column_bytes(statement, 1, &digest));
    ENSURE(digest.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(out->digest, digest.ptr, STORE_DIGEST_BYTES);
    TRY(column_copy(arena, &out->space, statement, 2));
    TRY(column_copy(arena, &out->subscriber, statement, 3));
    TRY(column_copy(arena, &out->service, statement, 4));
    if (!column_null(statement, 5))
        TRY(column_copy(arena, &out->prefix, statement, 5));
    out->abilities = (unsigned)column_int(statement, 6);
    TRY(column_copy(arena, &out->url, statement, 7));
    TRY(column_copy(arena, &out->secret, statement, 8));
    TRY(column_copy(arena, &out->proofs, statement, 9));
    out->created = time_of(column_int(statement, 10));
    out->active = column_int(statement, 11) != 0;
    return DEPUTY_OK;
}

enum deputy_error webhook_row_take(struct deputy_arena *arena, struct store_webhook *out,
        const struct statement *statement, const uint8_t *seal_key)
{
    uint8_t expected[STORE_DIGEST_BYTES];
    struct deputy_slice seal;
    TRY(row_fields(arena, out, statement));
    TRY(webhook_seal(arena, expected, seal_key, out));
    TRY(column_bytes(statement, 12, &seal));
    ENSURE(seal.len == sizeof expected && bytes_equal_secret(seal.ptr, expected, sizeof expected),
            DEPUTY_E_STORE_SEAL);
    return DEPUTY_OK;
}

enum deputy_error store_webhook_find(struct deputy_arena *arena, struct store_webhook *out, bool *found,
        struct store_read *read, const uint8_t digest[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, read->db, DB_WEBHOOK_FIND,
            "SELECT " WEBHOOK_COLUMNS
            " FROM webhook w JOIN space s ON s.id = w.space WHERE w.digest = ? AND w.active = 1"));
    bind_blob(&statement, digest_slice(digest));
    TRY(statement_step(&statement, found));
    return *found ? webhook_row_take(arena, out, &statement, read->store->seal_key) : DEPUTY_OK;
}

enum deputy_error store_webhook_list(struct deputy_arena *arena, struct store_webhook **out, size_t *count,
        struct store_read *read, struct deputy_slice space)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    *count = 0;
    TRY(statement_begin(&statement, read->db, DB_WEBHOOK_LIST,
            "SELECT " WEBHOOK_COLUMNS " FROM webhook w JOIN space s ON s.id = w.space"
            " WHERE w.active = 1 AND w.space = (SELECT id FROM space WHERE name = ?) ORDER BY w.id"));
    bind_text(&statement, space);
    TRY(statement_step(&statement, &row));
    if (!row)
        return DEPUTY_OK;
    *out = ARENA_ARRAY(arena, struct store_webhook, STORE_WEBHOOKS_MAX);
    ENSURE(*out != NULL, arena_error(arena));
    while (row && *count < STORE_WEBHOOKS_MAX) {
        TRY(webhook_row_take(arena, &(*out)[(*count)++], &statement, read->store->seal_key));
        TRY(statement_step(&statement, &row));
    }
    return DEPUTY_OK;
}

static enum deputy_error row_end(struct db *db, int64_t id)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_WEBHOOK_END, "UPDATE webhook SET active = 0 WHERE id = ?"));
    bind_int(&statement, id);
    return statement_run(&statement);
}

enum deputy_error store_webhook_end(struct store_write *write, int64_t id)
{
    TRY(row_end(write->view.db, id));
    return deliveries_end(write->view.db, id);
}
