#include "kit.h"

static int hosted_setup(void **state)
{
    kit_setup(state);
    kit_host(*state, KIT_SPACE);
    return 0;
}

#define KV_TEST(function) cmocka_unit_test_setup_teardown(function, hosted_setup, kit_teardown)

/* --- one key --- */

static void value_is_read_back_with_its_hash_and_metadata(void **state)
{
    uint8_t hash[STORE_DIGEST_BYTES];
    assert_ok(kit_put(*state, T("app/settings"), T("hello")));
    struct store_object object = kit_get(*state, T("app/settings"));
    assert_true(object.found);
    assert_text(object.value.bytes, "hello");
    assert_int_equal(object.value.size, 5);
    blake3(hash, T("hello"));
    assert_memory_equal(object.value.hash, hash, sizeof hash);
    assert_text(object.metadata, "{\"content-type\":\"text/plain\"}");
}

static void put_replaces_the_value(void **state)
{
    assert_ok(kit_put(*state, T("k"), T("one")));
    assert_ok(kit_put(*state, T("k"), T("two")));
    assert_text(kit_get(*state, T("k")).value.bytes, "two");
    struct store_counts counts;
    struct store_read *read = kit_read(*state);
    assert_ok(store_count(read, &counts));
    store_read_end(read);
    assert_int_equal(counts.keys, 1);
}

static void empty_value_and_empty_key_are_legal(void **state)
{
    assert_ok(kit_put(*state, T(""), T("")));
    struct store_object object = kit_get(*state, T(""));
    assert_true(object.found);
    assert_true(deputy_slice_present(object.value.bytes));
    assert_int_equal(object.value.size, 0);
}

static void largest_row_is_read_back_and_a_byte_more_is_refused(void **state)
{
    uint8_t *content = arena_alloc(((struct kit *)*state)->arena, STORE_INLINE_MAX + 1);
    memset(content, 'x', STORE_INLINE_MAX + 1);
    struct store_value value;
    assert_ok(kit_put(*state, T("k"), deputy_slice_bytes(content, STORE_INLINE_MAX)));
    assert_slice(kit_get(*state, T("k")).value.bytes, deputy_slice_bytes(content, STORE_INLINE_MAX));
    assert_int_equal(
            store_value_inline(&value, deputy_slice_bytes(content, STORE_INLINE_MAX + 1)), DEPUTY_E_LIMIT);
    value = (struct store_value){
            .size = STORE_INLINE_MAX + 1, .bytes = deputy_slice_bytes(content, STORE_INLINE_MAX + 1)};
    assert_int_equal(kit_put_value(*state, T("k"), &value), DEPUTY_E_ARGUMENT);
}

static void value_whose_size_is_not_that_of_its_bytes_is_refused(void **state)
{
    struct store_value value;
    assert_ok(store_value_inline(&value, T("hello")));
    value.size = 4;
    assert_int_equal(kit_put_value(*state, T("k"), &value), DEPUTY_E_ARGUMENT);
    assert_false(kit_get(*state, T("k")).found);
}

static void keys_with_any_bytes_are_different_keys(void **state)
{
    struct deputy_slice nul = deputy_slice_bytes("a\0b", 3), shorter = deputy_slice_bytes("a\0", 2);
    assert_ok(kit_put(*state, nul, T("one")));
    assert_ok(kit_put(*state, T("A"), T("two")));
    assert_text(kit_get(*state, nul).value.bytes, "one");
    assert_false(kit_get(*state, shorter).found);
    assert_false(kit_get(*state, T("a")).found);
}

static void head_tells_the_same_without_the_value(void **state)
{
    struct store_object object;
    assert_ok(kit_put(*state, T("k"), T("hello")));
    struct store_read *read = kit_read(*state);
    assert_ok(store_kv_head(((struct kit *)*state)->arena, &object, read, KIT_SPACE, T("k")));
    assert_true(object.found);
    assert_int_equal(object.value.size, 5);
    assert_false(deputy_slice_present(object.value.bytes));
    assert_text(object.metadata, "{\"content-type\":\"text/plain\"}");
    assert_ok(store_kv_head(((struct kit *)*state)->arena, &object, read, KIT_SPACE, T("other")));
    assert_false(object.found);
    store_read_end(read);
}

static void value_survives_reopening(void **state)
{
    struct kit *kit = *state;
    assert_ok(kit_put(kit, T("k"), T("one")));
    kit_reopen(kit);
    assert_text(kit_get(kit, T("k")).value.bytes, "one");
}

struct put_then_look {
    struct deputy_arena *arena;
    struct store_put put;
    struct store_object seen;
};

