#include "store/ticket.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/sealed_row.h"

enum { TICKETS_PRUNED = 16, SEAL_NUMBER_BYTES = 8 };

#define SEAL_TICKET "deputy/store/ticket"

static struct deputy_slice number_put(uint8_t out[SEAL_NUMBER_BYTES], uint64_t number)
{
    for (size_t i = 0; i < SEAL_NUMBER_BYTES; i++)
        out[i] = (uint8_t)(number >> (8 * i));
    return deputy_slice_bytes(out, SEAL_NUMBER_BYTES);
}

/* Every part of variable length has its length before it. */
static void ticket_seal(
        uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const struct store_ticket *ticket)
{
    uint8_t numbers[4][SEAL_NUMBER_BYTES], digest[HASH_BYTES];
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(SEAL_TICKET, sizeof SEAL_TICKET),
            digest_slice(ticket->id),
            digest_slice(ticket->hash),
            number_put(numbers[0], (uint64_t)ticket->expires),
            number_put(numbers[1], ticket->space.len),
            ticket->space,
            number_put(numbers[2], ticket->key.len),
            ticket->key,
            number_put(numbers[3], ticket->invocation.len),
            ticket->invocation,
    };
    blake3_parts(digest, parts, sizeof parts / sizeof parts[0]);
    blake3_keyed(out, key, deputy_slice_bytes(digest, sizeof digest));
}

static enum deputy_error tickets_prune(struct store_write *write)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_TICKET_PRUNE,
            "DELETE FROM ticket WHERE id IN (SELECT id FROM ticket WHERE expires < ? LIMIT ?)"));
    bind_int(&statement, write->now.sec);
    bind_int(&statement, TICKETS_PRUNED);
    return statement_run(&statement);
}

enum deputy_error store_ticket_insert(struct store_write *write, const struct store_ticket *ticket)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t seal[STORE_DIGEST_BYTES];
    ticket_seal(seal, write->view.store->seal_key, ticket);
    TRY(tickets_prune(write));
    TRY(statement_begin(&statement, write->view.db, DB_TICKET_INSERT,
            "INSERT INTO ticket (id, expires, space, key, hash, invocation, seal) VALUES (?, ?, ?, ?, ?, ?, "
            "?)"));
    bind_blob(&statement, digest_slice(ticket->id));
    bind_int(&statement, ticket->expires);
    bind_text(&statement, ticket->space);
    bind_blob(&statement, ticket->key);
    bind_blob(&statement, digest_slice(ticket->hash));
    bind_blob(&statement, ticket->invocation);
    bind_blob(&statement, digest_slice(seal));
    return statement_run(&statement);
}

enum deputy_error ticket_row_take(struct deputy_arena *arena, struct store_ticket *out,
        const struct statement *statement, const uint8_t *seal_key)
{
    struct deputy_slice space, key, hash, invocation, seal;
    uint8_t expected[STORE_DIGEST_BYTES];
    out->expires = column_int(statement, 0);
    TRY(column_bytes(statement, 1, &space));
    TRY(column_bytes(statement, 2, &key));
    TRY(column_bytes(statement, 3, &hash));
    TRY(column_bytes(statement, 4, &invocation));
    TRY(column_bytes(statement, 5, &seal));
    ENSURE(hash.len == sizeof out->hash && seal.len == sizeof expected, DEPUTY_E_STORE_CORRUPT);
    memcpy(out->hash, hash.ptr, sizeof out->hash);
    TRY(arena_copy(arena, &out->space, space));
    TRY(arena_copy(arena, &out->key, key));
    TRY(arena_copy(arena, &out->invocation, invocation));
    ticket_seal(expected, seal_key, out);
    ENSURE(bytes_equal_secret(seal.ptr, expected, sizeof expected), DEPUTY_E_STORE_SEAL);
    return DEPUTY_OK;
}

enum deputy_error store_ticket_find(
        struct deputy_arena *arena, struct store_ticket *out, bool *found, struct store_read *read)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(
            &statement, read->db, DB_TICKET_FIND, "SELECT " TICKET_COLUMNS " FROM ticket WHERE id = ?"));
    bind_blob(&statement, digest_slice(out->id));
    TRY(statement_step(&statement, found));
    return *found ? ticket_row_take(arena, out, &statement, read->store->seal_key) : DEPUTY_OK;
}
