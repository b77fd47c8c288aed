/* What requests of the local API say: owners, hosts, tokens, keys, limits and abilities. */
#include "backend/local_read.h"
#include "support/check.h"
#include <stdlib.h>
#include <string.h>

#define ADDRESS "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

static const struct deputy_slice ABSENT = {NULL, 0};

static void owner_is_one_however_it_is_written(void **state)
{
    (void)state;
    static const char *const same[] = {ADDRESS, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
            "0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266", "did:pkh:eip155:1:" ADDRESS,
            "did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"};
    uint8_t first[20], owner[20];
    assert_ok(local_owner_read(first, T(same[0])));
    assert_int_equal(first[0], 0xf3);
    assert_int_equal(first[19], 0x66);
    for (size_t i = 1; i < sizeof same / sizeof same[0]; i++) {
        memset(owner, 0, sizeof owner);
        assert_ok(local_owner_read(owner, T(same[i])));
        assert_memory_equal(owner, first, sizeof first);
    }
}

static void what_is_no_owner_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0x", "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", ADDRESS "0",
            ADDRESS " ", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb9226",
            "0xg39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "did:pkh:eip155:2:" ADDRESS,
            "did:pkh:eip155:1:", "did:pkh:eip155:1:" ADDRESS "#a",
            "did:pkh:eip155:1:did:pkh:eip155:1:" ADDRESS, "did:pkh:eip155:01:" ADDRESS,
            "DID:PKH:eip155:1:" ADDRESS, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "..",
            "*"};
    uint8_t owner[20];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(local_owner_read(owner, T(bad[i])), DEPUTY_E_LOCAL_OWNER);
}

