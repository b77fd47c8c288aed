#include "kit.h"
#include "store/schema.h"

static int hosted_setup(void **state)
{
    kit_setup(state);
    kit_host(*state, KIT_SPACE);
    return 0;
}

#define USAGE_TEST(function) cmocka_unit_test_setup_teardown(function, hosted_setup, kit_teardown)

static uint64_t usage(struct kit *kit)
{
    uint64_t used = 0;
    struct store_read *read = kit_read(kit);
    assert_ok(store_usage(read, &used, KIT_SPACE));
    store_read_end(read);
    return used;
}

static void unhosted_space_has_no_usage(void **state)
{
    uint64_t used;
    struct store_read *read = kit_read(*state);
    assert_int_equal(store_usage(read, &used, T("tinycloud:key:zB:other")), DEPUTY_E_STORE_SPACE);
    store_read_end(read);
}

static void each_content_counts_once_under_whatever_keys(void **state)
{
    assert_int_equal(usage(*state), 0);
    assert_ok(kit_put(*state, T("a"), T("hello")));
    assert_ok(kit_put(*state, T("b"), T("hello")));
    assert_ok(kit_put(*state, T("a"), T("hello")));
    assert_int_equal(usage(*state), 5);
    assert_ok(kit_put(*state, T("a"), T("longer value")));
    assert_int_equal(usage(*state), 17);
}

static void deleting_does_not_lessen_what_is_used(void **state)
{
    assert_ok(kit_put(*state, T("a"), T("hello")));
    assert_int_equal(kit_delete(*state, T("a"), NULL), STORE_DELETED);
    assert_int_equal(usage(*state), 5);
}

static void refused_put_counts_nothing(void **state)
{
    struct store_value value;
    assert_ok(store_value_inline(&value, T("hello")));
    value.size = 4;
    assert_int_equal(kit_put_value(*state, T("a"), &value), DEPUTY_E_ARGUMENT);
    assert_int_equal(usage(*state), 0);
}

/* A database as the schema's first step left it. */
static void values_of_an_older_database_are_counted(void **state)
{
    struct kit *kit = kit_make("/tmp");
    kit_tamper(kit, schema_node.steps[0]);
    kit_tamper(kit,
            "PRAGMA application_id = 0x44707479; PRAGMA user_version = 1;"
            "INSERT INTO space VALUES (1, '" KIT_SPACE_TEXT "', 0);"
            "INSERT INTO invocation VALUES (1, zeroblob(32), x'', 0);"
            "INSERT INTO kv_event (space, key, invocation, hash, size) VALUES"
            " (1, x'61', 1, zeroblob(32), 5), (1, x'62', 1, zeroblob(32), 5), (1, x'61', 1, NULL, NULL),"
            " (1, x'63', 1, randomblob(32), 6)");
    assert_ok(kit_try_open(kit));
    assert_int_equal(usage(kit), 11);
    kit_destroy(kit);
    (void)state;
}

static void spaces_are_listed_by_what_they_hold(void **state)
{
    struct kit *kit = *state;
    struct store_usage *spaces;
    size_t count;
    kit_host(kit, T("tinycloud:key:zA:empty"));
    assert_ok(kit_put(kit, T("a"), T("hello")));
    struct store_read *read = kit_read(kit);
    assert_ok(store_usage_list(kit->arena, &spaces, &count, read));
    store_read_end(read);
    assert_int_equal(count, 2);
    assert_slice(spaces[0].space, KIT_SPACE);
    assert_int_equal(spaces[0].used, 5);
    assert_text(spaces[1].space, "tinycloud:key:zA:empty");
    assert_int_equal(spaces[1].used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            USAGE_TEST(unhosted_space_has_no_usage),
            USAGE_TEST(each_content_counts_once_under_whatever_keys),
            USAGE_TEST(deleting_does_not_lessen_what_is_used),
            USAGE_TEST(refused_put_counts_nothing),
            cmocka_unit_test(values_of_an_older_database_are_counted),
            USAGE_TEST(spaces_are_listed_by_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
