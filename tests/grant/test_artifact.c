/* Requests for authority as files, and their grants: each member that is not as it must be. */
#include "base/buf.h"
#include "grant/kit.h"
#include <deputy/artifact.h>

#define REQUESTED "[{\"service\":\"tinycloud.kv\",\"path\":\"com.example.notes/a\",\"actions\":[\"get\"]}]"
#define MINIMAL                                                                                              \
    "{\"kind\":\"tinycloud.auth.request\",\"version\":1,\"requestId\":\"req_1\",\"sessionDid\":"             \
    "\"" KIT_RECEIVER "\",\"requested\":" REQUESTED "}"

/* The minimal request with one more member. */
static enum deputy_error with(struct kit *kit, const char *member)
{
    struct deputy_auth_request request;
    struct deputy_refusal refusal;
    struct deputy_slice json = joined(kit->arena, T("{"), T(member));
    json = joined(kit->arena, json, T("," MINIMAL));
    json = edited(kit->arena, json, T(",{\"kind"), T(",\"kind"));
    enum deputy_error result = deputy_auth_request_parse(kit->arena, &request, &refusal, json);
    assert_int_equal(refusal.code, result);
    return result;
}

static void members_of_the_full_form_are_checked(void **state)
{
    static const struct {
        const char *member;
        enum deputy_error code;
    } rows[] = {
            {"\"createdAt\":\"2026-01-01T00:00:00.000Z\"", DEPUTY_OK},
            {"\"createdAt\":\"yesterday\"", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"createdAt\":1", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"posture\":\"owner-openkey\"", DEPUTY_OK},
            {"\"posture\":\"local-owner-key\"", DEPUTY_OK},
            {"\"posture\":\"lying\"", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"operatorType\":\"human\"", DEPUTY_OK},
            {"\"operatorType\":\"agent\"", DEPUTY_OK},
            {"\"operatorType\":\"cat\"", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"command\":{\"argv\":[\"tc\"],\"cwd\":\"/\"}", DEPUTY_OK},
            {"\"command\":{\"argv\":[\"tc\",1],\"cwd\":\"/\"}", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"command\":{\"argv\":[],\"cwd\":\"/\"}", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"command\":{\"argv\":\"tc\",\"cwd\":\"/\"}", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"command\":{\"argv\":[\"tc\"]}", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"command\":[]", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"requestedExpiry\":\"1h\"", DEPUTY_OK},
            {"\"requestedExpiry\":3600000", DEPUTY_OK},
            {"\"requestedExpiry\":0", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"requestedExpiry\":-1", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"requestedExpiry\":null", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"requestedExpiry\":\"soon\"", DEPUTY_E_EXPIRY_DURATION},
            {"\"requestId\":\"req_2\"", DEPUTY_E_JSON_DUPLICATE},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (with(kit, rows[i].member) != rows[i].code)
            fail_msg("%s: %d", rows[i].member, with(kit, rows[i].member));
}

static void members_of_every_request_are_checked(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {"auth.request", "auth.other", DEPUTY_E_GRANT_KIND},
            {"\"tinycloud.auth.request\"", "7", DEPUTY_E_GRANT_KIND},
            {"\"version\":1", "\"version\":2", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"version\":1", "\"version\":\"1\"", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"version\":1,", "", DEPUTY_E_ARTIFACT_MEMBER},
            {"req_1", "", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"req_1\"", "1", DEPUTY_E_ARTIFACT_MEMBER},
            {KIT_RECEIVER, "", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"" KIT_RECEIVER "\"", "null", DEPUTY_E_ARTIFACT_MEMBER},
    };
    struct kit *kit = *state;
    struct deputy_auth_request request;
    struct deputy_refusal refusal;
    assert_ok(deputy_auth_request_parse(kit->arena, &request, &refusal, T(MINIMAL)));
    assert_text(request.id, "req_1");
    assert_text(request.session_did, KIT_RECEIVER);
    assert_text(request.requested_json, REQUESTED);
    assert_int_equal(request.requested.count, 1);
    assert_true(request.lifetime_ms == 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice json = edited(kit->arena, T(MINIMAL), T(rows[i].from), T(rows[i].to));
        assert_int_equal(deputy_auth_request_parse(kit->arena, &request, &refusal, json), rows[i].code);
        assert_int_equal(refusal.code, rows[i].code);
    }
}

static enum deputy_error grant(struct kit *kit, struct deputy_slice *json, const char *request, double ms)
{
    struct deputy_refusal refusal;
    enum deputy_error result = deputy_auth_grant(kit->arena, json, &refusal, &kit->session, T(request), ms,
            T(KIT_HOST), T(KIT_NONCE), kit_time(KIT_NOW));
    assert_int_equal(refusal.code, result);
    return result;
}

