/* The backend of the Listen app, as its running reference was recorded (tests/data/golden-listen.json). */
#ifndef BACKEND_LISTEN_H
#define BACKEND_LISTEN_H

#include "backend/policy.h"
#include "base/json.h"
#include "support/check.h"
#include <deputy/did.h>
#include <string.h>

#define LISTEN_APP "xyz.tinycloud.listen"
#define LISTEN_DID "did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define LISTEN_OWNER "0xDc0457D43ca88699685f2DF52754259054977828"

struct listen {
    struct deputy_arena *arena;
    const struct json_value *golden;
    const struct json_value *info; /* body of server-info */
    struct backend_policy policy;
};

static inline const struct json_value *listen_exchange(const struct listen *listen, const char *name)
{
    JSON_EACH (exchange, json_member(listen->golden, "exchanges")) {
        if (json_text_is(json_member(exchange, "name"), name))
            return exchange;
    }
    fail_msg("no exchange %s", name);
    return NULL;
}

static inline int listen_setup(void **state)
{
    static struct listen listen;
    struct deputy_refusal refusal;
    listen.arena = check_arena();
    assert_ok(json_parse(listen.arena, &listen.golden, check_data(listen.arena, "golden-listen.json")));
    const struct json_value *response = json_member(listen_exchange(&listen, "server-info"), "response");
    listen.info = json_member(response, "body");
    assert_ok(backend_policy_read(listen.arena, &listen.policy, &refusal, T(LISTEN_APP),
            json_member(listen.info, "permissions")->raw, true));
    *state = &listen;
    return 0;
}

static inline int listen_teardown(void **state)
{
    struct listen *listen = *state;
    deputy_arena_destroy(listen->arena);
    return 0;
}

#define LISTEN_TEST(function) cmocka_unit_test_setup_teardown(function, listen_setup, listen_teardown)

static inline struct backend_wants listen_wants(struct listen *listen, const char *owner)
{
    struct backend_wants wants;
    struct deputy_refusal refusal;
    uint8_t address[20];
    assert_ok(deputy_address_parse(address, T(owner)));
    assert_ok(backend_policy_for(listen->arena, &wants, &refusal, &listen->policy, address));
    return wants;
}

#endif
