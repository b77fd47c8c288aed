/* Asking the agent, which here is the simulator in a thread of its own; and answers that no agent gives. */
#include "agent/client.h"
#include "agent/simulate.h"
#include "attest/attestation.h"
#include "http/serve.h"
#include "support/hex.h"
#include <stdio.h>

static struct served served;
static struct agent agent;
static char url[64];

static int64_t now(void)
{
    return 1785600000;
}

static int serve_agent(void **state)
{
    static struct deputy_arena *arena;
    struct deputy_refusal refusal;
    const struct http_config config = {0};
    size_t count;
    const struct http_route *routes = simulate_routes(&count);
    (void)state;
    arena = check_arena();
    const struct fixture_files files = {
            .app_keys = check_data(arena, "attestation/dstack/simulator_appkeys.json"),
            .app_compose = check_data(arena, "attestation/dstack/simulator_app_compose.json"),
            .sys_config = check_data(arena, "attestation/dstack/simulator_sys_config.json"),
            .attestation = check_data(arena, "attestation/dstack/simulator_attestation_v0.bin")};
    agent.now = now;
    assert_ok(fixture_read(arena, &agent.fixture, &refusal, &files));
    serve(&served, &config, routes, count, &agent);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)served.port);
    *state = arena;
    return 0;
}

static int end_agent(void **state)
{
    served_end(&served);
    deputy_arena_destroy(*state);
    return 0;
}

static struct agent_place here(void)
{
    static char *nothing[] = {NULL};
    return agent_find(url, nothing);
}

static void quote_is_bound_to_what_was_asked(void **state)
{
    enum { AT_REPORT_DATA = 568 };
    struct agent_place place = here();
    struct agent_quote quote;
    struct deputy_refusal refusal;
    uint8_t report_data[REPORT_DATA_BYTES];
    memset(report_data, 0x5a, sizeof report_data);
    assert_ok(agent_get_quote(*state, &quote, &refusal, &place, report_data));
    assert_memory_equal(quote.quote.ptr + AT_REPORT_DATA, report_data, sizeof report_data);
    assert_memory_equal(quote.event_log.ptr, "[{\"imr\":0", 9);
    assert_memory_equal(quote.vm_config.ptr, "{\"os_image_hash\"", 16);
    assert_true(quote.attestation.len > quote.quote.len);
}

/* The key, and that its chain leads to the KMS of the known answer. */
static void key_of_a_path_comes_with_its_chain(void **state)
{
    struct agent_place place = here();
    struct agent_key key;
    struct deputy_refusal refusal;
    uint8_t public_key[DSTACK_ROOT_BYTES];
    struct deputy_slice root =
            check_hex(*state, "0321529e458424ab1f710a3a57ec4dad2fb195ddca572f7469242ba6c7563085b6");
    assert_ok(agent_get_key(*state, &key, &refusal, &place, T("tinycloud/keys/primary"), T("a:b")));
    assert_hex(key.key, sizeof key.key, "7f01d12df0a7ceccdd3fd91693d0a8af082d94ad96b01a5d9274c6ea585dda48");
    assert_ok(dstack_public_key(public_key, DSTACK_SECP256K1, key.key));
    struct dstack_roots roots = {&root, 1};
    struct dstack_claim claim = {.algorithm = DSTACK_SECP256K1,
            .public_key = deputy_slice_bytes(public_key, sizeof public_key),
            .purpose = T("a:b"),
            .app_id = check_hex(*state, "5bb4ff9a3837357f19dc176407a5709c62eb6c56"),
            .app_signature = key.app_signature,
            .kms_signature = key.kms_signature};
    assert_ok(dstack_claim_verify(*state, &claim, &roots));
    claim.purpose = T("a");
    assert_int_equal(dstack_claim_verify(*state, &claim, &roots), DEPUTY_E_KEYS_CHAIN);
}

