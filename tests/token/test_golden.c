/* Every header value of the recorded exchanges: read and verified as the reference node did, or as ours must.
 */
#include "base/json.h"
#include "support/vectors.h"
#include <deputy/token.h>

static enum deputy_error verify(struct deputy_arena *arena, const struct deputy_token *token)
{
    struct deputy_verified_token verified = {NULL};
    enum deputy_error error = deputy_token_verify(arena, &verified, token);
    assert_ptr_equal(verified.token, error == DEPUTY_OK ? token : NULL);
    return error;
}

static enum deputy_token_use use_of(const struct json_value *request)
{
    struct deputy_slice path = check_text_of(request, "path");
    if (deputy_slice_equal(path, T("/delegate")))
        return DEPUTY_TOKEN_DELEGATION;
    return deputy_slice_equal(path, T("/revoke")) ? DEPUTY_TOKEN_REVOCATION : DEPUTY_TOKEN_INVOCATION;
}

/* What our node must answer: one status and a text, or NULL when the step says less. */
static const struct json_value *answer_of(const struct json_value *step)
{
    const struct json_value *answer = json_member(step, "deputy");
    if (answer == NULL)
        answer = json_member(step, "expect");
    return json_is(json_member(answer, "status"), JSON_NUMBER) ? answer : NULL;
}

/* A 401 that says nothing is for what cannot be decoded, but in the cases that are about revoked chains. */
static bool must_be_refused(const struct json_value *golden, const struct json_value *answer)
{
    static const char *const chains[] = {"D62-", "R07-", "R18-"};
    struct deputy_slice name = check_text_of(golden, "name");
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++)
        if (memcmp(name.ptr, chains[i], 4) == 0)
            return false;
    return answer->count == 1 && deputy_slice_equal(json_member(answer, "status")->raw, T("401"));
}

/* The token may be undecodable, or its signature bad, exactly when the answer leaves room for it. */
static void assert_golden(const struct json_value *golden, const struct json_value *answer,
        enum deputy_error parsed, enum deputy_error verified)
{
    const struct json_value *body = json_member(answer, "body");
    bool accepted = deputy_slice_equal(json_member(answer, "status")->raw, T("200"));
    bool bad_signature = json_text_is(body, "Failed to verify signature");
    bool refused = must_be_refused(golden, answer);
    struct deputy_slice name = check_text_of(golden, "name");
    if (((accepted || bad_signature) && parsed != DEPUTY_OK) || (accepted && verified != DEPUTY_OK) ||
            (bad_signature && verified == DEPUTY_OK) || (refused && verified == DEPUTY_OK))
        fail_msg("%.*s: %s, %s", (int)name.len, (const char *)name.ptr, deputy_error_info(parsed)->name,
                deputy_error_info(verified)->name);
}

/* Reads and verifies one header value; its CID must be the recorded one. */
static void replay_token(struct deputy_arena *arena, const struct json_value *golden,
        const struct json_value *request, const struct json_value *answer, const struct json_value *recorded)
{
    const struct deputy_token *token;
    struct deputy_slice cid;
    enum deputy_error parsed, verified;
    parsed = verified =
            deputy_token_parse(arena, &token, use_of(request), check_text_of(recorded, "authorization"));
    if (parsed == DEPUTY_OK) {
        assert_ok(deputy_cid_format(arena, &cid, &token->cid, DEPUTY_CID_BASE32));
        assert_slice(cid, check_text_of(recorded, "cid"));
        verified = verify(arena, token);
    }
    assert_golden(golden, answer, parsed, verified);
}

static size_t replay_case(const struct json_value *golden)
{
    struct deputy_arena *arena = check_arena();
    size_t replayed = 0;
    JSON_EACH (step, json_member(golden, "steps")) {
        const struct json_value *request = json_member(step, "request"), *answer = answer_of(step);
        const struct json_value *name = json_member(request, "token");
        if (!json_is(name, JSON_STRING) || answer == NULL)
            continue;
        const struct json_value *token = json_member_of(json_member(golden, "tokens"), name->text);
        if (!json_is(json_member(token, "authorization"), JSON_STRING))
            continue;
        replay_token(arena, golden, request, answer, token);
        deputy_arena_reset(arena);
        replayed++;
    }
    deputy_arena_destroy(arena);
    return replayed;
}

static void golden_header_values_are_read_and_verified_as_by_the_reference(void **state)
{
    const struct json_value *root;
    size_t replayed = 0;
    assert_ok(json_parse(*state, &root, check_data(*state, "golden-http.json")));
    JSON_EACH (golden, json_member(root, "cases"))
        replayed += replay_case(golden);
    assert_true(replayed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(golden_header_values_are_read_and_verified_as_by_the_reference),
    };
    return cmocka_run_group_tests_name("token.golden", tests, NULL, NULL);
}
