/* What every public route is behind, over a real connection. */
#include "backend/frame.h"
#include "backend/public.h"
#include "base/json_write.h"
#include "http/serve.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define assert_absent(slice) assert_false(deputy_slice_present(slice))

#define GET "GET "
#define REST " HTTP/1.1\r\nHost: a\r\n"
#define PAGE "Origin: https://app.example\r\n"
#define ASKED "X-Requested-With: Listen\r\n"
#define JSON "Content-Type: application/json\r\n"
#define OWNER "Authorization: Bearer owner1\r\n"
#define END "\r\n"

static _Atomic int64_t clock_sec = 1000;
static atomic_int handled;

static struct deputy_time read_clock(void *ctx)
{
    (void)ctx;
    return (struct deputy_time){.sec = clock_sec};
}

/* "owner<digit>" is a good token. */
static enum deputy_error read_subject(
        const void *tokens, uint8_t owner[20], struct deputy_slice token, struct deputy_time now)
{
    (void)tokens;
    (void)now;
    if (token.len != 6 || memcmp(token.ptr, "owner", 5) != 0)
        return DEPUTY_E_SESSION_INVALID;
    memset(owner, token.ptr[5], 20);
    return DEPUTY_OK;
}

/* The owner's byte and the body, as it was understood. */
static enum http_flow answer_echo(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct buf out = buf_make(http_arena(x), 1024 * 1024);
    struct json_writer writer = json_writer_make(&out);
    (void)on;
    handled++;
    json_object_begin(&writer);
    json_key(&writer, "owner");
    json_int(&writer, request->signed_in ? request->owner[0] : 0);
    json_key(&writer, "body");
    if (request->body == NULL)
        json_null(&writer);
    else if (request->body->raw.len == 0)
        json_text_z(&writer, "nothing");
    else
        json_raw(&writer, request->body->raw);
    json_object_end(&writer);
    return frame_answer(x, 200, &out);
}

static enum http_flow answer_not_at_all(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    (void)x;
    (void)on;
    (void)request;
    return HTTP_DONE;
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_GET, "/open", FRAME_GENERAL, FRAME_PAGES, 0, answer_echo},
        {HTTP_METHOD_GET, "/health", FRAME_UNCOUNTED, FRAME_PAGES, 0, answer_echo},
        {HTTP_METHOD_GET, "/auth", FRAME_AUTH, FRAME_PAGES, 0, answer_echo},
        {HTTP_METHOD_POST, "/json", FRAME_GENERAL, FRAME_PAGES, 1000, answer_echo},
        {HTTP_METHOD_POST, "/wide", FRAME_GENERAL, FRAME_PAGES, 20000, answer_echo},
        {HTTP_METHOD_GET, "/mine", FRAME_GENERAL, FRAME_OWNERS, 0, answer_echo},
        {HTTP_METHOD_POST, "/mine", FRAME_WRITE, FRAME_OWNERS, 1000, answer_echo},
        {HTTP_METHOD_DELETE, "/mine", FRAME_WRITE, FRAME_OWNERS, 0, answer_echo},
        {HTTP_METHOD_GET, "/forgetful", FRAME_GENERAL, FRAME_PAGES, 0, answer_not_at_all},
};

static const struct deputy_slice origins[] = {
        {(const uint8_t *)"https://app.example", 19}, {(const uint8_t *)"http://localhost:5173", 21}};
static const struct deputy_slice proxies[] = {
        {(const uint8_t *)"127.0.0.1", 9}, {(const uint8_t *)"10.0.0.9", 8}};

struct framed {
    struct served served;
    struct public_state public_of;
    struct backend backend;
    struct backend_loop on;
};

