/* Grants that are taken into use anew because somebody says so, and who hears of it (spec/07 sections D1 and
 * E17). */
#include "backend/node_kit.h"
#include "backend/session_parts.h"
#include <string.h>

static struct opened renew(struct kit *kit)
{
    struct opened opened = {.kit = kit, .left = 1};
    assert_ok(session_renew(&kit->on[0], kit->owner, kit_on_session, &opened));
    kit_run(kit);
    return opened;
}

static void fails(struct kit *kit, int status)
{
    kit_manner(
            kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = status, .text = ""});
}

static void granted(struct kit *kit)
{
    issuer_store(kit->issuer, kit_grant(kit));
}

static void renewal_takes_the_place_of_what_is_at_hand(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    struct opened first = kit_open(kit);
    struct opened renewed = renew(kit);
    struct opened next = kit_open(kit);
    assert_int_equal(kit_delegates(kit), 2);
    assert_ptr_not_equal(renewed.session, first.session);
    assert_ptr_equal(next.session, renewed.session);
    kit_is_good(first);
    kit_is_good(renewed);
    kit_is_good(next);
}

static void what_is_at_hand_is_used_until_then(void **state)
{
    struct kit *kit = *state;
    struct opened renewed = {.kit = kit, .left = 1};
    granted(kit);
    struct opened first = kit_open(kit);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HELD});
    assert_ok(session_renew(&kit->on[0], kit->owner, kit_on_session, &renewed));
    kit_wait_held(kit, 1);
    struct opened meanwhile = kit_open(kit);
    assert_ptr_equal(meanwhile.session, first.session);
    kit_let_go(kit);
    kit_run(kit);
    kit_is_good(first);
    kit_is_good(meanwhile);
    kit_is_good(renewed);
}

/* And is told what kept the node from it. */
static void D1_renewal_that_cannot_be_had_leaves_what_is_at_hand(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    struct opened first = kit_open(kit);
    fails(kit, 503);
    kit_is_fault(renew(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    struct opened next = kit_open(kit);
    assert_ptr_equal(next.session, first.session);
    kit_is_good(first);
    kit_is_good(next);
}

static void D1_renewal_that_is_refused_ends_what_is_at_hand(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    kit_is_good(kit_open(kit));
    fails(kit, 403);
    kit_is_fault(renew(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    assert_int_equal(kit_at_hand(kit), 0);
}

/* Whoever says so does not wait, as others do after a failure. */
static void renewal_asks_at_once(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    fails(kit, 503);
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    size_t before = kit_delegates(kit);
    kit_is_fault(kit_open(kit), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    assert_int_equal(kit_delegates(kit), before);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HONEST});
    kit_is_good(renew(kit));
    kit_is_good(kit_open(kit));
}

static void E17_renewals_and_first_requests_at_once_are_one(void **state)
{
    struct kit *kit = *state;
    struct opened opened = {.kit = kit, .left = 3};
    granted(kit);
    assert_ok(session_renew(&kit->on[0], kit->owner, kit_on_session, &opened));
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    assert_ok(session_renew(&kit->on[0], kit->owner, NULL, NULL));
    assert_ok(session_renew(&kit->on[0], kit->owner, kit_on_session, &opened));
    kit_run(kit);
    assert_int_equal(opened.good, 3);
    assert_int_equal(kit_delegates(kit), 1);
    kit_is_good(opened);
}

/* ---- who hears of it ---- */

struct ear {
    unsigned begun, ended;
    enum deputy_error error; /* of the last */
    enum backend_blame blame;
    uint8_t owner[20];
};

static void hear_begin(void *ctx, const uint8_t owner[20])
{
    struct ear *ear = ctx;
    assert_int_equal(ear->begun++, ear->ended);
    memcpy(ear->owner, owner, sizeof ear->owner);
}

static void hear_end(void *ctx, const uint8_t owner[20], enum deputy_error error, enum backend_blame blame)
{
    struct ear *ear = ctx;
    assert_memory_equal(ear->owner, owner, sizeof ear->owner);
    ear->ended++;
    ear->error = error;
    ear->blame = blame;
}

static void has_heard(struct kit *kit, const struct ear *ear, unsigned count, enum deputy_error error)
{
    assert_int_equal(ear->begun, count);
    assert_int_equal(ear->ended, count);
    assert_int_equal(ear->error, error);
    assert_memory_equal(ear->owner, kit->owner, sizeof ear->owner);
}

static void D1_all_that_is_taken_into_use_is_heard_whoever_had_it_done(void **state)
{
    struct kit *kit = *state;
    struct ear ear = {.begun = 0};
    const struct deputy_token *grant = kit_grant(kit);
    sessions_set_ear(kit->backend.sessions, (struct sessions_ear){hear_begin, hear_end, &ear});
    issuer_store(kit->issuer, grant);
    kit_is_good(kit_open(kit));
    has_heard(kit, &ear, 1, DEPUTY_OK);
    kit_is_good(kit_open(kit)); /* from what is at hand */
    has_heard(kit, &ear, 1, DEPUTY_OK);
    kit_is_good(renew(kit));
    has_heard(kit, &ear, 2, DEPUTY_OK);
    kit_revoke(kit, grant);
    kit_is_fault(renew(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    has_heard(kit, &ear, 3, DEPUTY_E_DELEGATION_REFUSED);
    assert_int_equal(ear.blame, BLAME_GRANT);
}

/* It comes to nothing, though the node took it. */
static void what_a_withdrawal_overtakes_is_heard_as_that(void **state)
{
    struct kit *kit = *state;
    struct ear ear = {.begun = 0};
    granted(kit);
    sessions_set_ear(kit->backend.sessions, (struct sessions_ear){hear_begin, hear_end, &ear});
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HELD});
    assert_ok(session_renew(&kit->on[0], kit->owner, NULL, NULL));
    kit_wait_held(kit, 1);
    assert_ok(grants_drop(kit->backend.grants, kit->owner));
    assert_null(session_withdraw(kit->backend.sessions, kit->owner));
    kit_let_go(kit);
    kit_run_for(kit, 200);
    has_heard(kit, &ear, 1, DEPUTY_E_GRANT_OVERTAKEN);
    assert_int_equal(kit_at_hand(kit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(renewal_takes_the_place_of_what_is_at_hand),
            KIT_TEST(what_is_at_hand_is_used_until_then),
            KIT_TEST(D1_renewal_that_cannot_be_had_leaves_what_is_at_hand),
            KIT_TEST(D1_renewal_that_is_refused_ends_what_is_at_hand),
            KIT_TEST(renewal_asks_at_once),
            KIT_TEST(E17_renewals_and_first_requests_at_once_are_one),
            KIT_TEST(D1_all_that_is_taken_into_use_is_heard_whoever_had_it_done),
            KIT_TEST(what_a_withdrawal_overtakes_is_heard_as_that),
    };
    return cmocka_run_group_tests_name("backend.session_renew", tests, NULL, NULL);
}
