#include "base/arena.h"
#include "base/buf.h"
#include "support/check.h"

static void arena_refuses_more_than_its_maximum(void **state)
{
    (void)state;
    struct deputy_arena *arena = NULL;
    assert_ok(deputy_arena_create(&arena, 1000));
    assert_non_null(arena_alloc(arena, 600));
    assert_null(arena_alloc(arena, 600));
    assert_int_equal(arena_error(arena), DEPUTY_E_LIMIT);
    deputy_arena_reset(arena);
    assert_non_null(arena_alloc(arena, 600));
    deputy_arena_destroy(arena);
}

static void arena_memory_is_zeroed_and_aligned_after_reset(void **state)
{
    struct deputy_arena *arena = *state;
    memset(arena_alloc_bytes(arena, 333), 0xff, 333);
    deputy_arena_reset(arena);
    arena_alloc_bytes(arena, 1);
    uint8_t *memory = arena_alloc(arena, 64);
    assert_int_equal((uintptr_t)memory % sizeof(void *), 0);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(memory[i], 0);
}

static void array_size_overflow_is_refused(void **state)
{
    assert_null(arena_alloc_array(*state, SIZE_MAX / 2, 4));
    assert_int_equal(arena_error(*state), DEPUTY_E_LIMIT);
}

static void buffer_keeps_its_first_failure(void **state)
{
    struct buf buf = buf_make(*state, 4);
    struct deputy_slice out;
    buf_put_text(&buf, "abcd");
    buf_put_text(&buf, "e");
    buf_put_text(&buf, "");
    assert_int_equal(buf_finish(&buf, &out), DEPUTY_E_LIMIT);
}

static void buffer_grows_across_chunks(void **state)
{
    struct buf buf = buf_make(*state, 1 << 20);
    struct deputy_slice out;
    for (unsigned i = 0; i < 100000; i++) {
        buf_put_decimal(&buf, i % 10);
        if (i % 1000 == 0)
            arena_alloc(*state, 40);
    }
    assert_ok(buf_finish(&buf, &out));
    assert_int_equal(out.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(out.ptr[i], '0' + i % 10);
}

static void empty_buffer_is_present(void **state)
{
    struct buf buf = buf_make(*state, 16);
    struct deputy_slice out = {NULL, 7};
    assert_ok(buf_finish(&buf, &out));
    assert_true(deputy_slice_present(out));
    assert_int_equal(out.len, 0);
}

static void refusal_text_carries_its_arguments(void **state)
{
    struct deputy_refusal refusal = {DEPUTY_E_UNAUTHORIZED_ACTION, {T("tinycloud:x"), T("tinycloud.kv/get")}};
    struct deputy_slice text;
    assert_ok(deputy_refusal_format(*state, &text, &refusal));
    assert_text(text, "Unauthorized Action: tinycloud:x / tinycloud.kv/get");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(arena_refuses_more_than_its_maximum),
            ARENA_TEST(arena_memory_is_zeroed_and_aligned_after_reset),
            ARENA_TEST(array_size_overflow_is_refused),
            ARENA_TEST(buffer_keeps_its_first_failure),
            ARENA_TEST(buffer_grows_across_chunks),
            ARENA_TEST(empty_buffer_is_present),
            ARENA_TEST(refusal_text_carries_its_arguments),
    };
    return cmocka_run_group_tests_name("base.arena", tests, NULL, NULL);
}
