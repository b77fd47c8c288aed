/* A store in a directory of its own, and one-line forms of its writes. */
#ifndef STORE_KIT_H
#define STORE_KIT_H

#include "base/arena.h"
#include "crypto/hash.h"
#include "store/store.h"
#include "support/check.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes a database back to the second step of the schema, as one made before the others would look. */
#define KIT_UNDO_BEHIND_002                                                                                  \
    "DROP TABLE sql_database; DROP TABLE sql_intent; DROP TABLE webhook_waiting;"                            \
    "DROP TABLE webhook_delivery; DROP TABLE webhook; DROP TABLE content; ALTER TABLE space DROP COLUMN "    \
    "used; DROP TABLE ticket; DROP TABLE delegation_space; DROP INDEX delegation_granted;"                   \
    "DROP INDEX delegation_received; ALTER TABLE delegation DROP COLUMN issued;"                             \
    "CREATE INDEX delegation_delegator ON delegation (delegator);"                                           \
    "CREATE INDEX delegation_delegatee ON delegation (delegatee); DROP TABLE network;"                       \
    "DROP TABLE decryption;"

#define KIT_SPACE_TEXT "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default"
#define KIT_SPACE T(KIT_SPACE_TEXT)

enum { KIT_READERS = 4, KIT_NOW = 1700000000 };

struct kit {
    char directory[64];
    struct store *store;
    struct deputy_arena *arena;
};

static inline struct deputy_time kit_now(void *clock)
{
    (void)clock;
    return (struct deputy_time){.sec = KIT_NOW};
}

static const uint8_t kit_seal_key[STORE_SEAL_KEY_BYTES] = {42};

static inline struct store_config kit_config(const struct kit *kit)
{
    return (struct store_config){
            .directory = kit->directory, .readers = KIT_READERS, .now = kit_now, .seal_key = kit_seal_key};
}

static inline enum deputy_error kit_try_open(struct kit *kit)
{
    struct store_config config = kit_config(kit);
    return store_open(&kit->store, &config);
}

static inline void kit_close(struct kit *kit)
{
    store_close(kit->store);
    kit->store = NULL;
}

static inline void kit_reopen(struct kit *kit)
{
    kit_close(kit);
    assert_ok(kit_try_open(kit));
}

/* A fresh directory below one that exists, its store not open yet. */
static inline struct kit *kit_make(const char *below)
{
    struct kit *kit = calloc(1, sizeof *kit);
    assert_non_null(kit);
    snprintf(kit->directory, sizeof kit->directory, "%s/deputy-store-XXXXXX", below);
    assert_non_null(mkdtemp(kit->directory));
    kit->arena = check_arena();
    return kit;
}