static enum deputy_error apply_put_then_look(struct store_write *write, void *ctx)
{
    struct put_then_look *both = ctx;
    enum deputy_error result = store_kv_set(write, &both->put);
    if (result != DEPUTY_OK)
        return result;
    return store_kv_head(both->arena, &both->seen, store_write_view(write), KIT_SPACE, both->put.key);
}

static void job_sees_what_it_has_written(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    assert_ok(store_value_inline(&value, T("hello")));
    struct put_then_look both = {.arena = kit->arena, .put = kit_make_put(T("k"), &value)};
    assert_ok(store_run(kit->store, apply_put_then_look, &both));
    assert_true(both.seen.found);
    assert_memory_equal(both.seen.value.hash, value.hash, STORE_DIGEST_BYTES);
}

static void space_that_is_not_hosted_takes_no_value(void **state)
{
    struct store_value value;
    assert_ok(store_value_inline(&value, T("x")));
    struct kit_write w = {.put = kit_make_put(T("k"), &value)};
    w.put.space = T("tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:other");
    assert_int_equal(store_run(((struct kit *)*state)->store, kit_apply_put, &w), DEPUTY_E_STORE_SPACE);
}

static void same_key_of_another_space_is_another_value(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice other = T("tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:other");
    struct store_value value;
    kit_host(kit, other);
    assert_ok(kit_put(kit, T("k"), T("mine")));
    assert_ok(store_value_inline(&value, T("theirs")));
    struct kit_write w = {.put = kit_make_put(T("k"), &value)};
    w.put.space = other;
    assert_ok(store_run(kit->store, kit_apply_put, &w));
    assert_text(kit_get(kit, T("k")).value.bytes, "mine");
}

/* --- deletion --- */

static void deletion_tells_never_written_deleted_and_already_deleted(void **state)
{
    uint8_t hash[STORE_DIGEST_BYTES], expected[STORE_DIGEST_BYTES];
    assert_int_equal(kit_delete(*state, T("k"), NULL), STORE_NEVER_WRITTEN);
    assert_ok(kit_put(*state, T("k"), T("hello")));
    assert_int_equal(kit_delete(*state, T("k"), hash), STORE_DELETED);
    blake3(expected, T("hello"));
    assert_memory_equal(hash, expected, sizeof hash);
    assert_false(kit_get(*state, T("k")).found);
    assert_int_equal(kit_delete(*state, T("k"), NULL), STORE_WAS_DELETED);
    assert_ok(kit_put(*state, T("k"), T("again")));
    assert_text(kit_get(*state, T("k")).value.bytes, "again");
}

static void deletion_in_a_space_that_is_not_hosted_is_refused(void **state)
{
    struct kit_write w = {.space = T("tinycloud:x:y"), .key = T("k"), .cause = kit_cause()};
    assert_int_equal(store_run(((struct kit *)*state)->store, kit_apply_delete, &w), DEPUTY_E_STORE_SPACE);
}

/* --- one job, several keys --- */

struct two_puts {
    struct store_put puts[2];
    enum deputy_error answer;
};

static enum deputy_error apply_two_puts(struct store_write *write, void *ctx)
{
    struct two_puts *two = ctx;
    for (size_t i = 0; i < 2; i++) {
        enum deputy_error result = store_kv_set(write, &two->puts[i]);
        if (result != DEPUTY_OK)
            return result;
    }
    return two->answer;
}

static void batch_is_kept_whole_or_not_at_all(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    assert_ok(store_value_inline(&value, T("x")));
    struct two_puts two = {{kit_make_put(T("a"), &value), kit_make_put(T("b"), &value)}, DEPUTY_E_LIMIT};
    assert_int_equal(store_run(kit->store, apply_two_puts, &two), DEPUTY_E_LIMIT);
    assert_false(kit_get(kit, T("a")).found || kit_get(kit, T("b")).found);
    two.answer = DEPUTY_OK;
    assert_ok(store_run(kit->store, apply_two_puts, &two));
    assert_true(kit_get(kit, T("a")).found && kit_get(kit, T("b")).found);
}

/* --- what is kept of the causes --- */

static void batch_keeps_its_invocation_once(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    assert_ok(store_value_inline(&value, T("x")));
    struct two_puts two = {{kit_make_put(T("a"), &value), kit_make_put(T("b"), &value)}, DEPUTY_OK};
    assert_ok(store_run(kit->store, apply_two_puts, &two));
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM invocation"), 1);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM kv_event WHERE invocation = 1"), 2);
    assert_int_equal(kit_query_int(kit, "SELECT bytes = CAST('the invocation' AS BLOB) FROM invocation"), 1);
}

