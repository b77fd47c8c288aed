#include "store/seal.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/revocations.h"

/* What the key is used for stands first, so that no mark is ever a seal. */
#define SEAL_DATABASE "deputy store database v2"
#define SEAL_DATABASE_UNCHAINED "deputy store database v1" /* before revocations were a chain */
#define SEAL_DELEGATION "deputy store delegation v1"

/*
 * What the mark says about the revocations. Only this node can make one, so a database cannot be made to look
 * as if it had no chain yet.
 */
enum seal_state { SEAL_ABSENT, SEAL_UNCHAINED, SEAL_CHAINED };

enum { SEAL_INPUT_MAX = sizeof SEAL_DELEGATION + (2 + STORE_PARENTS_MAX) * STORE_DIGEST_BYTES };

enum deputy_error seal_key_keep(uint8_t **out, const uint8_t key[STORE_SEAL_KEY_BYTES])
{
    TRY(secret_alloc(out, STORE_SEAL_KEY_BYTES));
    memcpy(*out, key, STORE_SEAL_KEY_BYTES);
    return secret_freeze(*out);
}

static enum deputy_error seal_mark_database(struct db *db, const uint8_t mark[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_SEAL_INSERT,
            "INSERT INTO seal (id, mark) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET mark = excluded.mark"));
    bind_blob(&statement, deputy_slice_bytes(mark, STORE_DIGEST_BYTES));
    return statement_run(&statement);
}

/* Reads the mark, if there is one, and holds it against those of this key. */
static enum deputy_error seal_find(struct db *db, enum seal_state *out, const uint8_t *key)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t chained[STORE_DIGEST_BYTES], unchained[STORE_DIGEST_BYTES];
    struct deputy_slice mark;
    bool found;
    *out = SEAL_ABSENT;
    blake3_keyed(chained, key, deputy_slice_text(SEAL_DATABASE));
    blake3_keyed(unchained, key, deputy_slice_text(SEAL_DATABASE_UNCHAINED));
    TRY(statement_begin(&statement, db, DB_SEAL_FIND, "SELECT mark FROM seal WHERE id = 1"));
    TRY(statement_step(&statement, &found));
    if (!found)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 0, &mark));
    ENSURE(mark.len == sizeof chained, DEPUTY_E_STORE_SECRET);
    *out = bytes_equal_secret(mark.ptr, chained, sizeof chained) ? SEAL_CHAINED : SEAL_UNCHAINED;
    ENSURE(*out == SEAL_CHAINED || bytes_equal_secret(mark.ptr, unchained, sizeof unchained),
            DEPUTY_E_STORE_SECRET);
    return DEPUTY_OK;
}

/* A database that holds authority but no mark had one. */
static enum deputy_error seal_check_new(struct db *db)
{
    int64_t rows;
    TRY(db_query_int(
            db, &rows, "SELECT (SELECT count(*) FROM delegation) + (SELECT count(*) FROM revocation)"));
    ENSURE(rows == 0, DEPUTY_E_STORE_SEAL);
    return DEPUTY_OK;
}

/* Begins the chain of revocations in a new database, or one that is older than the chain. */
static enum deputy_error seal_chain(struct db *db, enum seal_state state, const uint8_t *key)
{
    uint8_t mark[STORE_DIGEST_BYTES];
    blake3_keyed(mark, key, deputy_slice_text(SEAL_DATABASE));
    TRY(db_run(db, DB_BEGIN_IMMEDIATE, "BEGIN IMMEDIATE"));
    if (state == SEAL_ABSENT)
        TRY(seal_check_new(db));
    TRY(revocations_adopt(db, key));
    TRY(seal_mark_database(db, mark));
    return db_run(db, DB_COMMIT, "COMMIT");
}

enum deputy_error seal_check_database(struct db *db, const uint8_t *key)
{
    enum seal_state state;
    TRY(seal_find(db, &state, key));
    return state == SEAL_CHAINED ? DEPUTY_OK : seal_chain(db, state, key);
}

enum deputy_error seal_check_mark(struct db *db, const uint8_t *key)
{
    enum seal_state state;
    TRY(seal_find(db, &state, key));
    ENSURE(state == SEAL_CHAINED, DEPUTY_E_STORE_SECRET);
    return DEPUTY_OK;
}

static size_t put(uint8_t *input, size_t at, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(input + at, bytes, len);
    return at + len;
}

void seal_delegation(uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const uint8_t *digest,
        const uint8_t *signed_digest, struct deputy_slice parents)
{
    uint8_t input[SEAL_INPUT_MAX];
    size_t len = put(input, 0, SEAL_DELEGATION, sizeof SEAL_DELEGATION);
    len = put(input, len, digest, STORE_DIGEST_BYTES);
    len = put(input, len, signed_digest, STORE_DIGEST_BYTES);
    len = put(input, len, parents.ptr, parents.len);
    blake3_keyed(out, key, deputy_slice_bytes(input, len));
}
