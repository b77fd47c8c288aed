#include "support/vectors.h"
#include <deputy/ability.h>

enum { MAX_NAMES = 64 };

static void vectors_of_the_syntax(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ability_syntax")) {
        if (json_member(vector, "valid") == NULL)
            continue;
        struct deputy_slice input = check_text_of(vector, "input");
        enum deputy_error expected = check_bool_of(vector, "valid") ? DEPUTY_OK : DEPUTY_E_ABILITY;
        if (deputy_ability_parse(NULL, NULL, input) != expected)
            fail_msg("%.*s", (int)input.len, (const char *)input.ptr);
    }
}

static void ability_is_split_at_its_slash(void **state)
{
    (void)state;
    struct deputy_slice space, name;
    assert_ok(deputy_ability_parse(&space, &name, T("tinycloud.sql/*")));
    assert_text(space, "tinycloud.sql");
    assert_text(name, "*");
}

/* Exactly the bytes of spec/01 section 3.1 may stand on either side of the one slash. */
static void every_byte_in_every_place_is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        bool allowed =
                byte != 0 && byte < 128 &&
                strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+*", (int)byte);
        for (size_t at = 0; at < 5; at++) {
            uint8_t text[] = {'a', 'b', '/', 'c', 'd'};
            text[at] = (uint8_t)byte;
            bool valid = at == 2 ? byte == '/' : allowed;
            enum deputy_error expected = valid ? DEPUTY_OK : DEPUTY_E_ABILITY;
            assert_int_equal(deputy_ability_parse(NULL, NULL, deputy_slice_bytes(text, 5)), expected);
        }
    }
}

static void ability_without_slash_or_with_two_or_with_an_empty_side_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
            "", "/", "a", "a/", "/a", "a//b", "a/b/", "/a/b", "a/b/c", "\xc3\xa9/a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(deputy_ability_parse(NULL, NULL, T(bad[i])), DEPUTY_E_ABILITY);
}

static void vectors_of_the_match(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ability_matches")) {
        struct deputy_slice held = check_text_of(vector, "held"),
                            required = check_text_of(vector, "required");
        assert_int_equal(deputy_ability_matches(held, required), check_bool_of(vector, "matches"));
    }
}

static void the_registry_is_the_published_one(void **state)
{
    const struct json_value *registry = check_vectors(*state, "tokens.json", "capability_registry");
    assert_int_equal(registry->count, 38);
    JSON_EACH (entry, registry) {
        const struct json_value *status = json_member(entry, "status");
        struct deputy_slice name = check_text_of(entry, "name"), canonical, alias = name;
        enum deputy_ability_status actual = deputy_ability_status(&canonical, name);
        if (json_text_is(status, "deprecated-alias"))
            alias = check_text_of(entry, "aliasOf");
        assert_int_equal(actual, json_text_is(status, "active")     ? DEPUTY_ABILITY_ACTIVE
                                 : json_text_is(status, "reserved") ? DEPUTY_ABILITY_RESERVED
                                                                    : DEPUTY_ABILITY_ALIAS);
        assert_slice(canonical, alias);
    }
}

static void an_ability_that_is_not_registered_is_unknown_and_stands_for_itself(void **state)
{
    (void)state;
    static const char *const names[] = {"tinycloud.kv/*", "tinycloud.kv/gett", "tinycloud.kv/ge",
            "Tinycloud.kv/get", "tinycloud.delegation/revoke", "tinycloud.sql/ddl", "*", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct deputy_slice canonical;
        assert_int_equal(deputy_ability_status(&canonical, T(names[i])), DEPUTY_ABILITY_UNKNOWN);
        assert_text(canonical, names[i]);
        assert_int_equal(deputy_ability_status(NULL, T(names[i])), DEPUTY_ABILITY_UNKNOWN);
    }
}

/* The rule of spec/01 section 3.3, word for word, over the published registry. */
static const struct json_value *entry_of(const struct json_value *registry, struct deputy_slice name)
{
    JSON_EACH (entry, registry)
        if (deputy_slice_equal(check_text_of(entry, "name"), name))
            return entry;
    return NULL;
}

static struct deputy_slice resolve(const struct json_value *registry, struct deputy_slice name)
{
    const struct json_value *alias = json_member(entry_of(registry, name), "aliasOf");
    return alias != NULL ? alias->text : name;
}

static bool closure_holds(
        const struct json_value *registry, struct deputy_slice held, struct deputy_slice required)
{
    struct deputy_slice stack[MAX_NAMES] = {held}, closure[MAX_NAMES];
    size_t waiting = 1, found = 0;
    while (waiting > 0) {
        struct deputy_slice name = resolve(registry, stack[--waiting]);
        bool known = false;
        for (size_t i = 0; i < found; i++)
            known = known || deputy_slice_equal(closure[i], name);
        if (known)
            continue;
        closure[found++] = name;
        const struct json_value *implied = json_member(entry_of(registry, name), "implies");
        for (const struct json_value *next = implied != NULL ? implied->first : NULL; next; next = next->next)
            stack[waiting++] = next->text;
    }
    for (size_t i = 0; i < found; i++)
        if (deputy_slice_equal(closure[i], resolve(registry, required)))
            return true;
    return false;
}

static void D36_to_D44_every_pair_of_abilities_matches_as_the_closure_says(void **state)
{
    static const char *const unknown[] = {"tinycloud.kv/*", "tinycloud.sql/ddl", "tinycloud.KV/get",
            "tinycloud.kv/GET", "tinycloud.delegation/revoke", "tinycloud.vfs/*", "tinycloud.*/get", "*/*",
            "tinycloud.duckdb/select*", "tinycloud.sql/rea", "tinycloud.sql/reads"};
    const struct json_value *registry = check_vectors(*state, "tokens.json", "capability_registry");
    struct deputy_slice names[MAX_NAMES];
    size_t count = 0, matches = 0;
    JSON_EACH (entry, registry)
        names[count++] = check_text_of(entry, "name");
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        names[count++] = T(unknown[i]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            bool expected = closure_holds(registry, names[i], names[j]);
            if (deputy_ability_matches(names[i], names[j]) != expected)
                fail_msg("%.*s / %.*s", (int)names[i].len, (const char *)names[i].ptr, (int)names[j].len,
                        (const char *)names[j].ptr);
            matches += expected;
        }
    }
    assert_true(matches > count && matches < 2 * count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(vectors_of_the_syntax),
            ARENA_TEST(ability_is_split_at_its_slash),
            ARENA_TEST(every_byte_in_every_place_is_judged),
            ARENA_TEST(ability_without_slash_or_with_two_or_with_an_empty_side_is_refused),
            ARENA_TEST(vectors_of_the_match),
            ARENA_TEST(the_registry_is_the_published_one),
            ARENA_TEST(an_ability_that_is_not_registered_is_unknown_and_stands_for_itself),
            ARENA_TEST(D36_to_D44_every_pair_of_abilities_matches_as_the_closure_says),
    };
    return cmocka_run_group_tests_name("token.ability", tests, NULL, NULL);
}
