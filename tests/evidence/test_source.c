/* Which source is asked, and that it is asked alone: spec/08 section 1.5, end. */
#include "agent/simulate.h"
#include "base/codec.h"
#include "evidence/source.h"
#include "http/serve.h"
#include "kernel_kit.h"
#include <stdio.h>
#include <unistd.h>

static const uint8_t asked[REPORT_DATA_BYTES] = {1, 2, 3};
static char *nothing[] = {NULL};

/* An agent behind a URL, played by these routes. */
struct world {
    struct served served;
    struct kernel_kit kit;
    char url[64];
    struct source source;
    struct source_evidence out;
    struct deputy_refusal refusal;
};

static void world_begin(struct world *world, const struct http_route *routes, size_t count, void *app)
{
    const struct http_config config = {0};
    serve(&world->served, &config, routes, count, app);
    snprintf(world->url, sizeof world->url, "http://127.0.0.1:%u", (unsigned)world->served.port);
    kit_begin(&world->kit);
    world->source = (struct source){agent_find(world->url, nothing), world->kit.kernel};
}

static void world_end(struct world *world)
{
    kit_end(&world->kit);
    served_end(&world->served);
}

static enum deputy_error ask(struct deputy_arena *arena, struct world *world)
{
    return source_ask(arena, &world->out, &world->refusal, &world->source, asked);
}

/* ---- the simulator as the agent ---- */

static int64_t now(void)
{
    return 1785600000;
}

static void fixture_load(struct deputy_arena *arena, struct agent *agent)
{
    struct deputy_refusal refusal;
    const struct fixture_files files = {
            .app_keys = check_data(arena, "attestation/dstack/simulator_appkeys.json"),
            .app_compose = check_data(arena, "attestation/dstack/simulator_app_compose.json"),
            .sys_config = check_data(arena, "attestation/dstack/simulator_sys_config.json"),
            .attestation = check_data(arena, "attestation/dstack/simulator_attestation_v0.bin")};
    agent->now = now;
    assert_ok(fixture_read(arena, &agent->fixture, &refusal, &files));
}

static void agent_is_asked_before_the_kernel(void **state)
{
    static struct agent agent;
    struct world world;
    size_t count;
    const struct http_route *routes = simulate_routes(&count);
    fixture_load(*state, &agent);
    world_begin(&world, routes, count, &agent);
    kit_play(&world.kit, *state, "tdx_guest\n", PLAY_TRUE);
    assert_ok(ask(*state, &world));
    assert_true(world.out.from_agent);
    assert_memory_equal(world.out.agent.quote.ptr + 568, asked, sizeof asked);
    world_end(&world);
}

static void older_agent_is_asked_in_its_own_words(void **state)
{
    static struct agent agent;
    struct world world;
    size_t count;
    char variable[96];
    char *environ[] = {variable, NULL};
    const struct http_route *routes = simulate_routes(&count);
    fixture_load(*state, &agent);
    world_begin(&world, routes, count, &agent);
    snprintf(variable, sizeof variable, "TAPPD_SIMULATOR_ENDPOINT=%s", world.url);
    world.source.agent = agent_find(NULL, environ);
    assert_true(world.source.agent.legacy && world.source.agent.named);
    assert_ok(ask(*state, &world));
    assert_memory_equal(world.out.agent.quote.ptr + 568, asked, sizeof asked);
    assert_true(world.out.agent.event_log.len > 0);
    world_end(&world);
}

/* ---- agents that fail ---- */

static enum http_flow answer_text(struct http_exchange *x, void *app)
{
    http_reply(x, 200, "application/json", *(const struct deputy_slice *)app);
    return HTTP_DONE;
}

static enum http_flow answer_error(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply(x, 400, "application/json", T("{\n  \"error\": \"Failed to get quote: none\"\n}"));
    return HTTP_DONE;
}

