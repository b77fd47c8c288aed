/* What `deputy inspect` makes of good, bad and senseless input. */
#include "cli/run.h"
#include "support/issuer.h"
#include "support/prng.h"
#include "support/vectors.h"
#include <stdlib.h>

#define AT "--at", "2026-07-10T12:00:00Z" /* ISSUER_NOW */

/* ---- helpers ---- */

/* The finding of that code must be there, or must not. */
static bool has_finding(struct deputy_arena *arena, const struct run *run, const char *code)
{
    const struct json_value *findings = json_member(run_json(arena, run), "findings");
    assert_true(json_is(findings, JSON_ARRAY));
    JSON_EACH (finding, findings) {
        if (json_text_is(json_member(finding, "code"), code))
            return true;
    }
    return false;
}

static void check_found(
        struct deputy_arena *arena, const struct run *run, int code, const char *finding, int line)
{
    _assert_true(run->code == code, "the exit code", __FILE__, line);
    if (finding != NULL)
        _assert_true(has_finding(arena, run, finding), finding, __FILE__, line);
}
#define assert_found(arena, run, code, finding) check_found((arena), (run), (code), (finding), __LINE__)

static void check_verdict(struct deputy_arena *arena, const struct run *run, const char *verdict, int line)
{
    struct deputy_slice text = check_text_of(run_json(arena, run), "verdict");
    check_slice(text, T(verdict), __FILE__, line);
}
#define assert_verdict(arena, run, verdict) check_verdict((arena), (run), (verdict), __LINE__)

static struct run inspect(struct deputy_arena *arena, struct deputy_slice input)
{
    return RUN(arena, input, "--json", "inspect", AT);
}

/* A file with a token's stored bytes; the name lives in the arena. */
static const char *token_file(struct issuer *issuer, const struct deputy_token *token)
{
    char *name = (char *)arena_alloc(issuer->arena, 64);
    assert_non_null(name);
    snprintf(name, 64, "/tmp/deputy-inspect-XXXXXX");
    int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(write(file, token->bytes.ptr, token->bytes.len), (ssize_t)token->bytes.len);
    close(file);
    return name;
}

static struct run inspect_under(
        struct issuer *issuer, const struct deputy_token *token, const struct deputy_token *proof)
{
    const char *name = token_file(issuer, proof);
    struct run run = RUN(issuer->arena, token->bytes, "--json", "inspect", AT, "--proof", name);
    unlink(name);
    return run;
}

static struct deputy_slice copy(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_slice out;
    assert_ok(arena_copy(arena, &out, text));
    return out;
}

/* ---- recorded tokens ---- */

static void every_recorded_token_is_read(void **state)
{
    struct deputy_arena *arena = *state;
    JSON_EACH (vector, check_vectors(arena, "tokens.json", "ucan")) {
        struct run run = inspect(arena, check_text_of(vector, "token"));
        assert_true(run.code == CLI_YES || run.code == CLI_NO);
        const struct json_value *token = json_member(run_json(arena, &run), "token");
        assert_slice(check_text_of(token, "cid"), check_text_of(vector, "cid"));
        assert_true(check_bool_of(token, "signature"));
        assert_true(RUN(arena, check_text_of(vector, "token"), "inspect", AT).code == run.code);
    }
}

static void a_changed_signature_is_found(void **state)
{
    struct deputy_arena *arena = *state;
    JSON_EACH (vector, check_vectors(arena, "tokens.json", "ucan")) {
        struct deputy_slice text = copy(arena, check_text_of(vector, "token"));
        uint8_t *letter = (uint8_t *)(uintptr_t)&text.ptr[text.len - 20];
        *letter = *letter == 'A' ? 'B' : 'A';
        struct run run = inspect(arena, text);
        assert_found(arena, &run, CLI_NO, "signature");
    }
}

