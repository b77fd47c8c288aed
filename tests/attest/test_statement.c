/* spec/08 section 2.2: what evidence is bound to is the digest of a statement's exact bytes. */
#include "attest/statement.h"
#include "attest/verdict.h"
#include "support/hex.h"
#include "support/vectors.h"

#define NONCE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* The worked example of the specification. */
static const char example[] =
        "{\"aud\":\"https://"
        "app.example\",\"did\":\"did:pkh:eip155:1:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\","
        "\"exp\":1785600300,\"iat\":1785600000,"
        "\"key\":\"did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw\",\"nonce\":\"" NONCE
        "\",\"v\":1}";
#define EXAMPLE_DATA                                                                                         \
    "a6a8261a6a500a2699f6f93d3c75270cdaba0d95c0fc93848088ea572c98972f22abfb3f8d0853403a7913408e6bec25c293c2" \
    "6417aa3c382ec68585a5f88cef"

struct asked {
    const char *statement;
    const char *bound; /* the statement that the evidence was made for; NULL: the same */
    const char *nonce;
    const char *audience;
    bool nonce_optional;
    int64_t now;
};

static struct deputy_attest_verdict judged(struct deputy_arena *arena, const struct asked *asked)
{
    struct deputy_attest_verdict v;
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    uint8_t data[DEPUTY_ATTEST_REPORT_DATA_BYTES] = {0};
    struct deputy_attest_evidence evidence = {.quote = {0}};
    struct deputy_attest_question question = {.policy = &policy, .now = {.sec = asked->now}};
    if (asked->statement != NULL) {
        evidence.statement = T(asked->statement);
        deputy_attest_report_data(data, T(asked->bound != NULL ? asked->bound : asked->statement));
    }
    if (asked->nonce != NULL)
        question.nonce = T(asked->nonce);
    if (asked->audience != NULL)
        policy.audience = T(asked->audience);
    policy.require_nonce = !asked->nonce_optional;
    verdict_begin(&v, DEPUTY_ATTEST_TDX, asked->now);
    enum deputy_error error =
            statement_judge(arena, &v, deputy_slice_bytes(data, sizeof data), &evidence, &question);
    assert_int_equal(error == DEPUTY_OK, !verdict_failed(&v, CHECK(REPORT_DATA)));
    return v;
}

static void the_worked_example_has_its_report_data(void **state)
{
    uint8_t data[DEPUTY_ATTEST_REPORT_DATA_BYTES];
    (void)state;
    assert_int_equal(strlen(example), 277);
    deputy_attest_report_data(data, T(example));
    assert_hex(data, sizeof data, EXAMPLE_DATA);
}

static void a_statement_of_its_time_with_the_nonce_is_fresh(void **state)
{
    struct asked asked = {
            .statement = example, .nonce = NONCE, .audience = "https://app.example", .now = 1785600100};
    struct deputy_attest_verdict v = judged(*state, &asked);
    assert_int_equal(v.checks[CHECK(REPORT_DATA)].state, DEPUTY_ATTEST_PASS);
    assert_true(v.fresh);
    assert_text(v.binding.aud, "https://app.example");
    assert_text(v.binding.nonce, NONCE);
    assert_int_equal(v.binding.exp, 1785600300);
}

#define STATEMENT(members) "{\"did\":\"did:key:z6Mk\"," members "\"v\":1}"