static enum deputy_error error_of(struct deputy_arena *arena, http_handler *handler, const char *text)
{
    const struct http_route routes[] = {{HTTP_METHOD_POST, "/GetQuote", HTTP_BODY_WHOLE, 4096, handler}};
    struct deputy_slice body = T(text);
    struct world world;
    world_begin(&world, routes, 1, &body);
    kit_play(&world.kit, arena, "tdx_guest\n", PLAY_TRUE);
    enum deputy_error error = ask(arena, &world);
    assert_true(world.out.from_agent);
    world_end(&world);
    return error;
}

#define ECHO                                                                                                 \
    "\"event_log\":\"[]\",\"vm_config\":\"{}\",\"report_data\":"                                             \
    "\"0102030000000000000000000000000000000000000000000000000000000000"                                     \
    "0000000000000000000000000000000000000000000000000000000000000000\""

static void agent_that_gives_nothing_leaves_no_choice(void **state)
{
    assert_int_equal(error_of(*state, answer_error, ""), DEPUTY_E_AGENT_CALL);
    assert_int_equal(error_of(*state, answer_text, "{}"), DEPUTY_E_AGENT_ANSWER);
    assert_int_equal(error_of(*state, answer_text, "[]"), DEPUTY_E_AGENT_ANSWER);
}

static void quote_that_does_not_keep_what_the_agent_says_is_refused(void **state)
{
    static const char *const answers[] = {"{\"quote\":\"\"," ECHO "}", "{\"quote\":\"00\"," ECHO "}",
            "{\"quote\":\"\",\"attestation\":\"00\"," ECHO "}"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        assert_int_not_equal(error_of(*state, answer_text, answers[i]), DEPUTY_OK);
    struct deputy_slice quote = check_data(*state, "attestation/intel/tdx_v4_b0c06f.quote.bin"), text;
    struct buf out = buf_make(*state, 64 * 1024);
    buf_put_text(&out, "{\"quote\":\"");
    hex_put(&out, quote);
    buf_put_text(&out, "\"," ECHO "}");
    buf_put_byte(&out, '\0');
    assert_ok(buf_finish(&out, &text));
    assert_int_equal(error_of(*state, answer_text, (const char *)text.ptr), DEPUTY_E_SOURCE_BINDING);
}

static void agent_that_was_named_and_is_not_there_is_an_error(void **state)
{
    struct world world;
    const struct http_route routes[] = {{HTTP_METHOD_POST, "/x", HTTP_BODY_NONE, 0, answer_error}};
    world_begin(&world, routes, 1, NULL);
    kit_play(&world.kit, *state, "tdx_guest\n", PLAY_TRUE);
    world.source.agent = agent_find("/nonexistent/agent.sock", nothing);
    assert_int_equal(ask(*state, &world), DEPUTY_E_HTTP_CONNECT);
    world_end(&world);
}

/* ---- no agent ---- */

static void kernel_is_asked_where_no_agent_is(void **state)
{
    struct world world;
    const struct http_route routes[] = {{HTTP_METHOD_POST, "/x", HTTP_BODY_NONE, 0, answer_error}};
    world_begin(&world, routes, 1, NULL);
    world.source.agent = (struct agent_place){.socket = "/nonexistent", .url = "http://localhost"};
    assert_int_equal(ask(*state, &world), DEPUTY_E_SOURCE_NONE);
    kit_play(&world.kit, *state, "tdx_guest\n", PLAY_TRUE);
    assert_ok(ask(*state, &world));
    assert_false(world.out.from_agent);
    assert_memory_equal(world.out.kernel.quote.ptr + 568, asked, sizeof asked);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(agent_is_asked_before_the_kernel),
            ARENA_TEST(older_agent_is_asked_in_its_own_words),
            ARENA_TEST(agent_that_gives_nothing_leaves_no_choice),
            ARENA_TEST(quote_that_does_not_keep_what_the_agent_says_is_refused),
            ARENA_TEST(agent_that_was_named_and_is_not_there_is_an_error),
            ARENA_TEST(kernel_is_asked_where_no_agent_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
