/* Sealed records: what is put is got, by its name and with its key only, also after a restart. */
#include "store/db.h"
#include "store/sealed.h"
#include "support/check.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct shelf {
    char directory[64];
    uint8_t key[SEALED_KEY_BYTES];
    struct sealed *sealed;
    struct deputy_arena *arena;
};

static int shelf_setup(void **state)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    assert_non_null(shelf);
    snprintf(shelf->directory, sizeof shelf->directory, "/tmp/deputy-sealed-XXXXXX");
    assert_non_null(mkdtemp(shelf->directory));
    memset(shelf->key, 7, sizeof shelf->key);
    shelf->arena = check_arena();
    assert_ok(sealed_open(&shelf->sealed, shelf->directory, shelf->key));
    *state = shelf;
    return 0;
}

static int shelf_teardown(void **state)
{
    static const char *const names[] = {"backend.db", "backend.db-wal", "backend.db-shm", "lock"};
    struct shelf *shelf = *state;
    char path[128];
    sealed_close(shelf->sealed);
    deputy_arena_destroy(shelf->arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", shelf->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(shelf->directory), 0); /* nothing else was left there */
    free(shelf);
    return 0;
}

static void shelf_reopen(struct shelf *shelf)
{
    sealed_close(shelf->sealed);
    shelf->sealed = NULL;
    assert_ok(sealed_open(&shelf->sealed, shelf->directory, shelf->key));
}

/* Changes the database behind the store's back. */
static void shelf_tamper(struct shelf *shelf, const char *sql)
{
    struct db db = {0};
    char path[128];
    sealed_close(shelf->sealed);
    shelf->sealed = NULL;
    snprintf(path, sizeof path, "%s/backend.db", shelf->directory);
    assert_ok(db_open(&db, path, DB_WRITER));
    assert_ok(db_exec(&db, sql));
    db_close(&db);
    assert_ok(sealed_open(&shelf->sealed, shelf->directory, shelf->key));
}

static struct deputy_slice got(struct shelf *shelf, const char *name)
{
    struct deputy_slice value;
    assert_ok(sealed_get(shelf->arena, &value, shelf->sealed, T(name)));
    return value;
}

static void record_is_replaced_kept_and_deleted(void **state)
{
    struct shelf *shelf = *state;
    assert_false(deputy_slice_present(got(shelf, "a")));
    assert_ok(sealed_put(shelf->sealed, T("a"), T("one")));
    assert_ok(sealed_put(shelf->sealed, T("b"), T("")));
    assert_ok(sealed_put(shelf->sealed, T("a"), T("two")));
    assert_text(got(shelf, "a"), "two");
    shelf_reopen(shelf);
    assert_text(got(shelf, "a"), "two");
    assert_true(deputy_slice_present(got(shelf, "b")));
    assert_int_equal(got(shelf, "b").len, 0);
    assert_ok(sealed_delete(shelf->sealed, T("a")));
    assert_ok(sealed_delete(shelf->sealed, T("a")));
    shelf_reopen(shelf);
    assert_false(deputy_slice_present(got(shelf, "a")));
    assert_true(deputy_slice_present(got(shelf, "b")));
}

static void names_and_values_have_limits(void **state)
{
    struct shelf *shelf = *state;
    struct deputy_slice value;
    char name[SEALED_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    struct deputy_slice longest = deputy_slice_bytes(name, SEALED_NAME_MAX);
    struct deputy_slice longer = deputy_slice_bytes(name, sizeof name);
    uint8_t *large = calloc(1, SEALED_VALUE_MAX + 1);
    assert_non_null(large);
    assert_ok(sealed_put(shelf->sealed, longest, deputy_slice_bytes(large, SEALED_VALUE_MAX)));
    assert_int_equal(sealed_put(shelf->sealed, longest, deputy_slice_bytes(large, SEALED_VALUE_MAX + 1)),
            DEPUTY_E_LIMIT);
    free(large);
    assert_int_equal(sealed_put(shelf->sealed, longer, T("x")), DEPUTY_E_ARGUMENT);
    assert_int_equal(sealed_put(shelf->sealed, T(""), T("x")), DEPUTY_E_ARGUMENT);
    assert_int_equal(sealed_get(shelf->arena, &value, shelf->sealed, T("")), DEPUTY_E_ARGUMENT);
    assert_int_equal(sealed_delete(shelf->sealed, longer), DEPUTY_E_ARGUMENT);
}

static size_t listed(struct shelf *shelf, struct deputy_slice *names, const char *after, size_t limit)
{
    size_t count;
    struct deputy_slice behind = {NULL, 0};
    if (after != NULL)
        behind = T(after);
    assert_ok(sealed_list(shelf->arena, names, &count, shelf->sealed, T("a/"), behind, limit));
    return count;
}

static void names_of_a_prefix_are_listed_page_by_page(void **state)
{
    static const char *const made[] = {"a/2", "b/1", "a", "a/", "a0", "a/1", "a/3"};
    struct shelf *shelf = *state;
    struct deputy_slice names[4];
    size_t count;
    assert_int_equal(listed(shelf, names, NULL, 4), 0);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        assert_ok(sealed_put(shelf->sealed, T(made[i]), T("x")));
    assert_int_equal(listed(shelf, names, NULL, 4), 3);
    assert_text(names[0], "a/1");
    assert_text(names[2], "a/3");
    assert_int_equal(listed(shelf, names, NULL, 2), 2);
    assert_text(names[1], "a/2");
    assert_int_equal(listed(shelf, names, "a/2", 2), 1);
    assert_text(names[0], "a/3");
    assert_int_equal(listed(shelf, names, "a/2a", 2), 1); /* which need not be there */
    assert_int_equal(listed(shelf, names, "a/3", 2), 0);
    assert_int_equal(listed(shelf, names, "A", 4), 3); /* never before the prefix */
    assert_int_equal(listed(shelf, names, "b", 4), 0);
    assert_int_equal(
            sealed_list(shelf->arena, names, &count, shelf->sealed, T(""), T("a"), 1), DEPUTY_E_ARGUMENT);
    assert_int_equal(
            sealed_list(shelf->arena, names, &count, shelf->sealed, T("\xff"), T("a"), 1), DEPUTY_E_ARGUMENT);
    assert_int_equal(
            sealed_list(shelf->arena, names, &count, shelf->sealed, T("a"), T("a"), SEALED_LIST_MAX + 1),
            DEPUTY_E_ARGUMENT);
}

static void record_answers_for_no_other_name(void **state)
{
    struct shelf *shelf = *state;
    struct deputy_slice value;
    assert_ok(sealed_put(shelf->sealed, T("delegations/a"), T("of a")));
    assert_ok(sealed_put(shelf->sealed, T("delegations/b"), T("of b")));
    shelf_tamper(shelf, "UPDATE sealed SET record = (SELECT record FROM sealed WHERE name = "
                        "x'64656c65676174696f6e732f61')"
                        " WHERE name = x'64656c65676174696f6e732f62'");
    assert_text(got(shelf, "delegations/a"), "of a");
    assert_int_equal(
            sealed_get(shelf->arena, &value, shelf->sealed, T("delegations/b")), DEPUTY_E_STORE_SEAL);
}

static void changed_or_cut_record_does_not_open(void **state)
{
    static const char *const changes[] = {"zeroblob(12) || substr(record, 13)",
            "substr(record, 2) || substr(record, 1, 1)", "substr(record, 1, 27)", "x''", "record || x'00'",
            "substr(record, 1, length(record) - 1)"};
    struct shelf *shelf = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char sql[128];
        struct deputy_slice value;
        assert_ok(sealed_put(shelf->sealed, T("a"), T("one")));
        snprintf(sql, sizeof sql, "UPDATE sealed SET record = CAST(%s AS BLOB) WHERE name = x'61'",
                changes[i]);
        shelf_tamper(shelf, sql);
        assert_int_equal(sealed_get(shelf->arena, &value, shelf->sealed, T("a")), DEPUTY_E_STORE_SEAL);
    }
}

static void another_key_is_told_at_the_start(void **state)
{
    struct shelf *shelf = *state;
    struct sealed *other = NULL;
    uint8_t key[SEALED_KEY_BYTES] = {8};
    assert_ok(sealed_put(shelf->sealed, T("a"), T("one")));
    sealed_close(shelf->sealed);
    shelf->sealed = NULL;
    assert_int_equal(sealed_open(&other, shelf->directory, key), DEPUTY_E_STORE_SECRET);
    assert_null(other);
    assert_ok(sealed_open(&shelf->sealed, shelf->directory, shelf->key));
    assert_text(got(shelf, "a"), "one");
}

static void directory_is_private_and_held_by_one(void **state)
{
    struct shelf *shelf = *state;
    struct sealed *second = NULL;
    struct stat status;
    char path[128];
    snprintf(path, sizeof path, "%s/backend.db", shelf->directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(sealed_open(&second, shelf->directory, shelf->key), DEPUTY_E_STORE_LOCKED);
    assert_int_equal(sealed_open(&second, "/tmp/deputy-no-such/none", shelf->key), DEPUTY_E_STORE_DIRECTORY);
    assert_null(second);
}

static bool holds(const uint8_t *content, size_t len, const char *text, size_t text_len)
{
    for (size_t i = 0; i + text_len <= len; i++) {
        if (memcmp(content + i, text, text_len) == 0)
            return true;
    }
    return false;
}

/* Neither the value nor a part of it lies in the files. */
static void value_is_not_readable_on_the_disk(void **state)
{
    static const char *const names[] = {"backend.db", "backend.db-wal"};
    static const char secret[] = "a-value-that-nobody-may-read";
    struct shelf *shelf = *state;
    size_t seen = 0;
    assert_ok(sealed_put(shelf->sealed, T("a"), T(secret)));
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", shelf->directory, names[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        uint8_t *content = calloc(1, 1024 * 1024);
        size_t len = fread(content, 1, 1024 * 1024, file);
        seen += len;
        assert_false(holds(content, len, secret, sizeof secret - 1));
        free(content);
        assert_int_equal(fclose(file), 0);
    }
    assert_true(seen > 0);
}

static void *put_many(void *context)
{
    struct shelf *shelf = context;
    for (int i = 0; i < 20; i++) {
        if (sealed_put(shelf->sealed, T("shared"), T("whole value")) != DEPUTY_OK)
            return shelf;
    }
    return NULL;
}

static void threads_may_share_it(void **state)
{
    struct shelf *shelf = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, shelf), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_text(got(shelf, "shared"), "whole value");
}

int main(void)
{
#define SHELF_TEST(function) cmocka_unit_test_setup_teardown(function, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
            SHELF_TEST(record_is_replaced_kept_and_deleted),
            SHELF_TEST(names_and_values_have_limits),
            SHELF_TEST(names_of_a_prefix_are_listed_page_by_page),
            SHELF_TEST(record_answers_for_no_other_name),
            SHELF_TEST(changed_or_cut_record_does_not_open),
            SHELF_TEST(another_key_is_told_at_the_start),
            SHELF_TEST(directory_is_private_and_held_by_one),
            SHELF_TEST(value_is_not_readable_on_the_disk),
            SHELF_TEST(threads_may_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
