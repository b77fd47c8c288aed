/* Grants in use that come, change and go: which session is used then, and who is told (spec/07 sections A9,
 * E13, E16, F18 to F23 and F28). */
#include "backend/node_kit.h"
#include "backend/session_table.h"
#include <string.h>

/* ---- grants that are none ---- */

struct ear {
    struct grant_listener *listener;
    unsigned heard;
    enum grant_change last;
    uint8_t owner[20];
};

static void hear(void *ctx, const struct grant_news *news, bool lost)
{
    struct ear *ear = ctx;
    assert_false(lost);
    ear->heard++;
    ear->last = news->change;
    memcpy(ear->owner, news->owner, sizeof ear->owner);
}

static void listen(struct kit *kit, struct ear *ear)
{
    *ear = (struct ear){.heard = 0};
    assert_ok(grant_listener_create(&ear->listener, kit->backend.watch, kit->on[0].loop, hear, ear));
}

static void has_heard(struct kit *kit, const struct ear *ear, unsigned count, enum grant_change change)
{
    kit_run_for(kit, 20);
    assert_int_equal(ear->heard, count);
    assert_int_equal(ear->last, change);
    assert_memory_equal(ear->owner, kit->owner, 20);
}

static void F19_no_grant_is_told_without_asking_the_node(void **state)
{
    struct kit *kit = *state;
    kit_is_fault(kit_open(kit), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    assert_int_equal(kit_delegates(kit), 0);
    kit_grant(kit);
    kit_is_good(kit_open(kit)); /* and not remembered */
}

static void F19_grant_that_is_over_is_told_once(void **state)
{
    struct kit *kit = *state;
    struct ear ear;
    kit_grant(kit);
    listen(kit, &ear);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1, 0});
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_EXPIRED, BLAME_GRANT);
    has_heard(kit, &ear, 1, GRANT_ENDED);
    kit_is_fault(kit_open(kit), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    assert_int_equal(kit_delegates(kit), 0);
    grant_listener_destroy(ear.listener);
}

/* Too short to be taken now is over, though its record stays until its end. */
static void E18_grant_of_its_last_seconds_is_over(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1 - 29, 0});
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_EXPIRED, BLAME_GRANT);
}

static void E18_session_ends_with_its_grant(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    kit_set_now(kit, (struct deputy_time){ISSUER_T1 - 60, 0});
    kit_is_good(kit_open(kit));
    kit_pass(kit, 59);
    kit_is_good(kit_open(kit));
    kit_pass(kit, 1);
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_EXPIRED, BLAME_GRANT);
}

static void F23_grant_for_another_policy_is_stale(void **state)
{
    struct kit *kit = *state;
    struct ear ear;
    kit_grant(kit);
    listen(kit, &ear);
    kit->backend.policy.decrypts = false;
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_STALE, BLAME_GRANT);
    has_heard(kit, &ear, 1, GRANT_ENDED);
    kit_is_fault(kit_open(kit), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    grant_listener_destroy(ear.listener);
}

/* What is kept is judged again: another key of the same owner signs for another backend now. */
static void E16_kept_grant_is_judged_again_when_it_is_used(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit->backend.intake.did = kit->issuer->dids[ISSUER_X];
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_STALE, BLAME_GRANT);
    assert_int_equal(kit_delegates(kit), 0);
}

static void E18_record_that_does_not_open_is_no_word_about_the_grant(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_keep(kit, T("no delegation at all"));
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_STALE, BLAME_GRANT);
}

static void F28_revocation_is_told_once(void **state)
{
    struct kit *kit = *state;
    const struct deputy_token *grant = kit_grant(kit);
    struct ear ear;
    issuer_store(kit->issuer, grant);
    kit_revoke(kit, grant);
    listen(kit, &ear);
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    has_heard(kit, &ear, 1, GRANT_REFUSED);
    kit_pass(kit, 61);
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    has_heard(kit, &ear, 1, GRANT_REFUSED);
    grant_listener_destroy(ear.listener);
}

