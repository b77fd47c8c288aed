#include "store/decryption.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/sealed_row.h"

enum { NUMBER_BYTES = 8, TEXTS = 5 };

#define SEAL_DECRYPTION "deputy store decryption v1"

static struct deputy_slice number(uint8_t out[NUMBER_BYTES], uint64_t value)
{
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    return deputy_slice_bytes(out, NUMBER_BYTES);
}

/* Every text has its length before it. */
static void decryption_seal(uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key,
        const struct store_decryption *decryption, int64_t decided)
{
    const struct deputy_slice texts[TEXTS] = {decryption->request, decryption->requester, decryption->network,
            decryption->node, decryption->outcome};
    uint8_t numbers[TEXTS + 1][NUMBER_BYTES], digest[HASH_BYTES];
    struct deputy_slice parts[2 + 2 * TEXTS];
    parts[0] = deputy_slice_bytes(SEAL_DECRYPTION, sizeof SEAL_DECRYPTION);
    parts[1] = number(numbers[TEXTS], (uint64_t)decided);
    for (size_t i = 0; i < TEXTS; i++) {
        parts[2 + 2 * i] = number(numbers[i], texts[i].len);
        parts[3 + 2 * i] = texts[i];
    }
    blake3_parts(digest, parts, sizeof parts / sizeof parts[0]);
    blake3_keyed(out, key, deputy_slice_bytes(digest, sizeof digest));
}

enum deputy_error store_decryption_insert(
        struct store_write *write, const struct store_decryption *decryption)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t seal[STORE_DIGEST_BYTES];
    int64_t decided = db_time(&write->now);
    decryption_seal(seal, write->view.store->seal_key, decryption, decided);
    TRY(statement_begin(&statement, write->view.db, DB_DECRYPTION_INSERT,
            "INSERT INTO decryption (" DECRYPTION_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)"));
    bind_text(&statement, decryption->request);
    bind_text(&statement, decryption->requester);
    bind_text(&statement, decryption->network);
    bind_text(&statement, decryption->node);
    bind_text(&statement, decryption->outcome);
    bind_int(&statement, decided);
    bind_blob(&statement, digest_slice(seal));
    return statement_run(&statement);
}

enum deputy_error decryption_row_take(
        struct store_decryption *out, const struct statement *statement, const uint8_t *seal_key)
{
    struct deputy_slice *const columns[TEXTS] = {
            &out->request, &out->requester, &out->network, &out->node, &out->outcome};
    uint8_t expected[STORE_DIGEST_BYTES];
    struct deputy_slice seal;
    for (int i = 0; i < TEXTS; i++)
        TRY(column_bytes(statement, i, columns[i]));
    TRY(column_bytes(statement, 6, &seal));
    ENSURE(seal.len == sizeof expected, DEPUTY_E_STORE_CORRUPT);
    decryption_seal(expected, seal_key, out, column_int(statement, 5));
    return bytes_equal_secret(seal.ptr, expected, sizeof expected) ? DEPUTY_OK : DEPUTY_E_STORE_SEAL;
}