static inline void kit_destroy(struct kit *kit)
{
    char command[128];
    store_close(kit->store);
    deputy_arena_destroy(kit->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", kit->directory);
    assert_int_equal(system(command), 0);
    free(kit);
}

static inline int kit_setup(void **state)
{
    struct kit *kit = kit_make("/tmp");
    assert_ok(kit_try_open(kit));
    *state = kit;
    return 0;
}

static inline int kit_teardown(void **state)
{
    kit_destroy(*state);
    return 0;
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, kit_setup, kit_teardown)

static inline struct store_read *kit_read(struct kit *kit)
{
    struct store_read *read = NULL;
    assert_ok(store_read_begin(&read, kit->store, NULL));
    return read;
}

/* --- tokens: any bytes will do --- */

struct kit_token {
    char text[64];
    uint8_t digest[STORE_DIGEST_BYTES];
    uint8_t signed_digest[STORE_DIGEST_BYTES];
};

/* Two encodings of the same number are twins: one signed digest, two digests. */
static inline struct kit_token kit_encoding(unsigned number, const char *encoding)
{
    struct kit_token token;
    snprintf(token.text, sizeof token.text, "token %u", number);
    blake3(token.signed_digest, T(token.text));
    snprintf(token.text, sizeof token.text, "token %u%s", number, encoding);
    blake3(token.digest, T(token.text));
    return token;
}

static inline struct kit_token kit_token(unsigned number)
{
    return kit_encoding(number, "");
}

/* --- writes --- */

struct kit_write {
    struct store_delegation delegation;
    struct store_revocation revocation;
    struct store_put put;
    struct deputy_slice space, key;
    struct store_cause cause;
    enum store_deleted deleted;
    uint8_t hash[STORE_DIGEST_BYTES];
    bool created;
};

static inline enum deputy_error kit_apply_delegation(struct store_write *write, void *ctx)
{
    struct kit_write *w = ctx;
    return store_delegation_insert(write, &w->created, &w->delegation);
}

static inline enum deputy_error kit_delegate(struct kit *kit, bool *created, const struct kit_token *token,
        const uint8_t (*parents)[STORE_DIGEST_BYTES], size_t count)
{
    struct kit_write w = {.delegation = {.digest = token->digest,
                                  .signed_digest = token->signed_digest,
                                  .bytes = T(token->text),
                                  .parents = parents,
                                  .parent_count = count,
                                  .delegator = T("did:key:zA"),
                                  .delegatee = T("did:key:zB")}};
    enum deputy_error result = store_run(kit->store, kit_apply_delegation, &w);
    if (created != NULL)
        *created = w.created;
    return result;
}

static inline enum deputy_error kit_apply_revocation(struct store_write *write, void *ctx)
{
    struct kit_write *w = ctx;
    return store_revocation_insert(write, &w->created, &w->revocation);
}

static inline enum deputy_error kit_revoke(
        struct kit *kit, bool *created, const struct kit_token *target, const char *text)
{
    uint8_t digest[STORE_DIGEST_BYTES];
    blake3(digest, T(text));
    struct kit_write w = {.revocation = {.digest = digest,
                                  .target = target->digest,
                                  .signed_digest = target->signed_digest,
                                  .bytes = T(text),
                                  .revoker = T("did:key:zA")}};
    enum deputy_error result = store_run(kit->store, kit_apply_revocation, &w);
    if (created != NULL)
        *created = w.created;
    return result;
}

static inline enum deputy_error kit_apply_space(struct store_write *write, void *ctx)
{
    struct kit_write *w = ctx;
    return store_space_insert(write, w->space, &w->created);
}

static inline bool kit_host(struct kit *kit, struct deputy_slice space)
{
    struct kit_write w = {.space = space};
    assert_ok(store_run(kit->store, kit_apply_space, &w));
    return w.created;
}

static const uint8_t kit_cause_digest[STORE_DIGEST_BYTES] = {7};

static inline struct store_cause kit_cause(void)
{
    return (struct store_cause){kit_cause_digest, T("the invocation")};
}

static inline struct store_put kit_make_put(struct deputy_slice key, const struct store_value *value)
{
    return (struct store_put){.space = KIT_SPACE,
            .key = key,
            .value = *value,
            .metadata = T("{\"content-type\":\"text/plain\"}"),
            .cause = kit_cause()};
}

static inline enum deputy_error kit_apply_put(struct store_write *write, void *ctx)
{
    return store_kv_set(write, &((struct kit_write *)ctx)->put);
}

static inline enum deputy_error kit_put_value(
        struct kit *kit, struct deputy_slice key, const struct store_value *value)
{
    struct kit_write w = {.put = kit_make_put(key, value)};
    return store_run(kit->store, kit_apply_put, &w);
}

static inline enum deputy_error kit_put(struct kit *kit, struct deputy_slice key, struct deputy_slice content)
{
    struct store_value value;
    assert_ok(store_value_inline(&value, content));
    return kit_put_value(kit, key, &value);
}

static inline enum deputy_error kit_apply_delete(struct store_write *write, void *ctx)
{
    struct kit_write *w = ctx;
    return store_kv_delete(write, &w->deleted, w->hash, w->space, w->key, w->cause);
}

static inline enum store_deleted kit_delete(
        struct kit *kit, struct deputy_slice key, uint8_t hash[STORE_DIGEST_BYTES])
{
    struct kit_write w = {.space = KIT_SPACE, .key = key, .cause = kit_cause()};
    assert_ok(store_run(kit->store, kit_apply_delete, &w));
    if (hash != NULL)
        memcpy(hash, w.hash, STORE_DIGEST_BYTES);
    return w.deleted;
}

static inline struct store_object kit_get(struct kit *kit, struct deputy_slice key)
{
    struct store_object object;
    struct store_read *read = kit_read(kit);
    assert_ok(store_kv_get(kit->arena, &object, read, KIT_SPACE, key));
    store_read_end(read);
    return object;
}

/* Runs SQL on the closed store's database, as whoever holds the disk could. */
static inline void kit_tamper(struct kit *kit, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/deputy.db", kit->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* The first column of the first row, read beside the store. */
static inline int64_t kit_query_int(struct kit *kit, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    snprintf(path, sizeof path, "%s/deputy.db", kit->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return out;
}

#endif
