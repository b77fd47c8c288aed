/*
 * Every write, sync and allocation below the store is made to fail in turn, and after each failure the store
 * must hold exactly what it acknowledged, and go on. The system calls are replaced by those of this program;
 * SQLite's memory comes through an allocator that can be told to fail.
 */
#define _GNU_SOURCE
#include "kit.h"
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { LARGE = 2 * STORE_INLINE_MAX };

/* --- calls that fail on demand --- */

/* Seen by the libraries in place of the C library's. */
#define SYSTEM_CALL __attribute__((visibility("default")))

static atomic_bool armed;
static atomic_long
        calls_left; /* the call that brings it to zero fails, and so do those behind it when it lasts */
static atomic_bool lasting;
static atomic_int error_number;
static atomic_long hits;
static char calls[64]; /* the first calls since arm: w(rite), s(ync), t(runcate), r(ename) */
static atomic_size_t call_count;
static atomic_long file_limit = LONG_MAX; /* a write that ends behind it finds the disk full */

static bool fails(char call)
{
    if (!atomic_load(&armed))
        return false;
    size_t at = atomic_fetch_add(&call_count, 1);
    if (at < sizeof calls - 1)
        calls[at] = call;
    long left = atomic_fetch_sub(&calls_left, 1) - 1;
    if (left > 0 || (left < 0 && !atomic_load(&lasting)))
        return false;
    atomic_fetch_add(&hits, 1);
    errno = atomic_load(&error_number);
    return true;
}

static bool full(off64_t end)
{
    if (end <= atomic_load(&file_limit))
        return false;
    errno = ENOSPC;
    return true;
}

SYSTEM_CALL ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    if (fails('w') || full(offset + (off64_t)len))
        return -1;
    return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

SYSTEM_CALL ssize_t write(int fd, const void *bytes, size_t len)
{
    return fails('w') ? -1 : syscall(SYS_write, fd, bytes, len);
}