static void what_is_no_token_says_why(void **state)
{
    struct deputy_arena *arena = *state;
    JSON_EACH (vector, check_vectors(arena, "tokens.json", "ucan_reject")) {
        struct run run = inspect(arena, check_text_of(vector, "token"));
        assert_int_equal(run.code, CLI_UNUSABLE);
        assert_true(check_text_of(run_json(arena, &run), "error").len > 0);
    }
}

static void a_sign_in_is_read_in_every_form(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *vector = check_vectors(arena, "tokens.json", "cacao")->first;
    struct deputy_slice header = check_text_of(vector, "authorizationHeader");
    struct run run = inspect(arena, header);
    assert_found(arena, &run, CLI_YES, NULL);
    assert_verdict(arena, &run, "admitted");
    char line[8192];
    int length = snprintf(line, sizeof line, "AUTHORIZATION:  bearer %.*s\n", (int)header.len, header.ptr);
    run = inspect(arena, deputy_slice_bytes(line, (size_t)length));
    assert_found(arena, &run, CLI_YES, "bearer");
    run = RUN(arena, T(""), "--json", "inspect", AT, line);
    assert_int_equal(run.code, CLI_YES);
    run = inspect(arena, deputy_slice_bytes(header.ptr, header.len - 4));
    assert_int_equal(run.code, CLI_UNUSABLE);
}

static void messages_are_read_and_wrong_ones_refused(void **state)
{
    struct deputy_arena *arena = *state;
    JSON_EACH (good, check_vectors(arena, "tokens.json", "siwe_parse_ok")) {
        struct run run = inspect(arena, check_text_of(good, "message"));
        assert_found(arena, &run, CLI_YES, "unsigned");
    }
    JSON_EACH (bad, check_vectors(arena, "tokens.json", "siwe_parse_fail"))
        assert_int_equal(inspect(arena, check_text_of(bad, "message")).code, CLI_UNUSABLE);
}

static void a_message_that_says_less_than_it_grants_is_wrong(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *vector = check_vectors(arena, "tokens.json", "cacao")->first;
    struct deputy_slice text = copy(arena, check_text_of(vector, "siweMessage"));
    struct run run = inspect(arena, text);
    assert_found(arena, &run, CLI_YES, "unsigned");
    uint8_t *letters = (uint8_t *)(uintptr_t)run_find(text, "'read'");
    assert_non_null(letters);
    memcpy(letters, "'list'", 6);
    run = inspect(arena, text);
    assert_found(arena, &run, CLI_NO, "recap-statement");
}

/* ---- chains ---- */

static const struct deputy_token *sign_in_of(struct issuer *issuer)
{
    return issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O,
                                             .to = ISSUER_S,
                                             .cacao = true,
                                             .caps = CAPS({"SP/kv/notes/", "tinycloud.kv/get", NULL})});
}

static void a_chain_that_is_shown_is_judged(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = sign_in_of(issuer);
    const struct deputy_token *child =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL}),
                                              .proofs = {root}});
    struct run run = inspect(issuer->arena, child->bytes);
    assert_found(issuer->arena, &run, CLI_YES, "proof-not-shown");
    assert_verdict(issuer->arena, &run, "not-judged");
    run = inspect_under(issuer, child, root);
    assert_found(issuer->arena, &run, CLI_YES, NULL);
    assert_verdict(issuer->arena, &run, "admitted");
}

static void an_invocation_is_judged_as_one(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = sign_in_of(issuer);
    const struct deputy_token *inside =
            issuer_invocation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL}),
                                              .proofs = {root}});
    struct run run = inspect_under(issuer, inside, root);
    assert_found(issuer->arena, &run, CLI_YES, NULL);
    assert_verdict(issuer->arena, &run, "admitted");
    assert_text(check_text_of(run_json(issuer->arena, &run), "use"), "invocation");
    const struct deputy_token *outside =
            issuer_invocation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/put", NULL}),
                                              .proofs = {root}});
    run = inspect_under(issuer, outside, root);
    assert_found(issuer->arena, &run, CLI_NO, "wider-than-proof");
    assert_found(issuer->arena, &run, CLI_NO, "unauthorized-action");
    assert_verdict(issuer->arena, &run, "refused");
}