static void every_event_keeps_the_invocation_that_caused_it(void **state)
{
    struct kit *kit = *state;
    static const uint8_t other[STORE_DIGEST_BYTES] = {8};
    struct store_value value;
    assert_ok(store_value_inline(&value, T("x")));
    struct two_puts two = {{kit_make_put(T("a"), &value), kit_make_put(T("b"), &value)}, DEPUTY_OK};
    two.puts[1].cause = (struct store_cause){other, T("another invocation")};
    assert_ok(store_run(kit->store, apply_two_puts, &two));
    assert_int_equal(
            kit_query_int(kit,
                    "SELECT count(*) FROM kv_event e JOIN invocation i ON i.id = e.invocation"
                    " WHERE e.key = CAST('a' AS BLOB) AND i.bytes = CAST('the invocation' AS BLOB)"
                    " OR e.key = CAST('b' AS BLOB) AND i.bytes = CAST('another invocation' AS BLOB)"),
            2);
}

static void deletion_of_nothing_leaves_no_trace(void **state)
{
    struct kit *kit = *state;
    kit_delete(kit, T("k"), NULL);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM kv_event"), 0);
    assert_ok(kit_put(kit, T("k"), T("x")));
    kit_delete(kit, T("k"), NULL);
    kit_delete(kit, T("k"), NULL);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM kv_event"), 2);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM invocation"), 2);
}

/* --- lists --- */

static struct store_keys list(struct kit *kit, const char *prefix, struct deputy_slice after, size_t limit)
{
    struct store_keys keys;
    struct store_read *read = kit_read(kit);
    assert_ok(store_kv_list(kit->arena, &keys, read, KIT_SPACE, T(prefix), after, limit));
    store_read_end(read);
    return keys;
}

static const struct deputy_slice from_start = {NULL, 0};

static void list_is_ascending_by_bytes_and_case_sensitive(void **state)
{
    static const char *const written[] = {"b", "a/2", "a/10", "A", "\xff", "a"};
    static const char *const sorted[] = {"A", "a", "a/10", "a/2", "b", "\xff"};
    for (size_t i = 0; i < 6; i++)
        assert_ok(kit_put(*state, T(written[i]), T("x")));
    struct store_keys keys = list(*state, "", from_start, 10);
    assert_int_equal(keys.count, 6);
    assert_false(keys.more);
    for (size_t i = 0; i < 6; i++)
        assert_text(keys.keys[i], sorted[i]);
}

static void list_holds_the_prefix_alone(void **state)
{
    static const char *const written[] = {"NOTES/y", "note", "notes", "notes/a", "notes/b", "notf", "notes%"};
    for (size_t i = 0; i < 7; i++)
        assert_ok(kit_put(*state, T(written[i]), T("x")));
    struct store_keys keys = list(*state, "notes/", from_start, 10);
    assert_int_equal(keys.count, 2);
    assert_text(keys.keys[0], "notes/a");
    assert_text(keys.keys[1], "notes/b");
    assert_int_equal(list(*state, "notes", from_start, 10).count, 4);
    assert_int_equal(list(*state, "_", from_start, 10).count, 0);
}

static void list_leaves_out_what_was_deleted(void **state)
{
    assert_ok(kit_put(*state, T("a"), T("x")));
    assert_ok(kit_put(*state, T("b"), T("x")));
    assert_ok(kit_put(*state, T("c"), T("x")));
    kit_delete(*state, T("b"), NULL);
    struct store_keys keys = list(*state, "", from_start, 2);
    assert_int_equal(keys.count, 2);
    assert_false(keys.more);
    assert_text(keys.keys[1], "c");
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
    char key[16];
    for (unsigned i = 0; i < 25; i++) {
        snprintf(key, sizeof key, "p/%02u", i);
        assert_ok(kit_put(*state, T(key), T("x")));
    }
    struct deputy_slice after = from_start;
    unsigned seen = 0;
    for (bool more = true; more;) {
        struct store_keys keys = list(*state, "p/", after, 10);
        for (size_t i = 0; i < keys.count; i++) {
            snprintf(key, sizeof key, "p/%02u", seen++);
            assert_text(keys.keys[i], key);
        }
        more = keys.more;
        after = keys.keys[keys.count - 1];
    }
    assert_int_equal(seen, 25);
    assert_int_equal(list(*state, "p/", T("p/24"), 10).count, 0);
}

