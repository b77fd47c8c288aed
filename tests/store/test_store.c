#include "kit.h"
#include "store/schema.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int closed_setup(void **state)
{
    *state = kit_make("/tmp");
    return 0;
}

#define CLOSED_TEST(function) cmocka_unit_test_setup_teardown(function, closed_setup, kit_teardown)

static mode_t mode_of(struct kit *kit, const char *name)
{
    char path[128];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", kit->directory, name);
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

static void new_database_carries_its_mark_and_version(void **state)
{
    assert_ok(kit_try_open(*state));
    kit_close(*state);
    assert_int_equal(kit_query_int(*state, "PRAGMA application_id"), 0x44707479);
    assert_int_equal(kit_query_int(*state, "PRAGMA user_version"), schema_node.count);
    assert_int_equal(kit_query_int(*state, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

static void files_are_readable_by_their_owner_alone(void **state)
{
    mode_t mask = umask(0);
    struct kit_token token = kit_token(1);
    assert_ok(kit_try_open(*state));
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    umask(mask);
    assert_int_equal(mode_of(*state, "deputy.db"), 0600);
    assert_int_equal(mode_of(*state, "deputy.db-wal"), 0600);
    assert_int_equal(mode_of(*state, "lock"), 0600);
    assert_int_equal(mode_of(*state, "blobs"), 0700);
}

static void reopening_keeps_what_was_written(void **state)
{
    struct kit_token token = kit_token(1);
    bool created;
    assert_ok(kit_try_open(*state));
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    kit_reopen(*state);
    assert_ok(kit_delegate(*state, &created, &token, NULL, 0));
    assert_false(created);
}

static void missing_directory_is_made(void **state)
{
    struct kit *kit = *state;
    assert_int_equal(rmdir(kit->directory), 0);
    assert_ok(kit_try_open(kit));
    assert_int_equal(mode_of(kit, "."), 0700);
}

static void second_process_is_told_that_the_store_is_locked(void **state)
{
    struct kit *kit = *state;
    assert_ok(kit_try_open(kit));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *other = NULL;
        struct store_config config = kit_config(kit);
        _exit(store_open(&other, &config) == DEPUTY_E_STORE_LOCKED ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void second_opening_in_the_process_is_refused_too(void **state)
{
    struct kit *kit = *state;
    struct store *other = NULL;
    struct store_config config = kit_config(kit);
    assert_ok(kit_try_open(kit));
    assert_int_equal(store_open(&other, &config), DEPUTY_E_STORE_LOCKED);
    kit_close(kit);
    assert_ok(kit_try_open(kit));
}

static void unusable_directory_is_refused(void **state)
{
    struct kit *kit = *state;
    struct store_config config = kit_config(kit);
    config.directory = "/dev/null/deputy";
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_STORE_DIRECTORY);
    config.directory = "/proc/deputy";
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_STORE_DIRECTORY);
}

static void newer_database_is_refused_and_left_alone(void **state)
{
    assert_ok(kit_try_open(*state));
    kit_close(*state);
    kit_tamper(*state, "PRAGMA user_version = 1000");
    assert_int_equal(kit_try_open(*state), DEPUTY_E_STORE_NEWER);
    assert_int_equal(kit_query_int(*state, "PRAGMA user_version"), 1000);
}

static void database_of_another_program_is_refused_and_left_alone(void **state)
{
    kit_tamper(*state, "CREATE TABLE theirs (x)");
    assert_int_equal(kit_try_open(*state), DEPUTY_E_STORE_FOREIGN);
    assert_int_equal(kit_query_int(*state, "SELECT count(*) FROM sqlite_schema"), 1);
    kit_tamper(*state, "DROP TABLE theirs; PRAGMA application_id = 1");
    assert_int_equal(kit_try_open(*state), DEPUTY_E_STORE_FOREIGN);
}

static void overwrite(struct kit *kit, const char *bytes, size_t len, off_t at)
{
    char path[128];
    snprintf(path, sizeof path, "%s/deputy.db", kit->directory);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static void file_that_is_no_database_is_corrupt(void **state)
{
    static const char noise[4096] = "this is not a database, it is a text of some length";
    overwrite(*state, noise, sizeof noise, 0);
    assert_int_equal(kit_try_open(*state), DEPUTY_E_STORE_CORRUPT);
}

static void damaged_page_is_corrupt_when_it_is_read(void **state)
{
    struct kit *kit = *state;
    static const char noise[4096] = {1};
    struct kit_token token = kit_token(1);
    struct store_rows rows;
    assert_ok(kit_try_open(kit));
    assert_ok(kit_delegate(kit, NULL, &token, NULL, 0));
    kit_close(kit);
    int64_t page = kit_query_int(
            kit, "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_delegation_1'");
    overwrite(kit, noise, sizeof noise, (page - 1) * 4096);
    assert_ok(kit_try_open(kit));
    struct store_read *read = kit_read(kit);
    assert_int_equal(
            store_proofs_load(kit->arena, &rows, read, &token.digest, 1, 64), DEPUTY_E_STORE_CORRUPT);
    store_read_end(read);
}

static void configuration_without_readers_clock_or_key_is_refused(void **state)
{
    struct kit *kit = *state;
    struct store_config config = kit_config(kit);
    config.readers = 0;
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_ARGUMENT);
    config = kit_config(kit);
    config.now = NULL;
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_ARGUMENT);
    config = kit_config(kit);
    config.seal_key = NULL;
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_ARGUMENT);
}

static void database_of_another_node_secret_is_refused_at_start(void **state)
{
    struct kit *kit = *state;
    static const uint8_t other_key[STORE_SEAL_KEY_BYTES] = {43};
    struct store_config config = kit_config(kit);
    assert_ok(kit_try_open(kit));
    kit_reopen(kit);
    kit_close(kit);
    config.seal_key = other_key;
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_STORE_SECRET);
    assert_ok(kit_try_open(kit));
}

static void every_error_of_the_store_says_what_to_do(void **state)
{
    (void)state;
    static const enum deputy_error told[] = {DEPUTY_E_STORE_DIRECTORY, DEPUTY_E_STORE_LOCKED,
            DEPUTY_E_STORE_FULL, DEPUTY_E_STORE_IO, DEPUTY_E_STORE_CORRUPT, DEPUTY_E_STORE_NEWER,
            DEPUTY_E_STORE_FOREIGN, DEPUTY_E_STORE_BUSY, DEPUTY_E_STORE_TOKEN, DEPUTY_E_STORE_BLOB,
            DEPUTY_E_STORE_SEAL, DEPUTY_E_STORE_SECRET, DEPUTY_E_STORE_REVOCATIONS, DEPUTY_E_STORE_OLDER,
            DEPUTY_E_STORE_UPKEEP, DEPUTY_E_STORE_EXISTS};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const char *text = deputy_error_info(told[i])->text;
        assert_true(strchr(text, ':') != NULL && strlen(strchr(text, ':')) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            CLOSED_TEST(new_database_carries_its_mark_and_version),
            CLOSED_TEST(files_are_readable_by_their_owner_alone),
            CLOSED_TEST(reopening_keeps_what_was_written),
            CLOSED_TEST(missing_directory_is_made),
            CLOSED_TEST(second_process_is_told_that_the_store_is_locked),
            CLOSED_TEST(second_opening_in_the_process_is_refused_too),
            CLOSED_TEST(unusable_directory_is_refused),
            CLOSED_TEST(newer_database_is_refused_and_left_alone),
            CLOSED_TEST(database_of_another_program_is_refused_and_left_alone),
            CLOSED_TEST(file_that_is_no_database_is_corrupt),
            CLOSED_TEST(damaged_page_is_corrupt_when_it_is_read),
            CLOSED_TEST(configuration_without_readers_clock_or_key_is_refused),
            CLOSED_TEST(database_of_another_node_secret_is_refused_at_start),
            cmocka_unit_test(every_error_of_the_store_says_what_to_do),
    };
    return cmocka_run_group_tests_name("store.store", tests, NULL, NULL);
}