static void statements_are_refused_for_one_reason_each(void **state)
{
    static const char plain[] = STATEMENT("\"exp\":1000,\"iat\":900,\"nonce\":\"" NONCE "\",");
    static const struct {
        struct asked asked;
        enum deputy_attest_code code;
    } rows[] = {
            {{.statement = plain, .bound = example, .nonce = NONCE, .now = 950}, CODE(REPORT_DATA)},
            {{.statement = plain, .nonce = "00", .now = 950}, CODE(NONCE)},
            {{.statement = STATEMENT("\"exp\":1000,\"iat\":900,"), .nonce = NONCE, .now = 950}, CODE(NONCE)},
            /* an empty nonce is none, and so is an empty audience: a variable that was not set, say */
            {{.statement = STATEMENT("\"exp\":1000,\"iat\":900,"), .nonce = "", .now = 950}, CODE(NONCE)},
            {{.statement = STATEMENT("\"exp\":1000,\"iat\":900,"),
                     .nonce = "",
                     .nonce_optional = true,
                     .now = 950},
                    CODE(NONCE)},
            {{.statement = plain, .nonce = "", .now = 950}, CODE(NONCE)},
            {{.nonce = "", .now = 950, .nonce_optional = true}, CODE(NONCE)},
            {{.statement = plain, .nonce = NONCE, .audience = "", .now = 950}, CODE(STATEMENT)},
            /* a nonce that nobody asked for shows nothing */
            {{.statement = plain, .now = 950}, CODE(NONCE)},
            {{.now = 950}, CODE(NONCE)},
            {{.nonce = NONCE, .now = 950, .nonce_optional = true}, CODE(NONCE)},
            {{.statement = plain, .nonce = NONCE, .audience = "https://app.example", .now = 950},
                    CODE(STATEMENT)},
            {{.statement = plain, .nonce = NONCE, .now = 839}, CODE(STATEMENT)},
            {{.statement = plain, .nonce = NONCE, .now = 1001}, CODE(STATEMENT)},
            {{.statement = STATEMENT("\"exp\":1501,\"iat\":900,\"nonce\":\"" NONCE "\","),
                     .nonce = NONCE,
                     .now = 950},
                    CODE(STATEMENT)},
            {{.statement = STATEMENT("\"exp\":899,\"iat\":900,\"nonce\":\"" NONCE "\","),
                     .nonce = NONCE,
                     .now = 880},
                    CODE(STATEMENT)},
            {{.statement = STATEMENT("\"exp\":1000,\"nonce\":\"" NONCE "\","), .nonce = NONCE, .now = 950},
                    CODE(STATEMENT)},
            {{.statement = STATEMENT("\"exp\":1000,\"iat\":900,\"nonce\":\"AA\","),
                     .nonce = "AA",
                     .now = 950},
                    CODE(STATEMENT)},
            {{.statement = STATEMENT("\"aud\":\"\",\"exp\":1000,\"iat\":900,"),
                     .nonce_optional = true,
                     .now = 950},
                    CODE(STATEMENT)},
            {{.statement = "{\"did\":\"d\",\"exp\":1000,\"iat\":900,\"v\":2}",
                     .nonce_optional = true,
                     .now = 950},
                    CODE(STATEMENT)},
            {{.statement = "{\"exp\":1000,\"iat\":900,\"v\":1}", .nonce_optional = true, .now = 950},
                    CODE(STATEMENT)},
            {{.statement = "[]", .nonce_optional = true, .now = 950}, CODE(STATEMENT)},
            {{.statement = "", .nonce_optional = true, .now = 950}, CODE(STATEMENT)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_attest_verdict v = judged(*state, &rows[i].asked);
        assert_int_equal(v.checks[CHECK(REPORT_DATA)].code, rows[i].code);
        assert_false(v.fresh && v.error == CODE(NONCE));
    }
}

static void times_are_inclusive_and_clocks_may_differ_by_a_minute(void **state)
{
    static const char plain[] = STATEMENT("\"exp\":1000,\"iat\":900,\"nonce\":\"" NONCE "\",");
    static const int64_t good[] = {840, 900, 1000};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct asked asked = {.statement = plain, .nonce = NONCE, .now = good[i]};
        struct deputy_attest_verdict v = judged(*state, &asked);
        assert_int_equal(v.checks[CHECK(REPORT_DATA)].state, DEPUTY_ATTEST_PASS);
    }
}

