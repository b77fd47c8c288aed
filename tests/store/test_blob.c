#include "kit.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { LARGE = 3 * STORE_INLINE_MAX + 17 };

static int hosted_setup(void **state)
{
    kit_setup(state);
    kit_host(*state, KIT_SPACE);
    return 0;
}

#define BLOB_TEST(function) cmocka_unit_test_setup_teardown(function, hosted_setup, kit_teardown)

static struct deputy_slice content(struct kit *kit, size_t len)
{
    uint8_t *bytes = arena_alloc(kit->arena, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    return deputy_slice_bytes(bytes, len);
}

/* Appends the content in parts of the given size. */
static struct blob_writer *write_parts(struct kit *kit, struct deputy_slice bytes, size_t part)
{
    struct blob_writer *writer = NULL;
    assert_ok(blob_writer_open(&writer, kit->store));
    for (size_t at = 0; at < bytes.len; at += part) {
        size_t len = bytes.len - at < part ? bytes.len - at : part;
        assert_ok(blob_writer_append(writer, deputy_slice_bytes(bytes.ptr + at, len)));
    }
    return writer;
}

static size_t files_in(struct kit *kit, const char *name)
{
    char path[128];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s", kit->directory, name);
    DIR *listing = opendir(path);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "tmp") != 0;
    closedir(listing);
    return count;
}

static void check_roundtrip(struct kit *kit, size_t len, size_t part)
{
    struct store_value value;
    uint8_t hash[STORE_DIGEST_BYTES];
    struct deputy_slice bytes = content(kit, len);
    struct blob_writer *writer = write_parts(kit, bytes, part);
    assert_ok(blob_writer_finish(writer, &value));
    blake3(hash, bytes);
    assert_memory_equal(value.hash, hash, sizeof hash);
    assert_int_equal(value.size, len);
    assert_int_equal(deputy_slice_present(value.bytes), len <= STORE_INLINE_MAX);
    assert_ok(kit_put_value(kit, T("k"), &value));
    blob_writer_close(writer);
}

static void content_up_to_a_row_stays_in_memory(void **state)
{
    struct kit *kit = *state;
    check_roundtrip(kit, 0, 1);
    check_roundtrip(kit, 1, 1);
    check_roundtrip(kit, STORE_INLINE_MAX, 1000);
    assert_int_equal(files_in(kit, "blobs"), 0);
    assert_slice(kit_get(kit, T("k")).value.bytes, content(kit, STORE_INLINE_MAX));
}

static struct deputy_slice read_all(struct kit *kit, const uint8_t *hash, size_t len, size_t part)
{
    uint8_t *out = arena_alloc_bytes(kit->arena, len + part);
    size_t at = 0;
    for (size_t got = part; got == part; at += got)
        assert_ok(blob_read_at(kit->store, hash, at, out + at, part, &got));
    return deputy_slice_bytes(out, at);
}

static void content_beyond_a_row_is_a_file_that_reads_back(void **state)
{
    struct kit *kit = *state;
    static const size_t parts[] = {1000, STORE_INLINE_MAX, STORE_INLINE_MAX + 1, LARGE};
    check_roundtrip(kit, STORE_INLINE_MAX + 1, STORE_INLINE_MAX);
    for (size_t i = 0; i < 4; i++)
        check_roundtrip(kit, LARGE, parts[i]);
    assert_int_equal(files_in(kit, "blobs"), 2);
    assert_int_equal(files_in(kit, "blobs/tmp"), 0);
    kit_reopen(kit);
    struct store_object object = kit_get(kit, T("k"));
    assert_true(object.found);
    assert_int_equal(object.value.size, LARGE);
    assert_false(deputy_slice_present(object.value.bytes));
    assert_slice(read_all(kit, object.value.hash, LARGE, 5000), content(kit, LARGE));
}

static void reading_past_the_end_gives_nothing(void **state)
{
    struct kit *kit = *state;
    uint8_t out[16];
    size_t got = 7;
    check_roundtrip(kit, LARGE, LARGE);
    struct store_object object = kit_get(kit, T("k"));
    assert_ok(blob_read_at(kit->store, object.value.hash, LARGE - 3, out, sizeof out, &got));
    assert_int_equal(got, 3);
    assert_ok(blob_read_at(kit->store, object.value.hash, LARGE + 3, out, sizeof out, &got));
    assert_int_equal(got, 0);
}

