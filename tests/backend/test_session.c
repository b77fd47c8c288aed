/* Grants taken into use: what is asked of the node for them, how often, and what comes of each answer
 * (spec/07 sections A10, A11, E15 to E18). */
#include "backend/node_kit.h"
#include "backend/session_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked of the node ---- */

/* The node does not know the owner's word before the backend shows it. */
static void A11_owners_word_is_shown_to_a_node_that_does_not_know_it(void **state)
{
    struct kit *kit = *state;
    const struct deputy_token *token = kit_grant(kit);
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegates(kit), 3);
    assert_true(deputy_cid_equal(&kit_delegated(kit, 1)->cid, &token->cid));
    assert_true(deputy_cid_equal(&kit_delegated(kit, 0)->cid, &kit_delegated(kit, 2)->cid));
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegates(kit), 3);
    assert_int_equal(kit_at_hand(kit), 1);
}

static void A11_node_that_knows_it_is_asked_once(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegates(kit), 1);
}

static void F25_hands_on_for_an_hour_to_the_session_key_under_the_grant(void **state)
{
    struct kit *kit = *state;
    const struct deputy_token *grant = kit_grant(kit);
    issuer_store(kit->issuer, grant);
    kit_is_good(kit_open(kit));
    const struct deputy_token *token = kit_delegated(kit, 0);
    struct deputy_principal key = deputy_principal_of(kit->backend.session.did);
    assert_int_equal(token->kind, DEPUTY_TOKEN_CACAO);
    assert_int_equal(token->proof_count, 1);
    assert_true(deputy_cid_equal(&token->proofs[0].cid, &grant->cid));
    assert_true(deputy_principal_equal(&token->audience, &key));
    assert_true(token->window.has_expiry);
    assert_int_equal(token->window.expiry.sec, ISSUER_NOW + SESSION_LIFE_S);
}

static void E17_no_longer_than_the_grant(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    kit_set_now(kit, (struct deputy_time){ISSUER_T1 - 600, 0});
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegated(kit, 0)->window.expiry.sec, ISSUER_T1);
}

static bool names(const struct deputy_token *token, const char *resource, const char *ability)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        if (deputy_slice_equal(token->capabilities[i].resource.written, T(resource)) &&
                deputy_slice_equal(token->capabilities[i].ability, T(ability)))
            return true;
    }
    return false;
}

/* The owner gives more than was asked: more paths, more actions, another service. */
static void E15_over_delegation_is_not_taken_into_use(void **state)
{
    struct kit *kit = *state;
    struct issuer *issuer = kit->issuer;
    const char *key = issuer_text(issuer, "tinycloud:{o}:secrets/kv/vault/secrets/API_KEY", NULL);
    const char *network = issuer_text(issuer, "urn:tinycloud:encryption:{O}:default", NULL);
    const char *secrets = issuer_text(issuer, "tinycloud:{o}:secrets/", NULL);
    char wide[160], read[160];
    snprintf(wide, sizeof wide, "%skv", secrets);
    snprintf(read, sizeof read, "%scapabilities", secrets);
    const struct issuer_cap more[] = {{"SP/kv", "tinycloud.kv/get", NULL},
            {"SP/kv", "tinycloud.kv/put", NULL}, {"SP/kv", "tinycloud.kv/del", NULL},
            {"SP/sql", "tinycloud.sql/*", NULL}, {"SP/capabilities", "tinycloud.capabilities/read", NULL},
            {wide, "tinycloud.kv/get", NULL}, {wide, "tinycloud.kv/put", NULL},
            {read, "tinycloud.capabilities/read", NULL}, {network, "tinycloud.encryption/decrypt", NULL},
            {network, "tinycloud.encryption/network.create", NULL}, {NULL, NULL, NULL}};
    struct issuer_plan root = issuer_root_plan();
    root.more_caps = more;
    struct issuer_plan plan = kit_plan(kit, issuer_stored(issuer, root));
    plan.more_caps = more;
    kit_keep(kit, kit_wrapped(kit, issuer_delegation(issuer, plan)));
    kit_is_good(kit_open(kit));
    const struct deputy_token *token = kit_delegated(kit, 0);
    assert_int_equal(token->capability_count, 7);
    assert_true(names(token, issuer_text(issuer, "SP/kv/notes/", NULL), "tinycloud.kv/get"));
    assert_true(names(token, issuer_text(issuer, "SP/kv/notes/", NULL), "tinycloud.kv/put"));
    assert_true(names(token, issuer_text(issuer, "SP/capabilities", NULL), "tinycloud.capabilities/read"));
    assert_true(names(token, key, "tinycloud.kv/get"));
    assert_true(names(token, key, "tinycloud.kv/put"));
    assert_true(names(token, read, "tinycloud.capabilities/read"));
    assert_true(names(token, network, "tinycloud.encryption/decrypt"));
}