static int framed_start(void **state)
{
    struct framed *framed = calloc(1, sizeof *framed);
    const struct frame_table table = {routes, sizeof routes / sizeof routes[0]};
    const struct frame_config config = {.csrf = T("Listen"),
            .origins = origins,
            .origin_count = 2,
            .proxies = {proxies, 2},
            .quotas = {[FRAME_GENERAL] = {40, 900},
                    [FRAME_AUTH] = {3, 900},
                    [FRAME_WRITE] = {2, 900},
                    [FRAME_ATTEST] = {1, 900}}};
    const struct http_config http = {.on_error = frame_on_error, .max_exchange_memory = 512 * 1024};
    size_t count;
    assert_ok(frame_create(&framed->public_of.frame, &config, &table, 1, read_subject, NULL));
    framed->backend = (struct backend){.public_of = &framed->public_of, .clock = {.now = read_clock}};
    framed->on = (struct backend_loop){.backend = &framed->backend};
    const struct http_route *http_routes = frame_http_routes(framed->public_of.frame, &count);
    serve(&framed->served, &http, http_routes, count, &framed->on);
    handled = 0;
    *state = framed;
    return 0;
}

static int framed_stop(void **state)
{
    struct framed *framed = *state;
    served_end(&framed->served);
    frame_destroy(framed->public_of.frame);
    free(framed);
    return 0;
}

/* One request on a connection of its own, and what came back. */
struct answer {
    struct wire wire;
    struct wire_reply reply;
};

static struct wire_reply ask(struct answer *answer, const struct framed *framed, const char *request)
{
    wire_open(&answer->wire, framed->served.port);
    wire_send_text(&answer->wire, request);
    answer->reply = wire_reply(&answer->wire);
    return answer->reply;
}

static void check_answer(const struct framed *framed, const char *request, int status, const char *body)
{
    struct answer answer;
    struct wire_reply reply = ask(&answer, framed, request);
    if (reply.status != status)
        fail_msg("%s: %d %.*s", request, reply.status, (int)reply.body.len, (const char *)reply.body.ptr);
    if (body != NULL)
        assert_text(reply.body, body);
    if (body != NULL && body[0] == '{')
        assert_text(wire_header(&reply, "content-type"), FRAME_JSON);
    wire_close(&answer.wire);
}

#define ERROR(code, message) "{\"error\":\"" code "\",\"message\":\"" message "\"}"
#define NO_CSRF ERROR("csrf_rejected", "Missing or invalid X-Requested-With header")
#define NO_HEADER ERROR("missing_token", "Authorization header is required")
#define NO_TOKEN ERROR("missing_token", "Bearer token is required")
#define BAD_TOKEN ERROR("invalid_token", "Token verification failed")
#define BAD_JSON ERROR("invalid_json", "Request body is not valid JSON")
#define TOO_LARGE ERROR("payload_too_large", "Request body is too large")

/* ---- origins ---- */

static void only_listed_origins_are_let_in_and_told_so(void **state)
{
    struct answer answer;
    struct wire_reply reply = ask(&answer, *state, GET "/open" REST PAGE END);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "access-control-allow-origin"), "https://app.example");
    assert_text(wire_header(&reply, "vary"), "Origin");
    assert_absent(wire_header(&reply, "access-control-allow-credentials"));
    wire_close(&answer.wire);
    reply = ask(&answer, *state, GET "/open" REST END);
    assert_int_equal(reply.status, 200);
    assert_absent(wire_header(&reply, "access-control-allow-origin"));
    wire_close(&answer.wire);
}

static void other_origins_get_403_without_cors_headers(void **state)
{
    static const char *const foreign[] = {"https://evil.example", "null", "https://app.example.evil.example",
            "https://APP.example", "http://app.example", "https://app.example:443", "https://app.example/",
            ""};
    char request[256];
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct answer answer;
        snprintf(request, sizeof request, GET "/open" REST "Origin: %s\r\n" END, foreign[i]);
        struct wire_reply reply = ask(&answer, *state, request);
        assert_int_equal(reply.status, 403);
        assert_text(reply.body, ERROR("origin_not_allowed", "Origin is not allowed"));
        assert_absent(wire_header(&reply, "access-control-allow-origin"));
        wire_close(&answer.wire);
    }
    assert_int_equal(handled, 0);
}

