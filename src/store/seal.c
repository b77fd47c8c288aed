#include "store/seal.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

/* What the key is used for stands first, so that no mark is ever a seal. */
#define SEAL_DATABASE "deputy store database v1"
#define SEAL_DELEGATION "deputy store delegation v1"

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
    TRY(statement_begin(&statement, db, DB_SEAL_INSERT, "INSERT INTO seal (id, mark) VALUES (1, ?)"));
    bind_blob(&statement, deputy_slice_bytes(mark, STORE_DIGEST_BYTES));
    return statement_run(&statement);
}

enum deputy_error seal_check_database(struct db *db, const uint8_t *key)
{
    DEFER(statement_end) struct statement statement = {0};
    uint8_t expected[STORE_DIGEST_BYTES];
    struct deputy_slice mark;
    bool found;
    blake3_keyed(expected, key, deputy_slice_text(SEAL_DATABASE));
    TRY(statement_begin(&statement, db, DB_SEAL_FIND, "SELECT mark FROM seal WHERE id = 1"));
    TRY(statement_step(&statement, &found));
    if (!found)
        return seal_mark_database(db, expected);
    TRY(column_bytes(&statement, 0, &mark));
    ENSURE(mark.len == sizeof expected && bytes_equal_secret(mark.ptr, expected, sizeof expected),
            DEPUTY_E_STORE_SECRET);
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