static void a_child_wider_than_its_proof_is_wrong(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = sign_in_of(issuer);
    const struct deputy_token *child =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/other", "tinycloud.kv/get", NULL}),
                                              .proofs = {root}});
    struct run run = inspect_under(issuer, child, root);
    assert_found(issuer->arena, &run, CLI_NO, "wider-than-proof");
    assert_found(issuer->arena, &run, CLI_NO, "unauthorized-capability");
}

static void a_child_that_outlives_its_proof_is_wrong(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = sign_in_of(issuer);
    const struct deputy_token *child =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL}),
                                              .proofs = {root},
                                              .expiry = (double)ISSUER_T1 + 60});
    struct run run = inspect_under(issuer, child, root);
    assert_found(issuer->arena, &run, CLI_NO, "outlives-proof");
    assert_found(issuer->arena, &run, CLI_NO, "expiry-exceeds-parent");
}

static void a_proof_given_to_somebody_else_is_wrong(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = sign_in_of(issuer);
    const struct deputy_token *child =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_X,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL}),
                                              .proofs = {root}});
    struct run run = inspect_under(issuer, child, root);
    assert_found(issuer->arena, &run, CLI_NO, "not-the-holder");
    assert_found(issuer->arena, &run, CLI_NO, "unauthorized-delegator");
}

static void a_grant_of_what_is_not_ones_own_cannot_be_rooted(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_X,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL})});
    struct run run = inspect(issuer->arena, token->bytes);
    assert_found(issuer->arena, &run, CLI_NO, "cannot-be-rooted");
    assert_found(issuer->arena, &run, CLI_NO, "missing-parents");
}

static void a_forged_proof_is_never_judged_by(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_K,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/", "tinycloud.kv/get", NULL})});
    struct deputy_slice text = copy(issuer->arena, root->bytes);
    uint8_t *letter = (uint8_t *)(uintptr_t)&text.ptr[text.len - 20];
    *letter = *letter == 'A' ? 'B' : 'A';
    const struct deputy_token *forged;
    assert_ok(deputy_token_parse(issuer->arena, &forged, DEPUTY_TOKEN_DELEGATION, text));
    const struct deputy_token *child =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_S,
                                              .to = ISSUER_B,
                                              .caps = CAPS({"SP/kv/notes/a", "tinycloud.kv/get", NULL}),
                                              .proofs = {forged}});
    struct run run = inspect_under(issuer, child, forged);
    assert_found(issuer->arena, &run, CLI_NO, "proof-signature");
    assert_verdict(issuer->arena, &run, "not-judged");
}

static void ends_and_beginnings_are_looked_at(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/", "tinycloud.kv/get", NULL}),
                                              .not_before = (double)ISSUER_NOW + 3600});
    struct run run = inspect(issuer->arena, token->bytes);
    assert_found(issuer->arena, &run, CLI_NO, "not-yet-valid");
    run = RUN(issuer->arena, token->bytes, "--json", "inspect", "--at", "2026-07-10T14:00:00Z");
    assert_found(issuer->arena, &run, CLI_YES, NULL);
    run = RUN(issuer->arena, token->bytes, "--json", "inspect", "--at", "2026-08-01T00:00:00Z");
    assert_found(issuer->arena, &run, CLI_NO, "expired");
    run = RUN(issuer->arena, token->bytes, "inspect", "--at", "2026-07-10T14:00:00Z");
    assert_true(run_says(run.out, "2026-07-11 12:00:00 UTC, in 22 hours"));
}

static void slips_are_pointed_out(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/", "tinycloud.kv/gett", NULL},
                                                      {"SP/kv/notes/", "tinycloud.kv/delete", NULL})});
    struct run run = inspect(issuer->arena, token->bytes);
    assert_found(issuer->arena, &run, CLI_YES, "unknown-ability");
    assert_found(issuer->arena, &run, CLI_YES, "alias");
    token = issuer_delegation(issuer,
            (struct issuer_plan){
                    .by = ISSUER_O, .to = ISSUER_S, .caps = CAPS({"SP/kv/%61", "tinycloud.kv/get", NULL})});
    run = inspect(issuer->arena, token->bytes);
    assert_found(issuer->arena, &run, CLI_NO, "resource");
}

