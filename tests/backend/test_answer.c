/* How errors of the local API go out: names and statuses that clients know, and whose fault it is (spec/07
 * sections A10, A15 and E18). */
#include "backend/answer.h"
#include "base/json.h"
#include "http/serve.h"
#include <string.h>

/* The one thing that the next request is answered with. */
struct said {
    struct backend_fault fault;
    bool unwritten; /* not the fault, but JSON that could not be built */
};

static enum http_flow handle(struct http_exchange *x, void *app)
{
    const struct said *said = app;
    struct buf nothing = buf_make(http_arena(x), 0);
    buf_fail(&nothing, DEPUTY_E_LIMIT);
    if (said->unwritten)
        backend_answer_json(x, 200, &nothing);
    else
        backend_answer_fault(x, &said->fault);
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

static struct said fault_of(enum deputy_error code, enum backend_blame blame)
{
    return (struct said){.fault = {{.code = code}, blame}};
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
        is_said(*state, fault_of(rows[i].code, BLAME_GRANT), rows[i].status, rows[i].error);
}

/* A4: a client throws its token away on any other 401. */
static void A4_bad_input_is_no_401(void **state)
{
    is_said(*state, fault_of(DEPUTY_E_JSON_DUPLICATE, BLAME_GRANT), 400, "invalid_json");
    is_said(*state, fault_of(DEPUTY_E_JSON_TYPE, BLAME_GRANT), 400, "invalid_body");
    is_said(*state, fault_of(DEPUTY_E_LIMIT, BLAME_GRANT), 413, "payload_too_large");
    for (int code = -1; code > -600; code--) {
        const struct deputy_error_info *info = deputy_error_info((enum deputy_error)code);
        if (info->status != 401)
            continue;
        answered(
                *state, fault_of((enum deputy_error)code, BLAME_REQUEST), code == DEPUTY_E_LIMIT ? 413 : 400);
    }
}

static void fault_says_who_is_to_blame(void **state)
{
    static const char *const names[] = {"request", "grant", "node", "data", "backend"};
    for (enum backend_blame who = BLAME_REQUEST; who <= BLAME_BACKEND; who++) {
        const struct said said = fault_of(DEPUTY_E_NODE_FAILED, who);
        assert_true(json_text_is(json_member(answered(*state, said, 502), "fault"), names[who]));
    }
}

static void what_cannot_be_written_is_the_fault_of_the_backend(void **state)
{
    const struct said said = {.unwritten = true};
    is_said(*state, said, 500, "internal_error");
    assert_true(json_text_is(json_member(answered(*state, said, 500), "fault"), "backend"));
}

static void message_tells_what_it_is_about_when_that_is_text(void **state)
{
    struct said said = {.fault = {{DEPUTY_E_NOT_GRANTED, {T("kv/get on \"x\"")}}, BLAME_GRANT}};
    struct deputy_slice text = {0};
    assert_ok(json_to_text(&text, json_member(answered(*state, said, 403), "message")));
    assert_text(text,
            "the owner has not granted kv/get on \"x\": the policy of the backend must ask for it, and "
            "the owner delegate again");
    said.fault.refusal.args[0] = T("\xff\xfe");
    is_said(*state, said, 403, "not_granted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(E18_each_end_of_a_delegation_has_its_own_code),
            cmocka_unit_test(what_cannot_be_written_is_the_fault_of_the_backend),
            cmocka_unit_test(A4_bad_input_is_no_401),
            cmocka_unit_test(fault_says_who_is_to_blame),
            cmocka_unit_test(message_tells_what_it_is_about_when_that_is_text),
    };
    return cmocka_run_group_tests_name("backend.answer", tests, setup, teardown);
}
