#include "store/network.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "store/network_row.h"
#include "store/state.h"

enum { NUMBER_BYTES = 8 };

#define SEAL_NETWORK "deputy store network v1"

static struct deputy_slice number(uint8_t out[NUMBER_BYTES], uint64_t value)
{
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    return deputy_slice_bytes(out, NUMBER_BYTES);
}

/* Every part of variable length has its length before it. */
static void network_seal(
        uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const struct store_network *network)
{
    uint8_t numbers[6][NUMBER_BYTES], digest[HASH_BYTES];
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(SEAL_NETWORK, sizeof SEAL_NETWORK),
            number(numbers[0], network->id.len),
            network->id,
            number(numbers[1], network->algorithm.len),
            network->algorithm,
            number(numbers[2], (uint64_t)network->key_version),
            deputy_slice_bytes(network->public_key, sizeof network->public_key),
            deputy_slice_bytes(network->private_key, sizeof network->private_key),
            number(numbers[3], network->revoked),
            number(numbers[4], (uint64_t)network->created),
            number(numbers[5], (uint64_t)network->updated),
    };
    blake3_parts(digest, parts, sizeof parts / sizeof parts[0]);
    blake3_keyed(out, key, deputy_slice_bytes(digest, sizeof digest));
}

static enum deputy_error bytes_take(uint8_t *out, size_t len, const struct statement *statement, int column)
{
    struct deputy_slice bytes;
    TRY(column_bytes(statement, column, &bytes));
    ENSURE(bytes.len == len, DEPUTY_E_STORE_CORRUPT);
    memcpy(out, bytes.ptr, len);
    return DEPUTY_OK;
}

enum deputy_error network_row_take(
        struct store_network *out, const struct statement *statement, const uint8_t *seal_key)
{
    uint8_t seal[STORE_DIGEST_BYTES], expected[STORE_DIGEST_BYTES];
    TRY(column_bytes(statement, 0, &out->id));
    TRY(column_bytes(statement, 1, &out->algorithm));
    out->key_version = column_int(statement, 2);
    TRY(bytes_take(out->public_key, sizeof out->public_key, statement, 3));
    TRY(bytes_take(out->private_key, sizeof out->private_key, statement, 4));
    out->revoked = column_int(statement, 5) != 0;
    out->created = column_int(statement, 6);
    out->updated = column_int(statement, 7);
    TRY(bytes_take(seal, sizeof seal, statement, 8));
    network_seal(expected, seal_key, out);
    return bytes_equal_secret(seal, expected, sizeof seal) ? DEPUTY_OK : DEPUTY_E_STORE_SEAL;
}

enum deputy_error store_network_insert(struct store_write *write, struct store_network *network)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t seal[STORE_DIGEST_BYTES];
    network->created = network->updated = db_time(&write->now);
    network_seal(seal, write->view.store->seal_key, network);
    TRY(statement_begin(&statement, write->view.db, DB_NETWORK_INSERT,
            "INSERT INTO network (" NETWORK_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING"));
    bind_text(&statement, network->id);
    bind_text(&statement, network->algorithm);
    bind_int(&statement, network->key_version);
    bind_blob(&statement, deputy_slice_bytes(network->public_key, sizeof network->public_key));
    bind_blob(&statement, deputy_slice_bytes(network->private_key, sizeof network->private_key));
    bind_int(&statement, network->revoked);
    bind_int(&statement, network->created);
    bind_int(&statement, network->updated);
    bind_blob(&statement, digest_slice(seal));
    TRY(statement_run(&statement));
    return db_changes(write->view.db) == 1 ? DEPUTY_OK : DEPUTY_E_NETWORK_EXISTS;
}

enum deputy_error store_network_find(struct deputy_arena *arena, struct store_network *out, bool *found,
        struct store_read *read, struct deputy_slice id)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(
            &statement, read->db, DB_NETWORK_FIND, "SELECT " NETWORK_COLUMNS " FROM network WHERE id = ?"));
    bind_text(&statement, id);
    TRY(statement_step(&statement, found));
    if (!*found)
        return DEPUTY_OK;
    TRY(network_row_take(out, &statement, read->store->seal_key));
    TRY(arena_copy(arena, &out->id, out->id));
    return arena_copy(arena, &out->algorithm, out->algorithm);
}

static enum deputy_error network_update(struct store_write *write, const struct store_network *network)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t seal[STORE_DIGEST_BYTES];
    network_seal(seal, write->view.store->seal_key, network);
    TRY(statement_begin(&statement, write->view.db, DB_NETWORK_REVOKE,
            "UPDATE network SET revoked = ?, updated_at = ?, seal = ? WHERE id = ?"));
    bind_int(&statement, network->revoked);
    bind_int(&statement, network->updated);
    bind_blob(&statement, digest_slice(seal));
    bind_text(&statement, network->id);
    return statement_run(&statement);
}

enum deputy_error store_network_revoke(
        struct deputy_arena *arena, struct store_write *write, struct deputy_slice id)
{
    struct store_network network;
    bool found;
    TRY(store_network_find(arena, &network, &found, &write->view, id));
    ENSURE(found, DEPUTY_E_NETWORK_UNKNOWN);
    if (network.revoked)
        return DEPUTY_OK;
    network.revoked = true;
    network.updated = db_time(&write->now);
    TRY(network_update(write, &network));
    write->moves_generation = true;
    return DEPUTY_OK;
}