static void key_is_given_only_where_a_trusted_kms_issued_it(void **state)
{
    struct agent_place place = here();
    struct agent_key key;
    struct deputy_refusal refusal;
    const struct agent_key none = {.app_signature = {0}};
    struct deputy_slice root =
            check_hex(*state, "0321529e458424ab1f710a3a57ec4dad2fb195ddca572f7469242ba6c7563085b6");
    struct deputy_slice other =
            check_hex(*state, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    struct dstack_roots roots = {&root, 1}, others = {&other, 1}, no_roots = {&root, 0};
    struct dstack_claim wanted = {.algorithm = DSTACK_SECP256K1,
            .purpose = T("server"),
            .app_id = check_hex(*state, "5bb4ff9a3837357f19dc176407a5709c62eb6c56")};
    assert_ok(agent_get_proven_key(*state, &key, &refusal, &place, &wanted, T("a"), &roots));
    assert_int_equal(agent_get_proven_key(*state, &key, &refusal, &place, &wanted, T("a"), &others),
            DEPUTY_E_KEYS_CHAIN);
    assert_memory_equal(&key, &none, sizeof key);
    assert_int_equal(agent_get_proven_key(*state, &key, &refusal, &place, &wanted, T("a"), &no_roots),
            DEPUTY_E_KEYS_CHAIN);
    wanted.algorithm = DSTACK_ED25519;
    assert_ok(agent_get_proven_key(*state, &key, &refusal, &place, &wanted, T("a"), &roots));
    wanted.app_id = check_hex(*state, "0000000000000000000000000000000000000000");
    assert_int_equal(agent_get_proven_key(*state, &key, &refusal, &place, &wanted, T("a"), &roots),
            DEPUTY_E_KEYS_CHAIN);
}

static void attestation_is_readable_and_agents_tell_who_they_are(void **state)
{
    struct agent_place places[] = {here(), here()};
    struct deputy_slice attestation;
    struct deputy_refusal refusal;
    const uint8_t report_data[REPORT_DATA_BYTES] = {7};
    struct attestation view;
    assert_ok(agent_get_attestation(*state, &attestation, &refusal, &places[0], report_data));
    assert_ok(attestation_parse(*state, &view, attestation));
    assert_memory_equal(view.report_data, report_data, sizeof report_data);
    places[1].legacy = true;
    assert_int_equal(agent_get_attestation(*state, &attestation, &refusal, &places[1], report_data),
            DEPUTY_E_ARGUMENT);
    for (size_t i = 0; i < 2; i++) {
        struct agent_info info;
        struct agent_version version;
        assert_ok(agent_get_info(*state, &info, &refusal, &places[i]));
        assert_text(info.app_id, "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
        assert_true(info.tcb_info.len > 0 && info.vm_config.len > 0);
        assert_ok(agent_get_version(*state, &version, &refusal, &places[i]));
        assert_true(version.version.len > 0 && version.revision.len > 0);
    }
}

static void what_the_agent_says_against_it_is_told(void **state)
{
    struct agent_place place = here();
    struct agent_key key;
    struct deputy_refusal refusal;
    struct deputy_slice path = deputy_slice_bytes(agent.fixture.app_compose.ptr, 1000);
    struct deputy_slice long_path = check_data(*state, "attestation/dstack/simulator_event_log.json");
    assert_ok(agent_get_key(*state, &key, &refusal, &place, path, T("")));
    enum deputy_error error = agent_get_key(*state, &key, &refusal, &place, long_path, T(""));
    assert_int_equal(error, DEPUTY_E_AGENT_CALL);
    assert_true(refusal.args[0].len > 0);
}

static void agent_that_is_not_there_is_no_answer(void **state)
{
    struct agent_place place = {.socket = "/nonexistent/agent.sock", .url = "http://localhost"};
    struct agent_quote quote;
    struct deputy_refusal refusal;
    const uint8_t report_data[REPORT_DATA_BYTES] = {0};
    assert_int_equal(agent_get_quote(*state, &quote, &refusal, &place, report_data), DEPUTY_E_HTTP_CONNECT);
}

/* ---- where the agent is ---- */

static void place_is_the_given_one_then_the_variable_then_a_socket(void **state)
{
    static char *nothing[] = {NULL};
    static char *set[] = {"OTHER=1", "DSTACK_SIMULATOR_ENDPOINT=/tmp/a.sock", NULL};
    static char *web[] = {"DSTACK_SIMULATOR_ENDPOINT=https://host:1", NULL};
    static char *older[] = {"TAPPD_SIMULATOR_ENDPOINT=/tmp/t.sock", NULL};
    static char *both[] = {
            "TAPPD_SIMULATOR_ENDPOINT=/tmp/t.sock", "DSTACK_SIMULATOR_ENDPOINT=/tmp/a.sock", NULL};
    static char *empty[] = {"DSTACK_SIMULATOR_ENDPOINT=", NULL};
    (void)state;
    assert_string_equal(agent_find("/x.sock", set).socket, "/x.sock");
    assert_null(agent_find("http://host:1", set).socket);
    assert_string_equal(agent_find("http://host:1", set).url, "http://host:1");
    assert_string_equal(agent_find(NULL, set).socket, "/tmp/a.sock");
    assert_string_equal(agent_find(NULL, web).url, "https://host:1");
    assert_non_null(agent_find(NULL, empty).socket);
    assert_false(agent_find(NULL, empty).named);
    assert_true(agent_find(NULL, set).named && agent_find(NULL, set).there && !agent_find(NULL, set).legacy);
    assert_string_equal(agent_find(NULL, older).socket, "/tmp/t.sock");
    assert_true(agent_find(NULL, older).legacy && agent_find(NULL, older).named);
    assert_string_equal(agent_find(NULL, both).socket, "/tmp/a.sock");
    assert_non_null(strstr(agent_find(NULL, nothing).socket, "dstack.sock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(quote_is_bound_to_what_was_asked),
            ARENA_TEST(key_of_a_path_comes_with_its_chain),
            ARENA_TEST(key_is_given_only_where_a_trusted_kms_issued_it),
            ARENA_TEST(attestation_is_readable_and_agents_tell_who_they_are),
            ARENA_TEST(what_the_agent_says_against_it_is_told),
            ARENA_TEST(agent_that_is_not_there_is_no_answer),
            ARENA_TEST(place_is_the_given_one_then_the_variable_then_a_socket),
    };
    return cmocka_run_group_tests_name("agent.client", tests, serve_agent, end_agent);
}