static void a_revocation_is_judged_with_its_target(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *target = sign_in_of(issuer);
    const char *resource = issuer_text(issuer, "urn:cid:{cid}", target);
    const struct deputy_token *by_owner =
            issuer_revocation(issuer, (struct issuer_plan){.by = ISSUER_O,
                                              .to = ISSUER_O,
                                              .caps = CAPS({resource, "tinycloud.delegation/revoke", NULL})});
    struct run run = inspect(issuer->arena, by_owner->bytes);
    assert_found(issuer->arena, &run, CLI_YES, "target-not-shown");
    run = inspect_under(issuer, by_owner, target);
    assert_found(issuer->arena, &run, CLI_YES, NULL);
    assert_verdict(issuer->arena, &run, "admitted");
    const struct deputy_token *by_stranger =
            issuer_revocation(issuer, (struct issuer_plan){.by = ISSUER_X,
                                              .to = ISSUER_X,
                                              .caps = CAPS({resource, "tinycloud.delegation/revoke", NULL})});
    run = inspect_under(issuer, by_stranger, target);
    assert_found(issuer->arena, &run, CLI_NO, "unauthorized-revoker");
}

static void a_wallet_revokes_by_a_message(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *target = sign_in_of(issuer);
    const struct deputy_token *by_owner = issuer_revocation(issuer,
            (struct issuer_plan){
                    .by = ISSUER_O, .cacao = true, .audience = issuer_text(issuer, "ucan:{cid}", target)});
    struct deputy_slice bytes = by_owner->bytes;
    struct run run = inspect_under(issuer, by_owner, target);
    assert_found(issuer->arena, &run, CLI_YES, NULL);
    assert_verdict(issuer->arena, &run, "admitted");
    run = RUN(issuer->arena, bytes, "inspect", AT, "--use", "revocation");
    assert_int_equal(run.code, CLI_YES);
    assert_true(run_says(run.out, "A revocation"));
}

/* ---- hostile input ---- */

static void no_letter_of_the_input_steers_the_terminal(void **state)
{
    struct issuer *issuer = *state;
    /* U+009B, a control sequence in one character, and an override of the direction of text */
    const struct deputy_token *token =
            issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O,
                                              .to = ISSUER_S,
                                              .caps = CAPS({"SP/kv/notes/", "tinycloud.kv/get", NULL}),
                                              .facts = "[{\"x\":\"\xc2\x9b"
                                                       "31m\xe2\x80\xae\\u001b[2J\"}]"});
    struct run run = RUN(issuer->arena, token->bytes, "inspect", AT);
    assert_true(run_says(run.out, "?31m?"));
    struct run json = inspect(issuer->arena, token->bytes);
    assert_true(run_says(json.out, "\\u009b31m\\u202e"));
    for (size_t i = 0; i < run.out.len; i++)
        assert_true(run.out.ptr[i] == '\n' || (run.out.ptr[i] >= ' ' && run.out.ptr[i] < 0x7f));
    for (size_t i = 0; i < json.out.len; i++)
        assert_true(json.out.ptr[i] == '\n' || (json.out.ptr[i] >= ' ' && json.out.ptr[i] < 0x7f));
    run = RUN(issuer->arena, T("\033[2J"), "inspect");
    assert_int_equal(run.code, CLI_UNUSABLE);
    assert_false(run_says(run.err, "\033"));
}

static void every_beginning_of_a_token_is_nothing(void **state)
{
    struct deputy_arena *arena = *state;
    const struct json_value *vector = check_vectors(arena, "tokens.json", "cacao")->first;
    struct deputy_slice header = check_text_of(vector, "authorizationHeader");
    for (size_t len = 0; len < header.len; len += 13)
        assert_int_equal(inspect(arena, deputy_slice_bytes(header.ptr, len)).code, CLI_UNUSABLE);
}