/* A client makes one delegation a space: each is handed on by itself, one after the other. */
static void A11_each_delegation_of_a_bundle_is_handed_on_by_itself(void **state)
{
    struct kit *kit = *state;
    struct issuer *issuer = kit->issuer;
    const struct deputy_token *root = kit_root(kit);
    struct issuer_plan first = kit_plan(kit, root), second = first, idle = first;
    memset(&first.caps[3], 0, sizeof first.caps - 3 * sizeof first.caps[0]);
    memmove(&second.caps[0], &second.caps[3], 5 * sizeof second.caps[0]);
    memset(&idle.caps[1], 0, sizeof idle.caps - sizeof idle.caps[0]);
    const struct deputy_token *tokens[] = {issuer_delegation(issuer, first),
            issuer_delegation(issuer, second), issuer_delegation(issuer, idle)};
    struct deputy_portable portables[3] = {{.json = kit_wrapped(kit, tokens[0])},
            {.json = kit_wrapped(kit, tokens[1])}, {.json = kit_wrapped(kit, tokens[2])}};
    struct deputy_slice bundle;
    assert_ok(deputy_bundle_format(issuer->arena, &bundle, portables, 3));
    issuer_store(issuer, tokens[0]);
    issuer_store(issuer, tokens[1]);
    kit_keep(kit, bundle);
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegates(kit), 2); /* the third gives nothing that the others do not */
    assert_int_equal(kit->node.most_open, 1);
    assert_int_equal(kit_delegated(kit, 0)->capability_count, 3);
    assert_int_equal(kit_delegated(kit, 1)->capability_count, 4);
    assert_true(deputy_cid_equal(&kit_delegated(kit, 0)->proofs[0].cid, &tokens[0]->cid));
    assert_true(deputy_cid_equal(&kit_delegated(kit, 1)->proofs[0].cid, &tokens[1]->cid));
}

/* ---- many at once ---- */

enum { CROWD = 100 };

struct member {
    struct crowd *crowd;
    struct loop_task task;
    struct backend_loop *on;
};

struct crowd {
    struct kit *kit;
    atomic_uint left, good;
    struct member members[CROWD];
};

static void member_told(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct member *member = ctx;
    if (fault == NULL) {
        atomic_fetch_add(&member->crowd->good, 1);
        session_release(session);
    }
    if (atomic_fetch_sub(&member->crowd->left, 1) == 1) {
        for (size_t i = 0; i < KIT_LOOPS; i++)
            loop_stop(member->crowd->kit->on[i].loop);
    }
}

static void member_asks(void *ctx)
{
    struct member *member = ctx;
    assert_ok(session_open(member->on, member->crowd->kit->owner, member_told, member));
}

static void *loop_main(void *ctx)
{
    loop_run(((struct backend_loop *)ctx)->loop);
    return NULL;
}

static unsigned crowd_open(struct kit *kit)
{
    static struct crowd crowd;
    pthread_t threads[KIT_LOOPS];
    crowd.kit = kit;
    atomic_store(&crowd.left, CROWD);
    atomic_store(&crowd.good, 0);
    for (size_t i = 0; i < CROWD; i++) {
        struct member *member = &crowd.members[i];
        *member = (struct member){.crowd = &crowd, .on = &kit->on[i % KIT_LOOPS]};
        member->task = (struct loop_task){.run = member_asks, .ctx = member};
        loop_post(member->on->loop, &member->task);
    }
    for (size_t i = 0; i < KIT_LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, loop_main, &kit->on[i]), 0);
    for (size_t i = 0; i < KIT_LOOPS; i++)
        pthread_join(threads[i], NULL);
    return atomic_load(&crowd.good);
}

static void F27_hundred_first_requests_share_one_activation(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    assert_int_equal(crowd_open(kit), CROWD);
    assert_int_equal(kit_delegates(kit), 1);
}