/* F21 */
static void F21_host_of_a_wrapper_is_never_contacted(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice hosts[2] = {kit->host, T("http://127.0.0.1:1")};
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    const struct deputy_token *grant = kit_grant(kit);
    assert_ok(deputy_portable_read(kit->arena, &portable, &refusal, kit_wrapped(kit, grant)));
    portable.host = hosts[1];
    portable.form = DEPUTY_WRAPPER_PLAIN;
    assert_ok(deputy_portable_build(kit->arena, &portable));
    kit_keep(kit, portable.json);
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_STALE, BLAME_GRANT);
    kit->backend.intake.hosts = hosts;
    kit->backend.intake.host_count = 2;
    kit_is_good(kit_open(kit));
    assert_int_equal(kit_delegates(kit), 3);
}

/* ---- coming and going in between ---- */

static void F20_activation_that_a_withdrawal_overtakes_is_not_installed(void **state)
{
    struct kit *kit = *state;
    struct opened opened = {.kit = kit, .left = 2};
    kit_grant(kit);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HELD, .during = 1});
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    kit_wait_held(kit, 1);
    assert_ok(grants_drop(kit->backend.grants, kit->owner));
    session_drop(kit->backend.sessions, kit->owner);
    kit_let_go(kit);
    kit_run(kit);
    assert_int_equal(opened.left, 0);
    kit_is_fault(opened, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    assert_int_equal(kit_at_hand(kit), 0);
    assert_int_equal(kit_delegates(kit), 1); /* nor is anything more posted for it */
}

/* Who waits for what was overtaken gets what is kept by now, and who comes meanwhile does not wait for it. */
static void F18_activation_that_another_grant_overtakes_begins_anew(void **state)
{
    struct kit *kit = *state;
    struct opened early = {.kit = kit, .left = 1};
    const struct deputy_token *first = kit_grant(kit);
    issuer_store(kit->issuer, first);
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_HELD, .during = 1});
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &early));
    kit_wait_held(kit, 1);
    struct issuer_plan plan = kit_plan(kit, first);
    plan.proofs[0] = issuer_stored(kit->issuer, issuer_root_plan()) != NULL ? kit_root(kit) : NULL;
    const struct deputy_token *second = issuer_delegation(kit->issuer, plan);
    issuer_store(kit->issuer, second);
    kit_keep(kit, kit_wrapped(kit, second));
    session_drop(kit->backend.sessions, kit->owner);
    struct opened late = kit_open(kit);
    assert_int_equal(early.left, 1);
    assert_true(deputy_cid_equal(&kit_delegated(kit, 1)->proofs[0].cid, &second->cid));
    kit_let_go(kit);
    kit_run(kit);
    assert_int_equal(early.left, 0);
    assert_ptr_equal(early.session, late.session);
    assert_int_equal(kit_delegates(kit), 2);
    kit_is_good(early);
    kit_is_good(late);
}

/* ---- trying before keeping ---- */

struct tried {
    struct deputy_arena *arena;
    struct intake intake;
    struct backend_wants wants;
};

static void take(struct kit *kit, struct tried *tried, const struct deputy_token *token)
{
    const struct intake_proofs none = {NULL, 0};
    struct deputy_refusal refusal;
    tried->arena = kit->arena;
    tried->wants = kit_wants(kit);
    assert_ok(intake_take(tried->arena, &tried->intake, &refusal, &kit->backend.intake, &tried->wants,
            kit_wrapped(kit, token), &none, kit->issuer->now));
}

static struct opened try(struct kit *kit, const struct tried *tried)
{
    struct opened opened = {.kit = kit, .left = 1};
    assert_ok(session_try(&kit->on[0], &tried->intake, &tried->wants, kit_on_session, &opened));
    kit_run(kit);
    return opened;
}

static const struct deputy_token *unkept(struct kit *kit)
{
    return issuer_delegation(kit->issuer, kit_plan(kit, kit_root(kit)));
}

static void E13_grant_is_tried_before_it_is_kept(void **state)
{
    struct kit *kit = *state;
    struct tried tried;
    take(kit, &tried, unkept(kit));
    struct opened opened = try(kit, &tried);
    assert_non_null(opened.session);
    assert_int_equal(kit_at_hand(kit), 0);
    session_install(kit->backend.sessions, opened.session);
    assert_int_equal(kit_at_hand(kit), 1);
    size_t posts = kit_delegates(kit);
    struct opened next = kit_open(kit);
    assert_ptr_equal(next.session, opened.session);
    assert_int_equal(kit_delegates(kit), posts);
    kit_is_good(opened);
    kit_is_good(next);
}