static void unknown_members_are_hashed_and_ignored(void **state)
{
    struct asked asked = {
            .statement = STATEMENT("\"exp\":1000,\"iat\":900,\"nonce\":\"" NONCE "\",\"more\":[1],"),
            .nonce = NONCE,
            .now = 950};
    struct deputy_attest_verdict v = judged(*state, &asked);
    assert_true(v.fresh);
}

static void evidence_without_a_nonce_passes_only_where_the_policy_says_so_and_is_not_fresh(void **state)
{
    struct asked asked = {
            .statement = STATEMENT("\"exp\":1000,\"iat\":900,"), .nonce_optional = true, .now = 950};
    struct deputy_attest_verdict v = judged(*state, &asked);
    assert_int_equal(v.checks[CHECK(REPORT_DATA)].state, DEPUTY_ATTEST_PASS);
    assert_false(v.fresh);
    struct asked nothing = {.nonce_optional = true, .now = 950};
    v = judged(*state, &nothing);
    assert_int_equal(v.checks[CHECK(REPORT_DATA)].state, DEPUTY_ATTEST_SKIPPED);
}

/* ---- making one ---- */

static struct deputy_attest_binding stated(void)
{
    return (struct deputy_attest_binding){
            .did = T("did:pkh:eip155:1:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            .key = T("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"),
            .aud = T("https://app.example"),
            .nonce = T(NONCE),
            .iat = 1785600000,
            .exp = 1785600300};
}

static void the_worked_example_is_written_to_the_byte(void **state)
{
    struct deputy_attest_binding binding = stated();
    struct deputy_slice text;
    assert_ok(statement_write(*state, &text, &binding));
    assert_text(text, example);
    binding = (struct deputy_attest_binding){.did = T("d"), .purpose = T("grant"), .exp = 600};
    assert_ok(statement_write(*state, &text, &binding));
    assert_text(text, "{\"did\":\"d\",\"exp\":600,\"iat\":0,\"purpose\":\"grant\",\"v\":1}");
}

static void what_no_verifier_takes_is_not_written(void **state)
{
    static const char letters[DEPUTY_ATTEST_STATEMENT_MAX] = {'a'};
    struct deputy_slice text;
    const struct {
        struct deputy_slice did, aud, nonce;
        int64_t iat, exp;
    } rows[] = {
            {{0}, {0}, {0}, 0, 600},
            {T(""), {0}, {0}, 0, 600},
            {T("\xff"), {0}, {0}, 0, 600},
            {T("d"), T(""), {0}, 0, 600},
            {T("d"), {0}, {0}, 0, 601},
            {T("d"), {0}, {0}, 1, 0},
            {T("d"), {0}, {0}, -1, 0},
            {T("d"), {0}, T(""), 0, 600},
            {T("d"), {0}, T("00112233445566778899aabbccddee"), 0, 600},
            {T("d"), {0}, T("00112233445566778899aabbccddeeff0"), 0, 600},
            {T("d"), {0}, T("00112233445566778899AABBCCDDEEFF"), 0, 600},
            {T("d"), {0}, T(NONCE NONCE "00"), 0, 600},
            {deputy_slice_bytes(letters, sizeof letters), {0}, {0}, 0, 600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct deputy_attest_binding binding = {.did = rows[i].did,
                .aud = rows[i].aud,
                .nonce = rows[i].nonce,
                .iat = rows[i].iat,
                .exp = rows[i].exp};
        assert_int_equal(statement_write(*state, &text, &binding), DEPUTY_E_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_worked_example_has_its_report_data),
            ARENA_TEST(the_worked_example_is_written_to_the_byte),
            ARENA_TEST(what_no_verifier_takes_is_not_written),
            ARENA_TEST(a_statement_of_its_time_with_the_nonce_is_fresh),
            ARENA_TEST(statements_are_refused_for_one_reason_each),
            ARENA_TEST(times_are_inclusive_and_clocks_may_differ_by_a_minute),
            ARENA_TEST(unknown_members_are_hashed_and_ignored),
            ARENA_TEST(evidence_without_a_nonce_passes_only_where_the_policy_says_so_and_is_not_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