static void F27_hundred_first_requests_share_one_failure(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = "x"});
    assert_int_equal(crowd_open(kit), 0);
    assert_int_equal(kit_delegates(kit), 1);
}

/* ---- renewal ---- */

static void F26_first_request_after_fifty_minutes_renews(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    struct opened first = kit_open(kit);
    kit_pass(kit, SESSION_RENEW_S - 1);
    struct opened second = kit_open(kit);
    kit_run_for(kit, 50);
    assert_ptr_equal(second.session, first.session);
    assert_int_equal(kit_delegates(kit), 1);
    kit_pass(kit, 1);
    struct opened third = kit_open(kit); /* does not wait for it */
    assert_ptr_equal(third.session, first.session);
    kit_run_for(kit, 200);
    assert_int_equal(kit_delegates(kit), 2);
    struct opened fourth = kit_open(kit);
    assert_ptr_not_equal(fourth.session, first.session);
    kit_is_good(first);
    kit_is_good(second);
    kit_is_good(third);
    kit_is_good(fourth);
}

static void F26_session_that_cannot_be_renewed_is_good_until_its_end(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    kit_is_good(kit_open(kit));
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = 503, .text = "x"});
    kit_pass(kit, SESSION_RENEW_S);
    kit_is_good(kit_open(kit));
    kit_run_for(kit, 200);
    assert_int_equal(kit_delegates(kit), 2);
    kit_is_good(kit_open(kit)); /* and is not tried again at once */
    kit_run_for(kit, 200);
    assert_int_equal(kit_delegates(kit), 2);
    kit_pass(kit, SESSION_LIFE_S - SESSION_RENEW_S - 1);
    kit_is_good(kit_open(kit));
    kit_run_for(kit, 200);
    assert_int_equal(kit_delegates(kit), 3);
    kit_pass(kit, 1);
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
}

static void F26_renewal_that_the_node_refuses_ends_the_session(void **state)
{
    struct kit *kit = *state;
    const struct deputy_token *grant = kit_grant(kit);
    issuer_store(kit->issuer, grant);
    kit_is_good(kit_open(kit));
    kit_revoke(kit, grant);
    kit_pass(kit, SESSION_RENEW_S);
    kit_is_good(kit_open(kit));
    kit_run_for(kit, 200);
    assert_int_equal(kit_at_hand(kit), 0);
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
}

/* The clock is set by ten minutes either way: no session is used beyond its end, and none is lost early. */
static void clock_may_jump(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    struct opened first = kit_open(kit);
    kit_pass(kit, -600);
    struct opened back = kit_open(kit);
    kit_run_for(kit, 50);
    assert_ptr_equal(back.session, first.session);
    kit_pass(kit, 1200);
    struct opened ahead = kit_open(kit);
    assert_ptr_equal(ahead.session, first.session);
    assert_int_equal(kit_delegates(kit), 1);
    kit_pass(kit, SESSION_LIFE_S - 600);
    struct opened after = kit_open(kit);
    assert_ptr_not_equal(after.session, first.session);
    assert_int_equal(kit_delegates(kit), 2);
    kit_is_good(first);
    kit_is_good(back);
    kit_is_good(ahead);
    kit_is_good(after);
}

/* ---- a node that does not answer as one ---- */

static void fails_as(struct kit *kit, struct node_manner manner, enum deputy_error code)
{
    kit_manner(kit, &kit->node.delegate, manner);
    kit_is_fault(kit_open(kit), code, BLAME_NODE);
    assert_int_equal(kit_at_hand(kit), 0);
    kit_pass(kit, 61); /* the next is tried at once */
}

/* A11: 2xx is a yes only with the whole of an answer that names what was sent. */
static void A11_yes_is_a_whole_answer_that_names_the_cid(void **state)
{
    static const char other[] =
            "{\"cid\":\"bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay\",\"activated\":[]}";
    static const char *const texts[] = {"", "<html>ok</html>", "{", "{}", "{\"cid\":7}", "[]", other};
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        fails_as(kit, (struct node_manner){.mood = NODE_SAYS, .status = 200, .text = texts[i]},
                DEPUTY_E_ACTIVATION_FAILED);
    fails_as(kit, (struct node_manner){.mood = NODE_CUT}, DEPUTY_E_ACTIVATION_FAILED);
    fails_as(kit, (struct node_manner){.mood = NODE_MISMATCHES, .status = 500}, DEPUTY_E_ACTIVATION_FAILED);
}

