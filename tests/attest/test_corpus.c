/* Every case of the generated corpus gets the verdict that it expects: ok, class, status and advisories. */
#include "corpus/corpus.h"
#include <stdio.h>

#define FOLDER "attestation/generated/"

/* The arena of one verdict: no case may need more. */
enum { VERDICT_ARENA_BYTES = DEPUTY_ATTEST_ARENA_BYTES };

/* A platform with its number of cases, so that none can be lost. */
static const struct {
    const char *platform;
    corpus_verify *verify;
    size_t cases;
} platforms[] = {
        {"tdx", corpus_intel, 908},
        {"sgx", corpus_intel, 82},
        {"snp", corpus_snp, 233},
};

struct deputy_attest_cache *corpus_cache;

struct deputy_slice corpus_file(
        struct deputy_arena *arena, const char *folder, const struct json_value *test, const char *member)
{
    char path[256];
    struct deputy_slice name = check_optional_text_of(test, member);
    if (!deputy_slice_present(name))
        return name;
    snprintf(path, sizeof path, "%s%.*s", folder, (int)name.len, (const char *)name.ptr);
    return check_data(arena, path);
}

struct deputy_attest_policy corpus_policy(
        struct deputy_arena *arena, const char *folder, const struct json_value *test)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    assert_ok(
            deputy_attest_policy_parse(arena, &policy, &refusal, corpus_file(arena, folder, test, "policy")));
    return policy;
}

/* Whether the array has the text; an array that is not there has any. */
static bool has(const struct json_value *array, const char *text)
{
    if (array == NULL)
        return true;
    JSON_EACH (item, array)
        if (json_text_is(item, text))
            return true;
    return false;
}

static bool has_just_these_advisories(const struct json_value *array, const struct deputy_attest_tcb *tcb)
{
    size_t count = 0;
    if (array == NULL)
        return true;
    JSON_EACH (item, array) {
        if (count >= tcb->advisory_count || !deputy_slice_equal(item->text, tcb->advisories[count]))
            return false;
        count++;
    }
    return count == tcb->advisory_count;
}

/* Names of what differs; NULL when nothing does. */
static const char *differs(const struct deputy_attest_verdict *v, const struct json_value *expect)
{
    const struct json_value *ok = json_member(expect, "ok");
    if (json_is(ok, JSON_NULL))
        return v->ok || has(json_member(expect, "class_if_refused"), deputy_attest_code_name(v->error))
                       ? NULL
                       : "class of a refusal that may be";
    if (v->ok != json_is(ok, JSON_TRUE))
        return "ok";
    if (!v->ok)
        return has(json_member(expect, "class"), deputy_attest_code_name(v->error)) ? NULL : "class";
    if (v->tcb.status != DEPUTY_ATTEST_NO_STATUS &&
            !has(json_member(expect, "status"), deputy_attest_status_name(v->tcb.status)))
        return "status";
    return has_just_these_advisories(json_member(expect, "advisory_ids"), &v->tcb) ? NULL : "advisory_ids";
}

/* What holds of every verdict, whatever the case expects. */
static const char *is_unsound(const struct deputy_attest_verdict *v)
{
    bool failed = false;
    for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_COUNT; i++)
        failed |= v->checks[i].state == DEPUTY_ATTEST_FAIL;
    if (v->ok == failed || v->ok == (v->error != DEPUTY_ATTEST_OK))
        return "ok is not what the checks say";
    if (v->ok && v->tcb.status == DEPUTY_ATTEST_STATUS_REVOKED)
        return "a revoked platform passes";
    return NULL;
}

static bool run(corpus_verify *verify, const struct json_value *test)
{
    struct deputy_arena *arena;
    struct deputy_slice json;
    struct deputy_attest_verdict v;
    assert_ok(deputy_arena_create(&arena, VERDICT_ARENA_BYTES));
    verify(arena, &v, FOLDER, test);
    const char *wrong = differs(&v, json_member(test, "expect"));
    if (wrong == NULL)
        wrong = is_unsound(&v);
    assert_ok(deputy_attest_verdict_json(arena, &json, &v));
    if (wrong != NULL)
        print_error("%.*s: %s\n  expected %.*s\n  got %.*s\n", (int)check_text_of(test, "name").len,
                (const char *)check_text_of(test, "name").ptr, wrong,
                (int)json_member(test, "expect")->raw.len, (const char *)json_member(test, "expect")->raw.ptr,
                (int)json.len, (const char *)json.ptr);
    deputy_arena_destroy(arena);
    return wrong == NULL;
}

static void every_case_of_the_corpus_gets_its_verdict(void **state)
{
    const struct json_value *index;
    size_t wrong = 0;
    assert_ok(json_parse(*state, &index, check_data(*state, FOLDER "index.json")));
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        size_t cases = 0;
        JSON_EACH (test, json_member(index, "cases")) {
            if (!json_text_is(json_member(test, "platform"), platforms[i].platform))
                continue;
            cases++;
            wrong += !run(platforms[i].verify, test);
        }
        assert_int_equal(cases, platforms[i].cases);
    }
    assert_int_equal(wrong, 0);
}

/* One cache for all cases, good and bad: what one case leaves there must not help another. */
static void every_case_gets_its_verdict_beside_signatures_that_were_verified_before(void **state)
{
    assert_ok(deputy_attest_cache_create(&corpus_cache));
    every_case_of_the_corpus_gets_its_verdict(state);
    deputy_attest_cache_destroy(corpus_cache);
    corpus_cache = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_case_of_the_corpus_gets_its_verdict),
            ARENA_TEST(every_case_gets_its_verdict_beside_signatures_that_were_verified_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + corpus_traps();
}