static void file_that_is_missing_is_told(void **state)
{
    struct kit *kit = *state;
    uint8_t hash[STORE_DIGEST_BYTES] = {1}, out[16];
    size_t got;
    assert_int_equal(blob_read_at(kit->store, hash, 0, out, sizeof out, &got), DEPUTY_E_STORE_BLOB);
}

static void writer_closed_unfinished_leaves_nothing(void **state)
{
    struct kit *kit = *state;
    struct blob_writer *writer = write_parts(kit, content(kit, LARGE), 1000);
    assert_int_equal(files_in(kit, "blobs/tmp"), 1);
    blob_writer_close(writer);
    assert_int_equal(files_in(kit, "blobs/tmp"), 0);
    assert_int_equal(files_in(kit, "blobs"), 0);
}

static void files_of_a_killed_process_are_swept_at_start(void **state)
{
    struct kit *kit = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/blobs/tmp/0", kit->directory);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(files_in(kit, "blobs/tmp"), 1);
    kit_reopen(kit);
    assert_int_equal(files_in(kit, "blobs/tmp"), 0);
    check_roundtrip(kit, LARGE, LARGE);
}

static void writers_side_by_side_do_not_mix(void **state)
{
    struct kit *kit = *state;
    struct store_value first, second;
    struct blob_writer *a = write_parts(kit, content(kit, LARGE), 1000);
    struct blob_writer *b = write_parts(kit, content(kit, LARGE + 1), 1000);
    assert_ok(blob_writer_finish(b, &second));
    assert_ok(blob_writer_finish(a, &first));
    blob_writer_close(a);
    blob_writer_close(b);
    assert_slice(read_all(kit, first.hash, LARGE, LARGE), content(kit, LARGE));
    assert_slice(read_all(kit, second.hash, LARGE + 1, LARGE), content(kit, LARGE + 1));
}

static void files_are_readable_by_their_owner_alone(void **state)
{
    struct kit *kit = *state;
    char path[160];
    struct stat info;
    mode_t mask = umask(0);
    check_roundtrip(kit, LARGE, LARGE);
    umask(mask);
    int at = snprintf(path, sizeof path, "%s/blobs/", kit->directory);
    struct store_object object = kit_get(kit, T("k"));
    for (size_t i = 0; i < STORE_DIGEST_BYTES; i++)
        at += snprintf(path + at, sizeof path - (size_t)at, "%02x", object.value.hash[i]);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void short_content_goes_to_a_file_when_told(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    struct deputy_slice bytes = content(kit, 100);
    uint8_t got[128];
    size_t len;
    struct blob_writer *writer = write_parts(kit, bytes, 100);
    assert_ok(blob_writer_spill(writer));
    assert_ok(blob_writer_finish(writer, &value));
    blob_writer_close(writer);
    assert_false(deputy_slice_present(value.bytes));
    assert_int_equal(files_in(kit, "blobs"), 1);
    assert_ok(kit_put_value(kit, T("k"), &value));
    assert_ok(blob_read_at(kit->store, value.hash, 0, got, sizeof got, &len));
    assert_slice(deputy_slice_bytes(got, len), bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            BLOB_TEST(short_content_goes_to_a_file_when_told),
            BLOB_TEST(content_up_to_a_row_stays_in_memory),
            BLOB_TEST(content_beyond_a_row_is_a_file_that_reads_back),
            BLOB_TEST(reading_past_the_end_gives_nothing),
            BLOB_TEST(file_that_is_missing_is_told),
            BLOB_TEST(writer_closed_unfinished_leaves_nothing),
            BLOB_TEST(files_of_a_killed_process_are_swept_at_start),
            BLOB_TEST(writers_side_by_side_do_not_mix),
            BLOB_TEST(files_are_readable_by_their_owner_alone),
    };
    return cmocka_run_group_tests_name("store.blob", tests, NULL, NULL);
}
