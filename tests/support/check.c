#include "support/check.h"
#include "base/arena.h"
#include <stdio.h>

enum { CHECK_ARENA_BYTES = 256 * 1024 * 1024 };

void check_slice(struct deputy_slice actual, struct deputy_slice expected, const char *file, int line)
{
    if (deputy_slice_equal(actual, expected))
        return;
    print_error("actual:   %.*s\nexpected: %.*s\n", (int)actual.len, (const char *)actual.ptr,
            (int)expected.len, (const char *)expected.ptr);
    _fail(file, line);
}

struct deputy_arena *check_arena(void)
{
    struct deputy_arena *arena = NULL;
    assert_ok(deputy_arena_create(&arena, CHECK_ARENA_BYTES));
    return arena;
}

int check_arena_setup(void **state)
{
    *state = check_arena();
    return 0;
}

int check_arena_teardown(void **state)
{
    deputy_arena_destroy(*state);
    return 0;
}

struct deputy_slice check_data(struct deputy_arena *arena, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TEST_DATA_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: not there", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    uint8_t *bytes = arena_alloc_bytes(arena, (size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return deputy_slice_bytes(bytes, (size_t)size);
}