static void a_preflight_is_answered_for_listed_origins_alone(void **state)
{
    struct answer answer;
    struct wire_reply reply = ask(&answer, *state,
            "OPTIONS /mine" REST PAGE
            "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
            "content-type,x-requested-with\r\n" END);
    assert_int_equal(reply.status, 204);
    assert_text(wire_header(&reply, "access-control-allow-origin"), "https://app.example");
    assert_text(wire_header(&reply, "access-control-allow-methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert_text(wire_header(&reply, "access-control-allow-headers"), "content-type,x-requested-with");
    wire_close(&answer.wire);
    reply = ask(&answer, *state, "OPTIONS /mine" REST "Origin: https://evil.example\r\n" END);
    assert_int_equal(reply.status, 403);
    assert_absent(wire_header(&reply, "access-control-allow-methods"));
    wire_close(&answer.wire);
}

/* ---- CSRF, tokens ---- */

static void F9_csrf_precedes_auth_and_reading_is_exempt(void **state)
{
    check_answer(*state, "POST /mine" REST END, 403, NO_CSRF);
    check_answer(*state, "DELETE /mine" REST OWNER END, 403, NO_CSRF);
    check_answer(*state, "DELETE /mine" REST OWNER "X-Requested-With: listen\r\n" END, 403, NO_CSRF);
    check_answer(*state, "DELETE /mine" REST OWNER "X-Requested-With: XMLHttpRequest\r\n" END, 403, NO_CSRF);
    check_answer(*state, "POST /nowhere" REST END, 403, NO_CSRF);
    assert_int_equal(handled, 0);
    check_answer(*state, "POST /mine" REST ASKED END, 401, NO_HEADER);
    check_answer(*state, GET "/mine" REST OWNER END, 200, "{\"owner\":49,\"body\":null}");
    check_answer(*state, "DELETE /mine" REST OWNER ASKED END, 200, "{\"owner\":49,\"body\":null}");
}

static void F8_subtle_bearer_is_read_in_any_case_and_a_bare_value_is_a_token(void **state)
{
    static const char good[] = "{\"owner\":49,\"body\":null}";
    check_answer(*state, GET "/mine" REST "Authorization: bearer owner1\r\n" END, 200, good);
    check_answer(*state, GET "/mine" REST "Authorization: BEARER owner1\r\n" END, 200, good);
    check_answer(*state, GET "/mine" REST "Authorization: owner1\r\n" END, 200, good);
    check_answer(*state, GET "/mine" REST END, 401, NO_HEADER);
    check_answer(*state, GET "/mine" REST "Authorization:\r\n" END, 401, NO_HEADER);
    check_answer(*state, GET "/mine" REST "Authorization: Bearer \r\n" END, 401, NO_TOKEN);
    check_answer(*state, GET "/mine" REST "Authorization: Bearer  owner1\r\n" END, 401, BAD_TOKEN);
    check_answer(*state, GET "/mine" REST "Authorization: Bearer\towner1\r\n" END, 401, BAD_TOKEN);
    check_answer(*state, GET "/mine" REST "Authorization: Basic owner1\r\n" END, 401, BAD_TOKEN);
    check_answer(*state, GET "/mine" REST "Authorization: Bearer other1\r\n" END, 401, BAD_TOKEN);
}

/* ---- bodies ---- */

static void check_body(const struct framed *framed, const char *type, struct deputy_slice body, int status,
        const char *expected)
{
    struct wire wire;
    char head[256];
    snprintf(head, sizeof head, "POST /json" REST ASKED "%sContent-Length: %zu\r\n" END, type, body.len);
    wire_open(&wire, framed->served.port);
    wire_send_text(&wire, head);
    wire_send(&wire, body);
    struct wire_reply reply = wire_reply(&wire);
    if (reply.status != status)
        fail_msg("%.*s: %d", (int)body.len, (const char *)body.ptr, reply.status);
    assert_text(reply.body, expected);
    wire_close(&wire);
}

static void subtle_bodies_that_two_readers_could_differ_on_are_invalid_json(void **state)
{
    static const char *const bad[] = {"{", "{\"a\":1,\"a\":1}", "{\"x\":{\"a\":1,\"a\":2}}",
            "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "\xef\xbb\xbf{}", "{} {}", "null", "true", "1",
            "\"x\"", "{\"a\":01}", "{'a':1}", "{\"a\":1,}", "NaN"};
    char deep[80] = "";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_body(*state, JSON, T(bad[i]), 400, BAD_JSON);
    memset(deep, '[', 32);
    memset(deep + 32, ']', 32);
    check_body(*state, JSON, T(deep), 200,
            "{\"owner\":0,\"body\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}");
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    check_body(*state, JSON, T(deep), 400, BAD_JSON);
    assert_int_equal(handled, 1);
}

static void only_json_is_read_and_the_rest_counts_as_nothing(void **state)
{
    check_body(*state, JSON, T("{\"a\":1}"), 200, "{\"owner\":0,\"body\":{\"a\":1}}");
    check_body(*state, JSON, T("[1]"), 200, "{\"owner\":0,\"body\":[1]}");
    check_body(*state, "content-type: Application/JSON; charset=utf-8\r\n", T("{\"a\":1}"), 200,
            "{\"owner\":0,\"body\":{\"a\":1}}");
    check_body(*state, JSON, T(""), 200, "{\"owner\":0,\"body\":\"nothing\"}");
    check_body(*state, "Content-Type: text/plain\r\n", T("{"), 200, "{\"owner\":0,\"body\":\"nothing\"}");
    check_body(
            *state, "Content-Type: application/jsonp\r\n", T("{"), 200, "{\"owner\":0,\"body\":\"nothing\"}");
    check_body(*state, "", T("{\"a\":1}"), 200, "{\"owner\":0,\"body\":\"nothing\"}");
}

static void F38_what_is_too_large_is_413_in_json(void **state)
{
    char body[1100];
    struct wire wire;
    memset(body, ' ', sizeof body);
    memcpy(body, "{}", 2);
    check_body(*state, JSON, deputy_slice_bytes(body, 1000), 200, "{\"owner\":0,\"body\":{}}");
    check_body(*state, JSON, deputy_slice_bytes(body, 1001), 413, TOO_LARGE);
    wire_open(&wire, ((struct framed *)*state)->served.port); /* in parts, without saying how much */
    wire_send_text(&wire, "POST /json" REST ASKED JSON "Transfer-Encoding: chunked\r\n" END "44c\r\n");
    wire_send(&wire, deputy_slice_bytes(body, 1100));
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 413);
    assert_text(reply.body, TOO_LARGE);
    wire_close(&wire);
}

/* Small as a text, large once it is read. */
static void F38_json_that_takes_too_much_memory_is_413(void **state)
{
    struct wire wire;
    char body[20000];
    memset(body, '0', sizeof body);
    for (size_t i = 2; i < sizeof body; i += 2)
        body[i] = ',';
    body[0] = '[';
    body[sizeof body - 2] = ' ';
    body[sizeof body - 1] = ']';
    wire_open(&wire, ((struct framed *)*state)->served.port);
    wire_send_text(&wire, "POST /wide" REST ASKED JSON "Content-Length: 20000\r\n" END);
    wire_send(&wire, deputy_slice_bytes(body, sizeof body));
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 413);
    assert_text(reply.body, TOO_LARGE);
    wire_close(&wire);
    assert_int_equal(handled, 0);
}