/* It is never silent for long, and never comes to an end. */
static void E17_node_that_dribbles_is_given_up(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    fails_as(kit, (struct node_manner){.mood = NODE_DRIBBLES}, DEPUTY_E_GATEWAY_TIMEOUT);
}

static void E18_node_that_fails_is_told_apart_from_a_no(void **state)
{
    static const int statuses[] = {204, 301, 404, 409, 429, 500, 502, 503};
    struct kit *kit = *state;
    kit_grant(kit);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        fails_as(kit, (struct node_manner){.mood = NODE_SAYS, .status = statuses[i], .text = ""},
                DEPUTY_E_ACTIVATION_FAILED);
    fails_as(kit, (struct node_manner){.mood = NODE_SAYS, .status = 504, .text = ""},
            DEPUTY_E_GATEWAY_TIMEOUT);
    fails_as(kit, (struct node_manner){.mood = NODE_SILENT}, DEPUTY_E_GATEWAY_TIMEOUT);
    kit->backend.node = T("http://127.0.0.1:1");
    fails_as(kit, (struct node_manner){.mood = NODE_HONEST}, DEPUTY_E_ACTIVATION_FAILED);
}

static void E18_definite_no_is_the_grants_fault(void **state)
{
    static const int statuses[] = {400, 401, 403};
    struct kit *kit = *state;
    kit_grant(kit);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        kit_manner(kit, &kit->node.delegate,
                (struct node_manner){.mood = NODE_SAYS, .status = statuses[i], .text = "no"});
        kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
        assert_int_equal(kit_delegates(kit), 2 * (i + 1));
        kit_pass(kit, 61);
    }
}

/* ---- waiting before the next try ---- */

static void retries_are_further_and_further_apart(void **state)
{
    static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct kit *kit = *state;
    size_t posts = 0;
    kit_grant(kit);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = "x"});
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
        assert_int_equal(kit_delegates(kit), ++posts);
        kit_pass(kit, waits[i] - 1);
        kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
        assert_int_equal(kit_delegates(kit), posts);
        kit_pass(kit, 1);
    }
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HONEST});
    kit_is_good(kit_open(kit));
    session_drop(kit->backend.sessions, kit->owner);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = "x"});
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    kit_pass(kit, 1);
    posts = kit_delegates(kit);
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    assert_int_equal(kit_delegates(kit), posts + 1); /* a yes in between begins anew */
}

static void nobody_waits_because_the_clock_was_set_back(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_manner(kit, &kit->node.delegate,
            (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = "x", .during = 1});
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    kit_pass(kit, -600);
    kit_is_good(kit_open(kit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(A11_owners_word_is_shown_to_a_node_that_does_not_know_it),
            KIT_TEST(A11_node_that_knows_it_is_asked_once),
            KIT_TEST(F25_hands_on_for_an_hour_to_the_session_key_under_the_grant),
            KIT_TEST(E17_no_longer_than_the_grant),
            KIT_TEST(E15_over_delegation_is_not_taken_into_use),
            KIT_TEST(A11_each_delegation_of_a_bundle_is_handed_on_by_itself),
            KIT_TEST(F27_hundred_first_requests_share_one_activation),
            KIT_TEST(F27_hundred_first_requests_share_one_failure),
            KIT_TEST(F26_first_request_after_fifty_minutes_renews),
            KIT_TEST(F26_session_that_cannot_be_renewed_is_good_until_its_end),
            KIT_TEST(F26_renewal_that_the_node_refuses_ends_the_session),
            KIT_TEST(clock_may_jump),
            KIT_TEST(A11_yes_is_a_whole_answer_that_names_the_cid),
            KIT_TEST(E17_node_that_dribbles_is_given_up),
            KIT_TEST(E18_node_that_fails_is_told_apart_from_a_no),
            KIT_TEST(E18_definite_no_is_the_grants_fault),
            KIT_TEST(retries_are_further_and_further_apart),
            KIT_TEST(nobody_waits_because_the_clock_was_set_back),
    };
    return cmocka_run_group_tests_name("backend.session", tests, NULL, NULL);
}