SYSTEM_CALL int fdatasync(int fd)
{
    return fails('s') ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SYSTEM_CALL int fsync(int fd)
{
    return fails('s') ? -1 : (int)syscall(SYS_fsync, fd);
}

SYSTEM_CALL int ftruncate64(int fd, off64_t len)
{
    return fails('t') ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

SYSTEM_CALL int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails('r') ? -1 : (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
}

static void arm(long call, int error, bool lasts)
{
    atomic_store(&calls_left, call);
    atomic_store(&error_number, error);
    atomic_store(&lasting, lasts);
    atomic_store(&hits, 0);
    atomic_store(&call_count, 0);
    memset(calls, 0, sizeof calls);
    atomic_store(&armed, true);
}

/* Was the failure met? When not, the operation makes fewer calls, and the sweep is done. */
static bool disarm(void)
{
    atomic_store(&armed, false);
    return atomic_load(&hits) > 0;
}

/* --- memory that fails on demand --- */

static sqlite3_mem_methods memory;
static atomic_long allocations_left = LONG_MAX;

static bool allocation_fails(void)
{
    return atomic_load(&allocations_left) != LONG_MAX && atomic_fetch_sub(&allocations_left, 1) == 1;
}

static void *failing_malloc(int size)
{
    return allocation_fails() ? NULL : memory.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return allocation_fails() ? NULL : memory.xRealloc(old, size);
}

static void install_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
    sqlite3_mem_methods failing = memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
}

static void arm_memory(long allocation)
{
    atomic_store(&allocations_left, allocation);
}

static bool disarm_memory(void)
{
    return atomic_exchange(&allocations_left, LONG_MAX) <= 0;
}

/* --- what every failure is followed by --- */

/* In memory: what counts here is the order of the calls, and thousands of syncs take minutes on a disk. */
static int closed_setup(void **state)
{
    *state = kit_make("/dev/shm");
    return 0;
}

static int hosted_setup(void **state)
{
    closed_setup(state);
    assert_ok(kit_try_open(*state));
    kit_host(*state, KIT_SPACE);
    assert_ok(kit_put(*state, T("k"), T("old")));
    return 0;
}

#define FAULT_TEST(function) cmocka_unit_test_setup_teardown(function, hosted_setup, kit_teardown)
#define CLOSED_TEST(function) cmocka_unit_test_setup_teardown(function, closed_setup, kit_teardown)

static void check_holds(struct kit *kit, const char *acknowledged)
{
    assert_text(kit_get(kit, T("k")).value.bytes, acknowledged);
    assert_ok(kit_put(kit, T("other"), T(acknowledged)));
    kit_reopen(kit);
    assert_text(kit_get(kit, T("k")).value.bytes, acknowledged);
    assert_text(kit_get(kit, T("other")).value.bytes, acknowledged);
}

/* Puts new values under the fault at its first call, its second, and so on until the put is not reached. */
static void sweep_put(struct kit *kit, int error, bool lasts, enum deputy_error expected)
{
    char acknowledged[32] = "old", offered[32];
    bool met = true;
    long failures = 0;
    for (long call = 1; met; call++) {
        snprintf(offered, sizeof offered, "value %ld", call);
        arm(call, error, lasts);
        enum deputy_error result = kit_put(kit, T("k"), T(offered));
        met = disarm();
        assert_true(result == DEPUTY_OK || (met && result == expected));
        if (result == DEPUTY_OK)
            strcpy(acknowledged, offered);
        failures += result != DEPUTY_OK;
        check_holds(kit, acknowledged);
    }
    assert_true(failures > 2);
}

static void full_disk_at_any_write_keeps_what_was_acknowledged(void **state)
{
    sweep_put(*state, ENOSPC, true, DEPUTY_E_STORE_FULL);
}

static void file_size_limit_counts_as_a_full_disk(void **state)
{
    sweep_put(*state, EFBIG, true, DEPUTY_E_STORE_FULL);
}

static void failing_disk_at_any_write_or_sync_keeps_what_was_acknowledged(void **state)
{
    sweep_put(*state, EIO, false, DEPUTY_E_STORE_IO);
}

static void revocation_that_is_not_durable_is_not_acknowledged(void **state)
{
    struct kit *kit = *state;
    bool met = true;
    for (unsigned call = 1; met; call++) {
        struct kit_token token = kit_token(call);
        bool revoked;
        uint64_t before = store_generation(kit->store);
        arm(call, EIO, true);
        enum deputy_error result = kit_revoke(kit, NULL, &token, token.text);
        met = disarm();
        assert_true(met != (result == DEPUTY_OK));
        assert_int_equal(store_generation(kit->store), before + (result == DEPUTY_OK));
        struct store_read *read = kit_read(kit);
        assert_ok(store_is_revoked(read, &revoked, token.signed_digest));
        store_read_end(read);
        assert_int_equal(revoked, result == DEPUTY_OK);
    }
}

static enum deputy_error write_blob(struct kit *kit, struct deputy_slice content)
{
    struct blob_writer *writer = NULL;
    struct store_value value;
    enum deputy_error result = blob_writer_open(&writer, kit->store);
    if (result == DEPUTY_OK)
        result = blob_writer_append(writer, content);
    if (result == DEPUTY_OK)
        result = blob_writer_finish(writer, &value);
    if (result == DEPUTY_OK)
        result = kit_put_value(kit, T("blob"), &value);
    blob_writer_close(writer);
    return result;
}

static void check_blob_is_whole_or_absent(struct kit *kit, struct deputy_slice content, bool acknowledged)
{
    struct store_object object = kit_get(kit, T("blob"));
    assert_int_equal(object.found, acknowledged);
    if (!acknowledged)
        return;
    uint8_t *read = arena_alloc(kit->arena, LARGE);
    size_t got;
    assert_ok(blob_read_at(kit->store, object.value.hash, 0, read, LARGE, &got));
    assert_slice(deputy_slice_bytes(read, got), content);
}

static void full_disk_at_any_write_of_a_file_leaves_no_half_value(void **state)
{
    struct kit *kit = *state;
    bool met = true, acknowledged = false;
    for (long call = 1; met; call++) {
        uint8_t *bytes = arena_alloc(kit->arena, LARGE);
        bytes[0] = (uint8_t)call;
        arm(call, ENOSPC, true);
        enum deputy_error result = write_blob(kit, deputy_slice_bytes(bytes, LARGE));
        met = disarm();
        assert_true(result == DEPUTY_OK || result == DEPUTY_E_STORE_FULL);
        acknowledged = result == DEPUTY_OK;
        assert_int_equal(acknowledged, !met);
        check_blob_is_whole_or_absent(kit, deputy_slice_bytes(bytes, LARGE), acknowledged);
    }
}

/* --- the order of writes and syncs --- */

static void acknowledgement_follows_the_sync_of_what_was_written(void **state)
{
    struct kit *kit = *state;
    arm(LONG_MAX, 0, false);
    assert_ok(kit_put(kit, T("k"), T("new")));
    disarm();
    assert_true(strlen(calls) >= 2);
    assert_int_equal(calls[0], 'w');
    assert_int_equal(calls[strlen(calls) - 1], 's');
}

static void file_is_synced_before_its_name_and_its_name_before_its_row(void **state)
{
    struct kit *kit = *state;
    uint8_t *bytes = arena_alloc(kit->arena, LARGE);
    arm(LONG_MAX, 0, false);
    assert_ok(write_blob(kit, deputy_slice_bytes(bytes, LARGE)));
    disarm();
    const char *publish = strstr(calls, "srs");
    assert_non_null(publish);
    assert_int_equal(strspn(calls, "w"), publish - calls);
    assert_int_equal(publish[3], 'w');
    assert_int_equal(calls[strlen(calls) - 1], 's');
}

/* --- one large job on a nearly full disk --- */

struct gate {
    sem_t entered, open;
};

static enum deputy_error gate_apply(struct store_write *write, void *ctx)
{
    struct gate *gate = ctx;
    (void)write;
    sem_post(&gate->entered);
    sem_wait(&gate->open);
    return DEPUTY_OK;
}

static void take_result(void *ctx, enum deputy_error result)
{
    ((struct kit_write *)ctx)->created = result == DEPUTY_OK;
}

static void ignore_result(void *ctx, enum deputy_error result)
{
    (void)ctx;
    (void)result;
}

static void limit_files_to_now_and(struct kit *kit, long more)
{
    char path[128];
    snprintf(path, sizeof path, "%s/deputy.db-wal", kit->directory);
    FILE *wal = fopen(path, "rb");
    assert_non_null(wal);
    assert_int_equal(fseek(wal, 0, SEEK_END), 0);
    atomic_store(&file_limit, ftell(wal) + more);
    fclose(wal);
}

static void job_too_large_for_the_disk_fails_alone(void **state)
{
    struct kit *kit = *state;
    struct gate gate;
    struct store_job held = {.apply = gate_apply, .done = ignore_result, .ctx = &gate};
    struct store_value values[3];
    struct kit_write writes[3] = {0};
    struct store_job jobs[3];
    uint8_t *large = arena_alloc(kit->arena, STORE_INLINE_MAX);
    assert_ok(store_value_inline(&values[0], T("before")));
    assert_ok(store_value_inline(&values[1], deputy_slice_bytes(large, STORE_INLINE_MAX)));
    assert_ok(store_value_inline(&values[2], T("behind")));
    sem_init(&gate.entered, 0, 0);
    sem_init(&gate.open, 0, 0);
    store_submit(kit->store, &held);
    sem_wait(&gate.entered);
    for (size_t i = 0; i < 3; i++) {
        static const char *const keys[] = {"before", "large", "behind"};
        writes[i].put = kit_make_put(T(keys[i]), &values[i]);
        jobs[i] = (struct store_job){.apply = kit_apply_put, .done = take_result, .ctx = &writes[i]};
        store_submit(kit->store, &jobs[i]);
    }
    limit_files_to_now_and(kit, STORE_INLINE_MAX);
    sem_post(&gate.open);
    kit_close(kit);
    atomic_store(&file_limit, LONG_MAX);
    assert_true(writes[0].created);
    assert_false(writes[1].created);
    assert_true(writes[2].created);
    assert_ok(kit_try_open(kit));
    assert_text(kit_get(kit, T("before")).value.bytes, "before");
    assert_false(kit_get(kit, T("large")).found);
    assert_text(kit_get(kit, T("behind")).value.bytes, "behind");
    sem_destroy(&gate.entered);
    sem_destroy(&gate.open);
}

/* --- opening --- */

static void opening_that_fails_at_any_write_can_be_repeated(void **state)
{
    struct kit *kit = *state;
    bool met = true;
    for (long call = 1; met; call++) {
        arm(call, ENOSPC, true);
        enum deputy_error result = kit_try_open(kit);
        met = disarm();
        assert_true(result == DEPUTY_OK || (met && result == DEPUTY_E_STORE_FULL));
        if (result != DEPUTY_OK)
            assert_ok(kit_try_open(kit));
        kit_host(kit, KIT_SPACE);
        kit_destroy(kit);
        closed_setup(state);
        kit = *state;
    }
}

static void opening_that_fails_at_any_allocation_can_be_repeated(void **state)
{
    struct kit *kit = *state;
    bool met = true;
    for (long allocation = 1; met; allocation++) {
        arm_memory(allocation);
        enum deputy_error result = kit_try_open(kit);
        met = disarm_memory();
        assert_true(result == DEPUTY_OK || (met && result == DEPUTY_E_NOMEM));
        if (result != DEPUTY_OK)
            assert_ok(kit_try_open(kit));
        kit_close(kit);
    }
}

/* --- memory --- */

static void writes_that_fail_at_any_allocation_keep_what_was_acknowledged(void **state)
{
    struct kit *kit = *state;
    char acknowledged[32] = "old", offered[32];
    bool met = true;
    long failures = 0;
    for (long allocation = 1; met; allocation++) {
        snprintf(offered, sizeof offered, "value %ld", allocation);
        kit_reopen(kit);
        arm_memory(allocation);
        enum deputy_error result = kit_put(kit, T("k"), T(offered));
        met = disarm_memory();
        assert_true(result == DEPUTY_OK || (met && result == DEPUTY_E_NOMEM));
        if (result == DEPUTY_OK)
            strcpy(acknowledged, offered);
        failures += result != DEPUTY_OK;
        assert_text(kit_get(kit, T("k")).value.bytes, acknowledged);
        assert_ok(kit_put(kit, T("other"), T(acknowledged)));
    }
    assert_true(failures > 10);
}

static enum deputy_error try_reads(struct kit *kit, struct store_rows *rows, struct store_object *object)
{
    struct store_read *read = NULL;
    struct kit_token child = kit_token(2);
    enum deputy_error result = store_read_begin(&read, kit->store, NULL);
    if (result != DEPUTY_OK)
        return result;
    result = store_proofs_load(kit->arena, rows, read, &child.digest, 1, 64);
    if (result == DEPUTY_OK)
        result = store_kv_get(kit->arena, object, read, KIT_SPACE, T("k"));
    store_read_end(read);
    return result;
}

static void reads_that_fail_at_any_allocation_tell_it(void **state)
{
    struct kit *kit = *state;
    struct kit_token parent = kit_token(1), child = kit_token(2);
    bool met = true;
    assert_ok(kit_delegate(kit, NULL, &parent, NULL, 0));
    assert_ok(kit_delegate(kit, NULL, &child, &parent.digest, 1));
    assert_ok(kit_revoke(kit, NULL, &parent, "revocation"));
    for (long allocation = 1; met; allocation++) {
        struct store_rows rows;
        struct store_object object;
        kit_reopen(kit);
        arm_memory(allocation);
        enum deputy_error result = try_reads(kit, &rows, &object);
        met = disarm_memory();
        assert_true(result == DEPUTY_OK || (met && result == DEPUTY_E_NOMEM));
        if (result != DEPUTY_OK)
            assert_ok(try_reads(kit, &rows, &object));
        assert_int_equal(rows.count, 2);
        assert_true(rows.rows[1].revoked);
        assert_text(object.value.bytes, "old");
    }
}

int main(void)
{
    install_memory();
    const struct CMUnitTest tests[] = {
            FAULT_TEST(full_disk_at_any_write_keeps_what_was_acknowledged),
            FAULT_TEST(file_size_limit_counts_as_a_full_disk),
            FAULT_TEST(failing_disk_at_any_write_or_sync_keeps_what_was_acknowledged),
            FAULT_TEST(revocation_that_is_not_durable_is_not_acknowledged),
            FAULT_TEST(full_disk_at_any_write_of_a_file_leaves_no_half_value),
            FAULT_TEST(acknowledgement_follows_the_sync_of_what_was_written),
            FAULT_TEST(file_is_synced_before_its_name_and_its_name_before_its_row),
            FAULT_TEST(job_too_large_for_the_disk_fails_alone),
            CLOSED_TEST(opening_that_fails_at_any_write_can_be_repeated),
            CLOSED_TEST(opening_that_fails_at_any_allocation_can_be_repeated),
            FAULT_TEST(writes_that_fail_at_any_allocation_keep_what_was_acknowledged),
            FAULT_TEST(reads_that_fail_at_any_allocation_tell_it),
    };
    return cmocka_run_group_tests_name("store.faults", tests, NULL, NULL);
}