static void E13_grant_that_the_node_refuses_leaves_the_old_one(void **state)
{
    struct kit *kit = *state;
    struct tried tried;
    const struct deputy_token *bad = unkept(kit);
    issuer_store(kit->issuer, kit_grant(kit));
    struct opened old = kit_open(kit);
    issuer_store(kit->issuer, bad);
    kit_revoke(kit, bad);
    take(kit, &tried, bad);
    kit_is_fault(try(kit, &tried), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    struct opened still = kit_open(kit);
    assert_ptr_equal(still.session, old.session);
    kit_is_good(old);
    kit_is_good(still);
}

static void A9_node_that_fails_while_trying_is_no_refusal(void **state)
{
    struct kit *kit = *state;
    struct tried tried;
    take(kit, &tried, unkept(kit));
    kit_manner(kit, &kit->node.delegate, (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = ""});
    kit_is_fault(try(kit, &tried), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE);
    kit_is_fault(try(kit, &tried), DEPUTY_E_ACTIVATION_FAILED, BLAME_NODE); /* it has no waits of its own */
    assert_int_equal(kit_delegates(kit), 2);
}

/* The withdrawal came between: what was tried is not used, and nothing is kept. */
static void F20_withdrawal_wins_over_a_grant_that_is_tried(void **state)
{
    struct kit *kit = *state;
    struct tried tried;
    take(kit, &tried, unkept(kit));
    struct opened opened = try(kit, &tried);
    session_drop(kit->backend.sessions, kit->owner);
    session_install(kit->backend.sessions, opened.session);
    assert_int_equal(kit_at_hand(kit), 0);
    kit_is_good(opened);
    kit_is_fault(kit_open(kit), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
}

/* Of two that come at once the one that is kept is used, in whatever order they are installed. */
static void F18_of_two_grants_at_once_the_kept_one_is_used(void **state)
{
    struct kit *kit = *state;
    struct tried first, second;
    take(kit, &first, unkept(kit));
    struct opened one = try(kit, &first);
    const struct deputy_token *kept = kit_grant(kit);
    take(kit, &second, kept);
    struct opened two = try(kit, &second);
    session_install(kit->backend.sessions, two.session);
    session_install(kit->backend.sessions, one.session);
    size_t posts = kit_delegates(kit);
    struct opened used = kit_open(kit);
    assert_ptr_not_equal(used.session, one.session);
    assert_true(deputy_cid_equal(&kit_delegated(kit, posts)->proofs[0].cid, &kept->cid));
    kit_is_good(one);
    kit_is_good(two);
    kit_is_good(used);
}

static void new_grant_ends_the_waiting(void **state)
{
    struct kit *kit = *state;
    struct tried tried;
    kit_grant(kit);
    kit_manner(kit, &kit->node.delegate,
            (struct node_manner){.mood = NODE_SAYS, .status = 403, .text = "", .during = 2});
    kit_is_fault(kit_open(kit), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    take(kit, &tried, unkept(kit));
    struct opened opened = try(kit, &tried);
    session_install(kit->backend.sessions, opened.session);
    kit_is_good(opened);
    kit_is_good(kit_open(kit));
}

/* ---- the end ---- */

/* Its loops do not run any more: the pool is waited for, nobody is told, and nothing is left behind. */
static void backend_may_end_while_grants_are_taken_into_use(void **state)
{
    struct kit *kit = *state;
    struct opened opened = {.kit = kit, .left = 3};
    struct tried tried;
    kit_grant(kit);
    take(kit, &tried, unkept(kit));
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    assert_ok(session_try(&kit->on[0], &tried.intake, &tried.wants, kit_on_session, &opened));
    sessions_destroy(kit->backend.sessions);
    grants_close(kit->backend.grants);
    kit->backend.sessions = NULL;
    kit->backend.grants = NULL;
    http_caller_destroy(kit->on[0].caller);
    loop_destroy(kit->on[0].loop);
    kit->on[0].caller = NULL;
    kit->on[0].loop = NULL;
    assert_int_equal(opened.left, 3);
    assert_int_equal(kit_delegates(kit), 0);
}

/* ---- how many ---- */

/* A session of somebody, made up: nothing looks into it here. */
static void install_number(struct kit *kit, uint32_t number)
{
    struct shape *shape;
    struct backend_wants wants = kit_wants(kit);
    uint8_t owner[20] = {0};
    memcpy(owner, &number, sizeof number);
    assert_ok(sessions_shape(&shape, kit->backend.sessions, &wants));
    struct session *session = session_make(owner, shape, 1);
    assert_non_null(session);
    session->ends = (struct deputy_time){ISSUER_T1, 0};
    session->renews = session->ends;
    session_install(kit->backend.sessions, session);
    session_release(session);
    shape_release(shape);
}

static bool number_at_hand(struct kit *kit, uint32_t number)
{
    uint8_t owner[20] = {0};
    memcpy(owner, &number, sizeof number);
    struct session *session = session_at_hand(&kit->on[0], owner);
    if (session != NULL)
        session_release(session);
    return session != NULL;
}

static void E17_least_recently_used_makes_room(void **state)
{
    struct kit *kit = *state;
    uint32_t filled = SESSIONS_MAX;
    for (uint32_t i = 0; i < filled; i++)
        install_number(kit, i);
    assert_int_equal(kit_at_hand(kit), SESSIONS_MAX);
    assert_true(number_at_hand(kit, 0));
    install_number(kit, filled);
    assert_int_equal(kit_at_hand(kit), SESSIONS_MAX);
    assert_true(number_at_hand(kit, 0));
    assert_false(number_at_hand(kit, 1));
    assert_true(number_at_hand(kit, 2));
    assert_true(number_at_hand(kit, filled));
}

/* More than are activated at once: each has its turn, in whatever order, and all are told. */
static void crowd_of_owners_waits_in_line(void **state)
{
    enum { OWNERS = 1000 };
    struct kit *kit = *state;
    struct opened opened = {.kit = kit, .left = OWNERS + 1};
    size_t most = 0;
    issuer_store(kit->issuer, kit_grant(kit));
    for (uint32_t i = 0; i < OWNERS; i++) {
        uint8_t owner[20] = {0};
        memcpy(owner, &i, sizeof i);
        assert_ok(session_open(&kit->on[0], owner, kit_on_session, &opened));
        most = kit->backend.sessions->active > most ? kit->backend.sessions->active : most;
    }
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    kit_run(kit);
    assert_int_equal(opened.left, 0);
    assert_int_equal(opened.good, 1);
    assert_int_equal(most, 128);
    assert_int_equal(kit->backend.sessions->active, 0);
    assert_null(kit->backend.sessions->queue_first);
    if (opened.session != NULL)
        session_release(opened.session);
}

static void dropping_one_session_leaves_a_newer_one(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    struct opened old = kit_open(kit);
    session_drop_this(kit->backend.sessions, old.session);
    assert_int_equal(kit_at_hand(kit), 0);
    kit_is_good(kit_open(kit));
    session_drop_this(kit->backend.sessions, old.session);
    assert_int_equal(kit_at_hand(kit), 1);
    kit_is_good(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(F19_no_grant_is_told_without_asking_the_node),
            KIT_TEST(F19_grant_that_is_over_is_told_once),
            KIT_TEST(E18_grant_of_its_last_seconds_is_over),
            KIT_TEST(E18_session_ends_with_its_grant),
            KIT_TEST(F23_grant_for_another_policy_is_stale),
            KIT_TEST(E16_kept_grant_is_judged_again_when_it_is_used),
            KIT_TEST(E18_record_that_does_not_open_is_no_word_about_the_grant),
            KIT_TEST(F28_revocation_is_told_once),
            KIT_TEST(F21_host_of_a_wrapper_is_never_contacted),
            KIT_TEST(F20_activation_that_a_withdrawal_overtakes_is_not_installed),
            KIT_TEST(F18_activation_that_another_grant_overtakes_begins_anew),
            KIT_TEST(E13_grant_is_tried_before_it_is_kept),
            KIT_TEST(E13_grant_that_the_node_refuses_leaves_the_old_one),
            KIT_TEST(A9_node_that_fails_while_trying_is_no_refusal),
            KIT_TEST(F20_withdrawal_wins_over_a_grant_that_is_tried),
            KIT_TEST(F18_of_two_grants_at_once_the_kept_one_is_used),
            KIT_TEST(new_grant_ends_the_waiting),
            KIT_TEST(backend_may_end_while_grants_are_taken_into_use),
            KIT_TEST(E17_least_recently_used_makes_room),
            KIT_TEST(crowd_of_owners_waits_in_line),
            KIT_TEST(dropping_one_session_leaves_a_newer_one),
    };
    return cmocka_run_group_tests_name("backend.session_grants", tests, NULL, NULL);
}
