/* The requests of a sign-in one by one, and how each answer of the node that is not the hoped-for one ends
 * it. */
#include "grant/kit.h"
#include <deputy/signin_flow.h>

#define INFO "{\"protocol\":1}"
#define SKIPPED "{\"activated\":[],\"skipped\":[\"" KIT_SPACE "\"]}"
#define PEER "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"

struct walk {
    struct deputy_flow flow;
    struct deputy_refusal refusal;
    struct deputy_flow_request request;
};

static struct walk walk_start(struct kit *kit, const struct deputy_plan *plan)
{
    struct walk walk = {.flow = deputy_flow_start(&kit->session, plan)};
    assert_ok(deputy_flow_next(kit->arena, &walk.request, &walk.flow));
    return walk;
}

static enum deputy_error walk_answer(struct kit *kit, struct walk *walk, int status, const char *body)
{
    enum deputy_error result = deputy_flow_answer(kit->arena, &walk->flow, &walk->refusal, status, T(body));
    assert_int_equal(walk->refusal.code, result);
    assert_ok(deputy_flow_next(kit->arena, &walk->request, &walk->flow));
    return result;
}

/* Brings the walk to the step, with a node that lacks the space and the network. */
static struct walk walk_to(struct kit *kit, enum deputy_flow_step step)
{
    struct walk walk = walk_start(kit, &kit->plan);
    while (walk.flow.step != step) {
        switch (walk.flow.step) {
        case DEPUTY_FLOW_INFO:
            assert_ok(walk_answer(kit, &walk, 200, INFO));
            break;
        case DEPUTY_FLOW_SESSION:
            assert_ok(walk_answer(kit, &walk, 200, SKIPPED));
            break;
        case DEPUTY_FLOW_PEER:
            assert_ok(walk_answer(kit, &walk, 200, PEER));
            break;
        case DEPUTY_FLOW_SIGN_HOST:
            deputy_flow_hosted(&walk.flow, T("host-header"));
            break;
        case DEPUTY_FLOW_NETWORK:
            assert_ok(walk_answer(kit, &walk, 404, "none"));
            break;
        default:
            assert_ok(walk_answer(kit, &walk, 200, "{}"));
            break;
        }
    }
    assert_ok(deputy_flow_next(kit->arena, &walk.request, &walk.flow));
    return walk;
}

static void first_sign_in_makes_space_and_network(void **state)
{
    static const struct {
        enum deputy_flow_step step;
        const char *method;
        const char *path;
    } steps[] = {{DEPUTY_FLOW_INFO, "GET", "/info"}, {DEPUTY_FLOW_SESSION, "POST", "/delegate"},
            {DEPUTY_FLOW_PEER, "GET",
                    "/peer/generate/tinycloud%3Apkh%3Aeip155%3A1%3A" KIT_OWNER "%3Aapplications"},
            {DEPUTY_FLOW_HOST, "POST", "/delegate"}, {DEPUTY_FLOW_SESSION_AGAIN, "POST", "/delegate"},
            {DEPUTY_FLOW_NETWORK, "GET",
                    "/encryption/networks/urn%3Atinycloud%3Aencryption%3Adid%3Apkh%3Aeip155%3A1%3A" KIT_OWNER
                    "%3Adefault"},
            {DEPUTY_FLOW_NETWORK_CREATE, "POST", "/encryption/networks"}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct walk walk = walk_to(kit, steps[i].step);
        assert_int_equal(walk.request.step, steps[i].step);
        assert_string_equal(walk.request.method, steps[i].method);
        assert_text(walk.request.path, steps[i].path);
    }
}

static void headers_and_networks_belong_to_their_steps(void **state)
{
    struct kit *kit = *state;
    assert_slice(walk_to(kit, DEPUTY_FLOW_SESSION).request.authorization, kit->session.authority.header);
    assert_slice(
            walk_to(kit, DEPUTY_FLOW_SESSION_AGAIN).request.authorization, kit->session.authority.header);
    assert_text(walk_to(kit, DEPUTY_FLOW_HOST).request.authorization, "host-header");
    assert_text(walk_to(kit, DEPUTY_FLOW_NETWORK).request.network, KIT_NETWORK);
    assert_text(walk_to(kit, DEPUTY_FLOW_NETWORK_CREATE).request.network, KIT_NETWORK);
    assert_text(walk_to(kit, DEPUTY_FLOW_SIGN_HOST).flow.peer, PEER);
    struct walk done = walk_to(kit, DEPUTY_FLOW_DONE);
    assert_int_equal(done.request.step, DEPUTY_FLOW_DONE);
    assert_false(deputy_slice_present(done.request.path));
}

static void known_space_needs_one_prompt(void **state)
{
    static const char *const bodies[] = {"bafkr4iflnaltaqhnwhbpdxqtk5doardpqxhql6gi2lyrescrhzhbv7bk34",
            "{\"activated\":[\"" KIT_SPACE "\"],\"skipped\":[]}", "{\"skipped\":\"" KIT_SPACE "\"}",
            "{\"skipped\":[\"" KIT_SPACE "x\",1,null]}", "[]", ""};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct walk walk = walk_start(kit, NULL);
        assert_ok(walk_answer(kit, &walk, 200, INFO));
        assert_ok(walk_answer(kit, &walk, 204, bodies[i]));
        assert_int_equal(walk.request.step, DEPUTY_FLOW_DONE);
    }
}