static void cursor_before_the_prefix_does_not_widen_the_list(void **state)
{
    assert_ok(kit_put(*state, T("a"), T("x")));
    assert_ok(kit_put(*state, T("n/1"), T("x")));
    assert_ok(kit_put(*state, T("z"), T("x")));
    assert_int_equal(list(*state, "n/", T(""), 10).count, 1);
    assert_int_equal(list(*state, "n/", T("a"), 10).count, 1);
    assert_int_equal(list(*state, "n/", T("y"), 10).count, 0);
}

static void list_of_a_space_that_is_not_hosted_is_empty(void **state)
{
    struct store_keys keys;
    struct store_read *read = kit_read(*state);
    assert_ok(kit_put(*state, T("a"), T("x")));
    assert_ok(store_kv_list(((struct kit *)*state)->arena, &keys, read, T("other"), T(""), from_start, 10));
    store_read_end(read);
    assert_int_equal(keys.count, 0);
}

static void list_limit_outside_its_range_is_refused(void **state)
{
    struct store_keys keys;
    struct deputy_arena *arena = ((struct kit *)*state)->arena;
    struct store_read *read = kit_read(*state);
    assert_int_equal(store_kv_list(arena, &keys, read, KIT_SPACE, T(""), from_start, 0), DEPUTY_E_ARGUMENT);
    assert_int_equal(store_kv_list(arena, &keys, read, KIT_SPACE, T(""), from_start, STORE_LIST_MAX + 1),
            DEPUTY_E_ARGUMENT);
    store_read_end(read);
}

/* --- a database changed by someone else --- */

static enum deputy_error try_get(struct kit *kit)
{
    struct store_object object;
    struct store_read *read = kit_read(kit);
    enum deputy_error result = store_kv_get(kit->arena, &object, read, KIT_SPACE, T("k"));
    store_read_end(read);
    return result;
}

static void H18_value_of_another_size_is_corrupt(void **state)
{
    struct kit *kit = *state;
    assert_ok(kit_put(kit, T("k"), T("hello")));
    kit_close(kit);
    kit_tamper(kit, "UPDATE kv_event SET size = 4");
    assert_ok(kit_try_open(kit));
    assert_int_equal(try_get(kit), DEPUTY_E_STORE_CORRUPT);
}

static void H18_value_changed_in_the_database_is_corrupt(void **state)
{
    struct kit *kit = *state;
    assert_ok(kit_put(kit, T("k"), T("hello")));
    kit_close(kit);
    kit_tamper(kit, "UPDATE kv_event SET value = CAST('jello' AS BLOB)");
    assert_ok(kit_try_open(kit));
    assert_int_equal(try_get(kit), DEPUTY_E_STORE_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KV_TEST(value_is_read_back_with_its_hash_and_metadata),
            KV_TEST(put_replaces_the_value),
            KV_TEST(empty_value_and_empty_key_are_legal),
            KV_TEST(largest_row_is_read_back_and_a_byte_more_is_refused),
            KV_TEST(value_whose_size_is_not_that_of_its_bytes_is_refused),
            KV_TEST(keys_with_any_bytes_are_different_keys),
            KV_TEST(head_tells_the_same_without_the_value),
            KV_TEST(value_survives_reopening),
            KV_TEST(job_sees_what_it_has_written),
            KV_TEST(space_that_is_not_hosted_takes_no_value),
            KV_TEST(same_key_of_another_space_is_another_value),
            KV_TEST(deletion_tells_never_written_deleted_and_already_deleted),
            KV_TEST(deletion_in_a_space_that_is_not_hosted_is_refused),
            KV_TEST(batch_is_kept_whole_or_not_at_all),
            KV_TEST(batch_keeps_its_invocation_once),
            KV_TEST(every_event_keeps_the_invocation_that_caused_it),
            KV_TEST(deletion_of_nothing_leaves_no_trace),
            KV_TEST(list_is_ascending_by_bytes_and_case_sensitive),
            KV_TEST(list_holds_the_prefix_alone),
            KV_TEST(list_leaves_out_what_was_deleted),
            KV_TEST(pages_follow_each_other_without_gap_or_repetition),
            KV_TEST(cursor_before_the_prefix_does_not_widen_the_list),
            KV_TEST(list_of_a_space_that_is_not_hosted_is_empty),
            KV_TEST(list_limit_outside_its_range_is_refused),
            KV_TEST(H18_value_of_another_size_is_corrupt),
            KV_TEST(H18_value_changed_in_the_database_is_corrupt),
    };
    return cmocka_run_group_tests_name("store.kv", tests, NULL, NULL);
}
