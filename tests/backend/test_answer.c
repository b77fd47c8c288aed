/* How errors go out: names and statuses that clients know, and whose fault it is (spec/07 sections A9, A10,
 * A15 and E18). */
#include "backend/answer.h"
#include "base/json.h"
#include "http/serve.h"
#include <string.h>

/* The one thing that the next request is answered with. */
struct said {
    void (*answer)(struct http_exchange *x, const struct said *said);
    struct deputy_refusal refusal;
    enum backend_blame blame;
};

static void refuse(struct http_exchange *x, const struct said *said)
{
    backend_answer_refusal(x, &said->refusal);
}

static void refuse_intake(struct http_exchange *x, const struct said *said)
{
    backend_answer_intake(x, &said->refusal);
}

static void blame(struct http_exchange *x, const struct said *said)
{
    const struct backend_fault fault = {said->refusal, said->blame};
    backend_answer_fault(x, &fault);
}

static enum http_flow handle(struct http_exchange *x, void *app)
{
    const struct said *said = app;
    said->answer(x, said);
    return HTTP_DONE;
}

struct table {
    struct served served;
    struct said said;
    struct deputy_arena *arena;
    struct wire wire;
};

static const struct http_route routes[] = {{.method = HTTP_METHOD_GET, .pattern = "/", .handler = handle}};

static int setup(void **state)
{
    static struct table table;
    static const struct http_config config;
    table = (struct table){.arena = check_arena()};
    serve(&table.served, &config, routes, 1, &table.said);
    wire_open(&table.wire, table.served.port);
    *state = &table;
    return 0;
}

static int teardown(void **state)
{
    struct table *table = *state;
    wire_close(&table->wire);
    served_end(&table->served);
    deputy_arena_destroy(table->arena);
    return 0;
}

/* The exchange of the request before is over: nothing reads `said` meanwhile. */
static const struct json_value *answered(struct table *table, struct said said, int status)
{
    const struct json_value *body;
    table->said = said;
    wire_send_text(&table->wire, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    struct wire_reply reply = wire_reply(&table->wire);
    assert_int_equal(reply.status, status);
    assert_true(memcmp(wire_header(&reply, "Content-Type").ptr, "application/json", 16) == 0);
    assert_ok(json_parse(table->arena, &body, reply.body));
    return body;
}

static void is_said(struct table *table, struct said said, int status, const char *error)
{
    const struct json_value *body = answered(table, said, status);
    struct deputy_slice message = {0};
    if (!json_text_is(json_member(body, "error"), error))
        fail_msg("%s expected: %.*s", error, (int)body->raw.len, (const char *)body->raw.ptr);
    assert_ok(json_to_text(&message, json_member(body, "message")));
    assert_true(message.len > 0);
}

static void E18_each_end_of_a_delegation_has_its_own_code(void **state)
{
    static const struct {
        enum deputy_error code;
        int status;
        const char *error;
    } rows[] = {
            {DEPUTY_E_NO_DELEGATION, 403, "no_delegation"},
            {DEPUTY_E_DELEGATION_REFUSED, 403, "no_delegation"},
            {DEPUTY_E_DELEGATION_EXPIRED, 401, "delegation_expired"},
            {DEPUTY_E_DELEGATION_STALE, 403, "delegation_stale"},
            {DEPUTY_E_GATEWAY_TIMEOUT, 504, "gateway_timeout"},
            {DEPUTY_E_ACTIVATION_FAILED, 502, "delegation_activation_failed"},
            {DEPUTY_E_STORE_UNAVAILABLE, 503, "store_unavailable"},
            {DEPUTY_E_GRANT_RECORD, 503, "store_unavailable"},
            {DEPUTY_E_NODE_FAILED, 502, "node_failed"},
            {DEPUTY_E_NOT_GRANTED, 403, "not_granted"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        is_said(*state, (struct said){refuse, {.code = rows[i].code}, 0}, rows[i].status, rows[i].error);
}

/* A9: two codes, whatever the reason; what is not the owner's doing stays what it is. */
static void A9_what_is_wrong_with_a_delegation_is_one_code(void **state)
{
    static const enum deputy_error codes[] = {DEPUTY_E_GRANT_POLICY, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_SIGNATURE,
            DEPUTY_E_UNAUTHORIZED_CAPABILITY, DEPUTY_E_GRANT_SIZE, DEPUTY_E_JSON_DEPTH,
            DEPUTY_E_DELEGATION_REFUSED, DEPUTY_E_PORTABLE_OVER};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        is_said(*state, (struct said){refuse_intake, {.code = codes[i]}, 0}, 400, "invalid_delegation");
    is_said(*state, (struct said){refuse_intake, {.code = DEPUTY_E_GRANT_SHORT}, 0}, 400,
            "delegation_expired_at_grant");
    is_said(*state, (struct said){refuse_intake, {.code = DEPUTY_E_NOMEM}, 0}, 500, "internal_error");
}

/* A4: a client throws its token away on any other 401. */
static void A4_bad_input_is_no_401(void **state)
{
    is_said(*state, (struct said){refuse, {.code = DEPUTY_E_JSON_DUPLICATE}, 0}, 400, "invalid_json");
    is_said(*state, (struct said){refuse, {.code = DEPUTY_E_JSON_TYPE}, 0}, 400, "invalid_body");
    is_said(*state, (struct said){refuse, {.code = DEPUTY_E_LIMIT}, 0}, 413, "payload_too_large");
    for (int code = -1; code > -600; code--) {
        const struct deputy_error_info *info = deputy_error_info((enum deputy_error)code);
        if (info->status != 401)
            continue;
        const struct said said = {refuse, {.code = (enum deputy_error)code}, 0};
        answered(*state, said, code == DEPUTY_E_LIMIT ? 413 : 400);
    }
}

static void fault_says_who_is_to_blame(void **state)
{
    static const char *const names[] = {"request", "grant", "node", "data", "backend"};
    for (enum backend_blame who = BLAME_REQUEST; who <= BLAME_BACKEND; who++) {
        const struct said said = {blame, {.code = DEPUTY_E_NODE_FAILED}, who};
        assert_true(json_text_is(json_member(answered(*state, said, 502), "fault"), names[who]));
    }
    const struct said none = {refuse, {.code = DEPUTY_E_NODE_FAILED}, 0};
    assert_null(json_member(answered(*state, none, 502), "fault"));
}

static void message_tells_what_it_is_about_when_that_is_text(void **state)
{
    struct said said = {blame, {DEPUTY_E_NOT_GRANTED, {T("kv/get on \"x\"")}}, BLAME_GRANT};
    struct deputy_slice text = {0};
    assert_ok(json_to_text(&text, json_member(answered(*state, said, 403), "message")));
    assert_text(text,
            "the owner has not granted kv/get on \"x\": the policy of the backend must ask for it, and "
            "the owner delegate again");
    said.refusal.args[0] = T("\xff\xfe");
    is_said(*state, said, 403, "not_granted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(E18_each_end_of_a_delegation_has_its_own_code),
            cmocka_unit_test(A9_what_is_wrong_with_a_delegation_is_one_code),
            cmocka_unit_test(A4_bad_input_is_no_401),
            cmocka_unit_test(fault_says_who_is_to_blame),
            cmocka_unit_test(message_tells_what_it_is_about_when_that_is_text),
    };
    return cmocka_run_group_tests_name("backend.answer", tests, setup, teardown);
}