static void unknown_space_may_be_404(void **state)
{
    struct kit *kit = *state;
    struct walk walk = walk_to(kit, DEPUTY_FLOW_SESSION);
    assert_ok(walk_answer(kit, &walk, 404, "no such space"));
    assert_int_equal(walk.request.step, DEPUTY_FLOW_PEER);
}

/* Each step with the answer that ends the sign-in there, and the text. */
static void unhoped_answer_ends_the_sign_in(void **state)
{
    static const struct {
        enum deputy_flow_step step;
        int status;
        const char *body;
        enum deputy_error code;
        const char *text;
    } rows[] = {{DEPUTY_FLOW_INFO, 500, INFO, DEPUTY_E_NODE_PROTOCOL, "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 199, INFO, DEPUTY_E_NODE_PROTOCOL, "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 300, INFO, DEPUTY_E_NODE_PROTOCOL, "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 200, "", DEPUTY_E_NODE_PROTOCOL, "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 200, "{}", DEPUTY_E_NODE_PROTOCOL, "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 200, "{\"protocol\":2}", DEPUTY_E_NODE_PROTOCOL,
                    "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 200, "{\"protocol\":\"1\"}", DEPUTY_E_NODE_PROTOCOL,
                    "the node does not speak protocol 1"},
            {DEPUTY_FLOW_INFO, 200, "{\"protocol\":1,\"protocol\":1}", DEPUTY_E_NODE_PROTOCOL,
                    "the node does not speak protocol 1"},
            {DEPUTY_FLOW_SESSION, 401, "no", DEPUTY_E_ACTIVATE_SESSION, "Failed to activate session: no"},
            {DEPUTY_FLOW_PEER, 502, "gone", DEPUTY_E_NODE_PEER, "Failed to get peer ID: 502 - gone"},
            {DEPUTY_FLOW_HOST, 500, "x", DEPUTY_E_SPACE_NOT_CREATED, "Failed to create space: " KIT_SPACE},
            {DEPUTY_FLOW_SESSION_AGAIN, 404, "still none", DEPUTY_E_ACTIVATE_AGAIN,
                    "Failed to activate session after creating space: still none"},
            {DEPUTY_FLOW_SESSION_AGAIN, 200, SKIPPED, DEPUTY_E_SPACE_NOT_CREATED,
                    "Failed to create space: " KIT_SPACE},
            {DEPUTY_FLOW_NETWORK, 500, "down", DEPUTY_E_NODE_NETWORK,
                    "the network " KIT_NETWORK " cannot be had: down"},
            {DEPUTY_FLOW_NETWORK_CREATE, 404, "none", DEPUTY_E_NODE_NETWORK,
                    "the network " KIT_NETWORK " cannot be had: none"},
            {DEPUTY_FLOW_SIGN_HOST, 200, "", DEPUTY_E_ARGUMENT, NULL},
            {DEPUTY_FLOW_DONE, 200, "", DEPUTY_E_ARGUMENT, NULL}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct walk walk = walk_to(kit, rows[i].step);
        assert_int_equal(walk_answer(kit, &walk, rows[i].status, rows[i].body), rows[i].code);
        assert_int_equal(walk.flow.step, rows[i].step);
        if (rows[i].text != NULL)
            assert_text(kit_text(kit->arena, &walk.refusal), rows[i].text);
    }
}

/* A network that is only used, or that another action than decrypt is asked for, is not looked after. */
static void foreign_network_is_left_alone(void **state)
{
    static const struct deputy_slice decrypt[] = {
            {(const uint8_t *)"tinycloud.encryption/decrypt", sizeof "tinycloud.encryption/decrypt" - 1}};
    static const struct deputy_slice create[] = {{(const uint8_t *)"tinycloud.encryption/network.create",
            sizeof "tinycloud.encryption/network.create" - 1}};
    struct kit *kit = *state;
    struct deputy_ability_row raw[] = {
            {T("encryption"), T(KIT_NETWORK), decrypt, 1}, {T("encryption"), T(KIT_NETWORK), create, 1}};
    struct deputy_plan plan = kit->plan;
    plan.raw = raw;
    plan.raw_count = 2;
    struct walk walk = walk_start(kit, &plan);
    assert_ok(walk_answer(kit, &walk, 200, INFO));
    assert_ok(walk_answer(kit, &walk, 200, "{}"));
    assert_int_equal(walk.request.step, DEPUTY_FLOW_DONE);
}

/* A node's path component is percent-encoded like encodeURIComponent does it. */
static void path_parts_are_encoded(void **state)
{
    struct kit *kit = *state;
    struct deputy_flow flow = deputy_flow_start(&kit->session, NULL);
    struct deputy_flow_request request;
    kit->session.authority.space = T("aZ09-_.!~*'()/ \xc3\xa4%:");
    flow.step = DEPUTY_FLOW_PEER;
    assert_ok(deputy_flow_next(kit->arena, &request, &flow));
    assert_text(request.path, "/peer/generate/aZ09-_.!~*'()%2F%20%C3%A4%25%3A");
    static char endless[5000];
    memset(endless, 'a', sizeof endless - 1);
    kit->session.authority.space = T(endless);
    assert_int_equal(deputy_flow_next(kit->arena, &request, &flow), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(first_sign_in_makes_space_and_network),
            KIT_TEST(headers_and_networks_belong_to_their_steps), KIT_TEST(known_space_needs_one_prompt),
            KIT_TEST(unknown_space_may_be_404), KIT_TEST(unhoped_answer_ends_the_sign_in),
            KIT_TEST(foreign_network_is_left_alone), KIT_TEST(path_parts_are_encoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