/* ---- what is not there ---- */

static void unknown_routes_methods_and_broken_requests_get_json(void **state)
{
    static const char nothing[] = "{\"error\":\"not_found\"}";
    check_answer(*state, GET "/nowhere" REST END, 404, nothing);
    check_answer(*state, GET "/" REST END, 404, nothing);
    check_answer(*state, GET "/open/more" REST END, 404, nothing);
    check_answer(*state, GET "/OPEN" REST END, 404, nothing);
    check_answer(*state, "POST /open" REST ASKED END, 404, nothing);
    check_answer(*state, "PATCH /open" REST ASKED END, 404, nothing);
    check_answer(*state, "PUT /open" REST ASKED END, 404, nothing);
    check_answer(*state, "DELETE /open" REST ASKED END, 404, nothing);
    check_answer(*state, "PROPFIND /open" REST ASKED END, 404, nothing);
    check_answer(*state, GET "/a%zz" REST END, 400, ERROR("bad_request", "Bad request"));
    check_answer(*state, GET "/forgetful" REST END, 500, ERROR("internal_error", "Internal error"));
}

static void subtle_a_slash_behind_a_route_changes_nothing(void **state)
{
    check_answer(*state, GET "/open/" REST END, 200, "{\"owner\":0,\"body\":null}");
    check_answer(*state, "DELETE /mine/" REST OWNER ASKED END, 200, "{\"owner\":49,\"body\":null}");
    check_answer(*state, GET "/open//" REST END, 404, NULL);
}