static void hosts_of_this_machine_are_ours_and_no_other(void **state)
{
    (void)state;
    static const char *const ours[] = {
            "localhost", "LocalHost:3002", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80"};
    static const char *const others[] = {"", "example.com", "localhost.example.com",
            "localhost:", "localhost:8a", "127.0.0.1.example.com", "127.0.0.1:80:80", "127.0.0.2", "0.0.0.0",
            "::1", "[::1", "[::1]x", "xlocalhost", "localhost ", "127.0.0.1@example.com", "[::2]",
            "localhost:-1"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        assert_true(local_host_is_ours(T(ours[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(local_host_is_ours(T(others[i])));
    assert_false(local_host_is_ours(ABSENT));
}

static void bearer_fits_whole_or_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Bearer", "Bearer ", "Bearer abc", "Bearer abcde", "Bearer abcD",
            "abcd", "Basic abcd ", "Bearer  abc", "Bearer abcd ", "xBearer abcd"};
    assert_true(local_bearer_fits(T("Bearer abcd"), T("abcd")));
    assert_true(local_bearer_fits(T("bEARER abcd"), T("abcd")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(local_bearer_fits(T(bad[i]), T("abcd")));
    assert_false(local_bearer_fits(ABSENT, T("abcd")));
    assert_false(local_bearer_fits(T("Bearer "), T(""))); /* without a token nobody is let in */
    assert_false(local_bearer_fits(T("Bearer "), ABSENT));
}

static void keys_are_taken_as_they_are_or_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", "a//b", "/a", "a/", "...", "a/...", "a/..b", ".a", "a%20b",
            "%C3%A9", "a-._~!$&'()*+,;=:@b"};
    static const char *const bad[] = {".", "..", "a/..", "../a", "a/../b", "a/./b", "./a", "a b", "a\nb",
            "a\x7f", "a\tb", "\xff", "\xc3\xa9", "a?b", "a#b", "a\\..\\b", "%2E%2E", "%2e%2e", "a%2fb", "a%",
            "a%2", "a%zz", "%61"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(local_key_check(T(good[i])));
        assert_ok(local_prefix_check(T(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(local_key_check(T(bad[i])), DEPUTY_E_LOCAL_KEY);
        assert_int_equal(local_prefix_check(T(bad[i])), DEPUTY_E_LOCAL_KEY);
    }
    assert_int_equal(local_key_check(deputy_slice_bytes("a\0b", 3)), DEPUTY_E_LOCAL_KEY);
    assert_int_equal(local_key_check(T("")), DEPUTY_E_LOCAL_KEY);
    assert_ok(local_prefix_check(T("")));
    assert_ok(local_prefix_check(ABSENT));
}

static void keys_have_an_end(void **state)
{
    (void)state;
    char key[LOCAL_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    assert_ok(local_key_check(deputy_slice_bytes(key, LOCAL_KEY_MAX)));
    assert_int_equal(local_key_check(deputy_slice_bytes(key, sizeof key)), DEPUTY_E_LOCAL_KEY);
}

static void spaces_are_short_names(void **state)
{
    (void)state;
    char name[LOCAL_SPACE_MAX + 1];
    static const char *const bad[] = {
            "", "a:b", "a/b", "tinycloud:pkh:eip155:1:" ADDRESS ":applications", "a b", "\xc3\xa9"};
    memset(name, 's', sizeof name);
    assert_ok(local_space_check(ABSENT));
    assert_ok(local_space_check(T("applications")));
    assert_ok(local_space_check(deputy_slice_bytes(name, LOCAL_SPACE_MAX)));
    assert_int_equal(local_space_check(deputy_slice_bytes(name, sizeof name)), DEPUTY_E_LOCAL_SPACE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(local_space_check(T(bad[i])), DEPUTY_E_LOCAL_SPACE);
}

static void limits_are_whole_numbers_of_a_page(void **state)
{
    (void)state;
    static const char *const bad[] = {
            "", "0", "1001", "-1", "1.5", "abc", "10000000000000000000000", "+5", " 5", "0x5"};
    size_t limit;
    assert_ok(local_limit_read(&limit, ABSENT));
    assert_int_equal(limit, LOCAL_LIMIT_DEFAULT);
    assert_ok(local_limit_read(&limit, T("1")));
    assert_int_equal(limit, 1);
    assert_ok(local_limit_read(&limit, T("1000")));
    assert_int_equal(limit, 1000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(local_limit_read(&limit, T(bad[i])), DEPUTY_E_LOCAL_LIMIT);
}

static void sql_is_asked_for_with_the_least_that_it_needs(void **state)
{
    (void)state;
    static const struct {
        const char *body, *ability;
    } cases[] = {
            {"{\"action\":\"query\",\"sql\":\"SELECT 1\"}", "read"},
            {"{\"action\":\"query\",\"sql\":\"DELETE FROM t RETURNING a\"}", "read"},
            {"{\"action\":\"export\"}", "read"},
            {"{\"action\":\"execute\",\"sql\":\"INSERT INTO t VALUES (1)\"}", "write"},
            {"{\"action\":\"execute\",\"sql\":\" /* x */ create table t (a)\"}", "schema"},
            {"{\"action\":\"execute\"}", "write"},
            {"{\"action\":\"batch\",\"statements\":[{\"sql\":\"CREATE TABLE t (a)\"},{\"sql\":\"DROP TABLE "
             "t\"}]}",
                    "schema"},
            {"{\"action\":\"batch\",\"statements\":[{\"sql\":\"CREATE TABLE t (a)\"},{\"sql\":\"DELETE FROM "
             "t\"}]}",
                    "write"},
            {"{\"action\":\"batch\",\"statements\":[]}", "write"},
            {"{\"action\":\"executeStatement\",\"name\":\"n\"}", "write"},
            {"{\"action\":\"execute_statement\",\"name\":\"n\"}", "write"},
    };
    struct deputy_arena *arena = check_arena();
    struct deputy_slice ability;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(local_sql_ability(arena, &ability, T(cases[i].body), ABSENT));
        assert_text(ability, cases[i].ability);
    }
    assert_ok(local_sql_ability(arena, &ability, T(cases[0].body), T("admin")));
    assert_text(ability, "admin");
    deputy_arena_destroy(arena);
}

static void what_is_no_request_of_sql_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "null", "SELECT 1", "{}", "{\"action\":\"drop\"}",
            "{\"action\":1}", "{\"action\":\"query\"", "{\"action\":\"query\",\"action\":\"execute\"}"};
    static const char *const abilities[] = {"", "*", "READ", "tinycloud.sql/read", "readwrite"};
    struct deputy_arena *arena = check_arena();
    struct deputy_slice ability;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(local_sql_ability(arena, &ability, T(bad[i]), ABSENT), DEPUTY_E_LOCAL_SQL);
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++)
        assert_int_equal(local_sql_ability(arena, &ability, T("{\"action\":\"query\"}"), T(abilities[i])),
                DEPUTY_E_LOCAL_ABILITY);
    deputy_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(owner_is_one_however_it_is_written),
            cmocka_unit_test(what_is_no_owner_is_refused),
            cmocka_unit_test(hosts_of_this_machine_are_ours_and_no_other),
            cmocka_unit_test(bearer_fits_whole_or_not),
            cmocka_unit_test(keys_are_taken_as_they_are_or_refused),
            cmocka_unit_test(keys_have_an_end),
            cmocka_unit_test(spaces_are_short_names),
            cmocka_unit_test(limits_are_whole_numbers_of_a_page),
            cmocka_unit_test(sql_is_asked_for_with_the_least_that_it_needs),
            cmocka_unit_test(what_is_no_request_of_sql_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