/* The caller's lifetime, else the request's, else seven days, which is the session's end here. */
static void lifetime_is_the_first_that_is_given(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    struct deputy_slice hour =
            edited(kit->arena, T(MINIMAL), T("\"requested\""), T("\"requestedExpiry\":\"1h\",\"requested\""));
    assert_ok(grant(kit, &json, MINIMAL, 0));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, json));
    assert_int_equal(deputy_time_compare(portable.expiry, kit_time(KIT_END)), 0);
    assert_ok(grant(kit, &json, MINIMAL, 60000));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, json));
    assert_int_equal(deputy_time_compare(portable.expiry, kit_time("2026-01-01T00:01:00Z")), 0);
    assert_ok(deputy_auth_grant(kit->arena, &json, &refusal, &kit->session, hour, 0, T(KIT_HOST),
            T(KIT_NONCE), kit_time(KIT_NOW)));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, json));
    assert_int_equal(deputy_time_compare(portable.expiry, kit_time("2026-01-01T01:00:00Z")), 0);
}

static void grant_is_no_more_than_the_session(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice json;
    struct deputy_refusal refusal;
    struct deputy_slice wide = edited(kit->arena, T(MINIMAL), T("\"com.example.notes/a\""), T("\"other/a\""));
    struct deputy_slice nothing = edited(kit->arena, T(MINIMAL), T(REQUESTED), T("[]"));
    assert_int_equal(deputy_auth_grant(kit->arena, &json, &refusal, &kit->session, wide, 0, T(KIT_HOST),
                             T(KIT_NONCE), kit_time(KIT_NOW)),
            DEPUTY_E_NOT_HELD);
    assert_int_equal(deputy_auth_grant(kit->arena, &json, &refusal, &kit->session, nothing, 0, T(KIT_HOST),
                             T(KIT_NONCE), kit_time(KIT_NOW)),
            DEPUTY_E_GRANT_EMPTY);
    assert_int_equal(grant(kit, &json, "[]", 0), DEPUTY_E_GRANT_KIND);
}

static void members_of_a_grant_are_checked(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {"\"tinycloud.auth.delegation\"", "\"tinycloud.auth.request\"", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"version\":1", "\"version\":2", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"requestId\":\"req_1\"", "\"requestId\":\"\"", DEPUTY_E_ARTIFACT_MEMBER},
            {",\"expiry\":\"2026-01-08T00:00:00.000Z\",\"prompted\"", ",\"expiry\":\"never\",\"prompted\"",
                    DEPUTY_E_ARTIFACT_MEMBER},
            {"\"delegation\":", "\"other\":", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"delegationCid\":\"", "\"delegationCid\":\"x", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"delegationCid\":", "\"delegationCid\":1,\"other\":", DEPUTY_E_ARTIFACT_MEMBER},
            {"\"prompted\":false", "\"prompted\":false,\"prompted\":true", DEPUTY_E_JSON_DUPLICATE},
    };
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    assert_ok(grant(kit, &json, MINIMAL, 0));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice bad = edited(kit->arena, json, T(rows[i].from), T(rows[i].to));
        enum deputy_error result = deputy_auth_grant_parse(kit->arena, &portable, &refusal, bad);
        if (result != rows[i].code)
            fail_msg("%s: %d", rows[i].to, result);
    }
}

/* A grant's delegation is a wrapper like any other: what it says beyond its token is refused. */
static void delegation_in_a_grant_is_verified(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    assert_ok(grant(kit, &json, MINIMAL, 0));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, json));
    assert_ok(deputy_portable_verify(kit->arena, &delegation, &refusal, &portable));
    struct deputy_slice wide = edited(kit->arena, json,
            T("[{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\",\"path\":\"com.example.notes/a\""),
            T("[{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\",\"path\":\"\""));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, wide));
    assert_int_equal(deputy_portable_verify(kit->arena, &delegation, &refusal, &portable),
            DEPUTY_E_PORTABLE_RESOURCES);
}

/* White space, so that only the length is wrong. */
static struct deputy_slice padded(struct kit *kit, struct deputy_slice json, size_t len)
{
    struct buf text = buf_make(kit->arena, len);
    buf_put(&text, json);
    while (text.len < len)
        buf_put_byte(&text, ' ');
    assert_ok(buf_finish(&text, &json));
    return json;
}

static void artifacts_beyond_their_limit_are_refused(void **state)
{
    const size_t max = 2 * (size_t)DEPUTY_PORTABLE_MAX_BYTES;
    struct kit *kit = *state;
    struct deputy_auth_request request;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    assert_ok(deputy_auth_request_parse(kit->arena, &request, &refusal, padded(kit, T(MINIMAL), max)));
    assert_int_equal(
            deputy_auth_request_parse(kit->arena, &request, &refusal, padded(kit, T(MINIMAL), max + 1)),
            DEPUTY_E_LIMIT);
    assert_ok(grant(kit, &json, MINIMAL, 0));
    assert_ok(deputy_auth_grant_parse(kit->arena, &portable, &refusal, padded(kit, json, max)));
    assert_int_equal(deputy_auth_grant_parse(kit->arena, &portable, &refusal, padded(kit, json, max + 1)),
            DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(members_of_the_full_form_are_checked),
            KIT_TEST(members_of_every_request_are_checked), KIT_TEST(lifetime_is_the_first_that_is_given),
            KIT_TEST(grant_is_no_more_than_the_session), KIT_TEST(members_of_a_grant_are_checked),
            KIT_TEST(delegation_in_a_grant_is_verified), KIT_TEST(artifacts_beyond_their_limit_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