static void head_is_as_get_without_a_body(void **state)
{
    struct wire wire;
    wire_open(&wire, ((struct framed *)*state)->served.port);
    wire_send_text(&wire, "HEAD /open" REST END);
    struct wire_reply reply = wire_reply_head(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "content-type"), FRAME_JSON);
    wire_close(&wire);
}

/* ---- how often ---- */

static void check_limit(
        const struct framed *framed, const char *request, int status, const char *policy, const char *left)
{
    struct answer answer;
    struct wire_reply reply = ask(&answer, framed, request);
    if (reply.status != status)
        fail_msg("%s: %d", request, reply.status);
    assert_text(wire_header(&reply, "ratelimit-policy"), policy);
    assert_text(wire_header(&reply, "ratelimit"), left);
    if (status == 429)
        assert_text(wire_header(&reply, "retry-after"), strrchr(left, '=') + 1);
    wire_close(&answer.wire);
}

static void F10_writes_are_counted_by_owner_and_beside_the_rest(void **state)
{
    static const char write[] = "DELETE /mine" REST OWNER ASKED END;
    static const char moved[] = "DELETE /mine" REST OWNER ASKED "X-Forwarded-For: 192.0.2.77\r\n" END;
    check_limit(*state, write, 200, "2;w=900", "limit=2, remaining=1, reset=900");
    clock_sec += 10;
    check_limit(*state, moved, 200, "2;w=900", "limit=2, remaining=0, reset=890");
    check_limit(*state, moved, 429, "2;w=900", "limit=2, remaining=0, reset=890");
    check_answer(*state, write, 429, ERROR("rate_limited", "Too many delegation requests"));
    check_limit(*state, GET "/mine" REST OWNER END, 200, "40;w=900", "limit=40, remaining=35, reset=890");
    check_answer(*state, "DELETE /mine" REST "Authorization: owner2\r\n" ASKED END, 200, NULL);
    clock_sec += 890;
    check_limit(*state, write, 200, "2;w=900", "limit=2, remaining=1, reset=900");
}

static void F10_auth_is_counted_by_address(void **state)
{
    check_limit(*state, GET "/auth" REST END, 200, "3;w=900", "limit=3, remaining=2, reset=900");
    check_limit(*state, GET "/auth" REST OWNER END, 200, "3;w=900", "limit=3, remaining=1, reset=900");
    check_answer(*state, GET "/auth" REST END, 200, NULL);
    check_answer(*state, GET "/auth" REST END, 429, ERROR("rate_limited", "Too many auth requests"));
    check_answer(*state, GET "/auth" REST "X-Forwarded-For: 192.0.2.1\r\n" END, 200, NULL);
    check_limit(*state, GET "/open" REST END, 200, "40;w=900", "limit=40, remaining=35, reset=900");
}