/* One letter changed anywhere: never good, never a crash, always readable JSON. */
static void every_changed_letter_is_noticed(void **state)
{
    struct deputy_arena *arena = *state;
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    struct prng prng = {.state = 11};
    const struct deputy_slice inputs[] = {
            check_text_of(check_vectors(arena, "tokens.json", "cacao")->first, "authorizationHeader"),
            check_text_of(check_vectors(arena, "tokens.json", "ucan")->first, "token")};
    for (size_t i = 0; i < 300; i++) {
        struct deputy_slice text = copy(arena, inputs[i % 2]);
        uint8_t *letter = (uint8_t *)(uintptr_t)&text.ptr[prng_below(&prng, text.len)];
        uint8_t other = (uint8_t)letters[prng_below(&prng, sizeof letters - 1)];
        *letter = other == *letter ? '~' : other;
        struct run run = inspect(arena, text);
        assert_true(run.code == CLI_NO || run.code == CLI_UNUSABLE);
        assert_true(json_is(run_json(arena, &run), JSON_OBJECT));
    }
}

static void senseless_input_is_nothing(void **state)
{
    struct deputy_arena *arena = *state;
    static const char *const inputs[] = {"", " \n", "{}", "[]", "[[]]", "{\"delegationHeader\":{}}", "..",
            "a.b.c", "{\"format\":\"listen.delegation-bundle\",\"delegations\":[]}", "Bearer ",
            "Authorization:", "null", "\xa0", "\xff\xfe", "{\"delegationHeader\":{\"Authorization\":\"x\"}}"};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        assert_int_equal(inspect(arena, T(inputs[i])).code, CLI_UNUSABLE);
    struct prng prng = {.state = 7};
    uint8_t bytes[64];
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)prng_next(&prng);
        assert_int_equal(inspect(arena, deputy_slice_bytes(bytes, sizeof bytes)).code, CLI_UNUSABLE);
    }
}

static void wrong_usage_is_said(void **state)
{
    struct deputy_arena *arena = *state;
    assert_int_equal(RUN(arena, T(""), "inspect", "a", "b").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "inspect", "--use", "nonsense", "a").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "inspect", "--at", "yesterday", "a").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "inspect", "--proof", "/nowhere/at/all", "a").code, CLI_UNUSABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_recorded_token_is_read),
            ARENA_TEST(a_changed_signature_is_found),
            ARENA_TEST(what_is_no_token_says_why),
            ARENA_TEST(a_sign_in_is_read_in_every_form),
            ARENA_TEST(messages_are_read_and_wrong_ones_refused),
            ARENA_TEST(a_message_that_says_less_than_it_grants_is_wrong),
            ISSUER_TEST(a_chain_that_is_shown_is_judged),
            ISSUER_TEST(an_invocation_is_judged_as_one),
            ISSUER_TEST(a_child_wider_than_its_proof_is_wrong),
            ISSUER_TEST(a_child_that_outlives_its_proof_is_wrong),
            ISSUER_TEST(a_proof_given_to_somebody_else_is_wrong),
            ISSUER_TEST(a_grant_of_what_is_not_ones_own_cannot_be_rooted),
            ISSUER_TEST(a_forged_proof_is_never_judged_by),
            ISSUER_TEST(ends_and_beginnings_are_looked_at),
            ISSUER_TEST(slips_are_pointed_out),
            ISSUER_TEST(a_revocation_is_judged_with_its_target),
            ISSUER_TEST(a_wallet_revokes_by_a_message),
            ISSUER_TEST(no_letter_of_the_input_steers_the_terminal),
            ARENA_TEST(every_beginning_of_a_token_is_nothing),
            ARENA_TEST(every_changed_letter_is_noticed),
            ARENA_TEST(senseless_input_is_nothing),
            ARENA_TEST(wrong_usage_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