static void F10_only_trusted_proxies_say_for_whom_they_ask(void **state)
{
    /* 192.0.2.5 asked 10.0.0.9, which asked 127.0.0.1; what stands before it is anybody's. */
    static const char chain[] =
            GET "/auth" REST "X-Forwarded-For: 198.51.100.9, 192.0.2.5\r\nX-Forwarded-For: 10.0.0.9\r\n" END;
    static const char forged[] =
            GET "/auth" REST "X-Forwarded-For: 198.51.100.10, 192.0.2.5 , 10.0.0.9\r\n" END;
    static const char other[] = GET "/auth" REST "X-Forwarded-For: 192.0.2.6, 10.0.0.9\r\n" END;
    static const char network[] = GET "/auth" REST "X-Forwarded-For: 2001:db8:0:1::1\r\n" END;
    static const char neighbour[] = GET "/auth" REST "X-Forwarded-For: 2001:db8:0:1:ffff::2\r\n" END;
    check_limit(*state, chain, 200, "3;w=900", "limit=3, remaining=2, reset=900");
    check_limit(*state, forged, 200, "3;w=900", "limit=3, remaining=1, reset=900");
    check_limit(*state, other, 200, "3;w=900", "limit=3, remaining=2, reset=900");
    check_limit(*state, network, 200, "3;w=900", "limit=3, remaining=2, reset=900");
    check_limit(*state, neighbour, 200, "3;w=900", "limit=3, remaining=1, reset=900");
}

/* The limits of owners are not to be used up by somebody without a token. */
static void F10_bad_tokens_count_with_the_general_limit_alone(void **state)
{
    static const char guess[] = "DELETE /mine" REST ASKED "Authorization: guess\r\n" END;
    check_limit(*state, guess, 401, "40;w=900", "limit=40, remaining=39, reset=900");
    check_limit(*state, guess, 401, "40;w=900", "limit=40, remaining=38, reset=900");
    check_limit(*state, guess, 401, "40;w=900", "limit=40, remaining=37, reset=900");
}

static void F10_general_limit_holds_for_bad_tokens_too_but_not_for_health(void **state)
{
    for (int i = 0; i < 39; i++)
        check_answer(*state, GET "/mine" REST "Authorization: guess\r\n" END, 401, BAD_TOKEN);
    check_answer(*state, GET "/nowhere" REST END, 404, NULL);
    check_answer(*state, GET "/mine" REST "Authorization: guess\r\n" END, 429,
            "Too many requests, please try again later.");
    check_answer(*state, GET "/mine" REST OWNER END, 200, NULL);
    for (int i = 0; i < 50; i++)
        check_answer(*state, GET "/health" REST END, 200, NULL);
}

#define FRAMED(function) cmocka_unit_test_setup_teardown(function, framed_start, framed_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRAMED(only_listed_origins_are_let_in_and_told_so),
            FRAMED(other_origins_get_403_without_cors_headers),
            FRAMED(a_preflight_is_answered_for_listed_origins_alone),
            FRAMED(F9_csrf_precedes_auth_and_reading_is_exempt),
            FRAMED(F8_subtle_bearer_is_read_in_any_case_and_a_bare_value_is_a_token),
            FRAMED(subtle_bodies_that_two_readers_could_differ_on_are_invalid_json),
            FRAMED(only_json_is_read_and_the_rest_counts_as_nothing),
            FRAMED(F38_what_is_too_large_is_413_in_json),
            FRAMED(F38_json_that_takes_too_much_memory_is_413),
            FRAMED(unknown_routes_methods_and_broken_requests_get_json),
            FRAMED(subtle_a_slash_behind_a_route_changes_nothing),
            FRAMED(head_is_as_get_without_a_body),
            FRAMED(F10_writes_are_counted_by_owner_and_beside_the_rest),
            FRAMED(F10_auth_is_counted_by_address),
            FRAMED(F10_only_trusted_proxies_say_for_whom_they_ask),
            FRAMED(F10_bad_tokens_count_with_the_general_limit_alone),
            FRAMED(F10_general_limit_holds_for_bad_tokens_too_but_not_for_health),
    };
    return cmocka_run_group_tests_name("backend.frame", tests, NULL, NULL);
}
