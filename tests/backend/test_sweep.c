/* Grants that come to their end while nobody asks (spec/07 sections A9 and E16). */
#include "backend/node_kit.h"
#include "backend/sweep.h"
#include <string.h>

enum { EAR_MAX = 1024 };

struct ear {
    struct grant_listener *listener;
    struct grant_sweep *sweep;
    unsigned heard;
    struct grant_news news[EAR_MAX];
};

static struct ear ear;

static void hear(void *ctx, const struct grant_news *news, bool lost)
{
    (void)ctx;
    assert_false(lost);
    assert_true(ear.heard < EAR_MAX);
    ear.news[ear.heard++] = *news;
}

static int setup(void **state)
{
    kit_setup(state);
    struct kit *kit = *state;
    ear = (struct ear){.heard = 0};
    assert_ok(grant_listener_create(&ear.listener, kit->backend.watch, kit->on[0].loop, hear, NULL));
    assert_ok(grant_sweep_create(&ear.sweep, &kit->on[0]));
    return 0;
}

static int teardown(void **state)
{
    grant_listener_destroy(ear.listener);
    grant_sweep_destroy(ear.sweep);
    return kit_teardown(state);
}

static unsigned swept(struct kit *kit)
{
    unsigned before = ear.heard;
    grant_sweep_run(ear.sweep);
    kit_run_for(kit, 100);
    return ear.heard - before;
}

static void E16_end_of_a_grant_is_told_once(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    struct opened opened = kit_open(kit);
    assert_int_equal(swept(kit), 0);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1 - 1, 0});
    assert_int_equal(swept(kit), 0);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1, 0});
    assert_int_equal(swept(kit), 1);
    assert_int_equal(ear.news[0].change, GRANT_ENDED);
    assert_memory_equal(ear.news[0].owner, kit->owner, 20);
    assert_int_equal(ear.news[0].at.sec, ISSUER_T1);
    assert_int_equal(sessions_count(kit->backend.sessions), 0);
    kit_pass(kit, 60);
    assert_int_equal(swept(kit), 0);
    session_release(opened.session);
}

/* A9: the owner still gets the one answer that says so. */
static void A9_owner_still_learns_that_it_has_expired(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1, 0});
    assert_int_equal(swept(kit), 1);
    assert_int_equal(kit_open(kit).code, DEPUTY_E_DELEGATION_EXPIRED);
    assert_int_equal(kit_open(kit).code, DEPUTY_E_NO_DELEGATION);
}

static void E16_stale_grants_are_told_the_first_time(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit->backend.policy.decrypts = false;
    assert_int_equal(swept(kit), 1);
    assert_int_equal(swept(kit), 0);
}

/* Told by the sweep alone, and by the owner's own request. */
static void grant_that_a_clock_brings_back_is_told_as_given(void **state)
{
    struct kit *kit = *state;
    const struct deputy_time right = kit->issuer->now, ahead = {ISSUER_T1, 0};
    issuer_store(kit->issuer, kit_grant(kit));
    for (int asks = 0; asks < 2; asks++) {
        unsigned before = ear.heard;
        kit_set_now(kit, ahead);
        if (asks == 1)
            assert_int_equal(kit_open(kit).code, DEPUTY_E_DELEGATION_EXPIRED);
        else
            swept(kit);
        kit_run_for(kit, 20);
        assert_true(ear.heard > before);
        assert_int_equal(ear.news[ear.heard - 1].change, GRANT_ENDED);
        kit_set_now(kit, right);
        assert_int_equal(swept(kit), 1);
        assert_int_equal(ear.news[ear.heard - 1].change, GRANT_GIVEN);
        assert_int_equal(ear.news[ear.heard - 1].expires.sec, ISSUER_T1);
        assert_int_equal(swept(kit), 0);
        kit_is_good(kit_open(kit));
    }
    kit_set_now(kit, ahead);
    assert_int_equal(swept(kit), 1);
    assert_int_equal(kit_open(kit).code, DEPUTY_E_DELEGATION_EXPIRED);
}

static void what_ended_before_is_not_news(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    kit_set_now(kit, (struct deputy_time){ISSUER_T1 + 1, 0});
    grant_sweep_destroy(ear.sweep);
    assert_ok(grant_sweep_create(&ear.sweep, &kit->on[0]));
    assert_int_equal(swept(kit), 0);
}

/* More than a page. */
static void every_owner_is_looked_at(void **state)
{
    enum { OWNERS = 450 };
    struct kit *kit = *state;
    struct backend_wants wants = kit_wants(kit);
    for (uint16_t i = 0; i < OWNERS; i++) {
        struct grant_attempt attempt;
        memcpy(wants.owner.address, &i, sizeof i);
        grants_begin(kit->backend.grants, &attempt, wants.owner.address);
        assert_ok(
                grants_keep(&attempt, &wants, T("x"), (struct deputy_time){ISSUER_T1, 0}, kit->issuer->now));
        grants_end(&attempt);
    }
    kit_set_now(kit, (struct deputy_time){ISSUER_T1, 0});
    grant_sweep_run(ear.sweep);
    grant_sweep_run(ear.sweep); /* while it is under way: nothing */
    for (unsigned i = 0; i < 100 && ear.heard < OWNERS; i++)
        kit_run_for(kit, 50);
    assert_int_equal(ear.heard, OWNERS);
}

static void may_end_while_it_is_under_way(void **state)
{
    struct kit *kit = *state;
    kit_grant(kit);
    grant_sweep_run(ear.sweep);
    grant_sweep_destroy(ear.sweep);
    ear.sweep = NULL;
    kit_run_for(kit, 50);
    assert_int_equal(ear.heard, 0);
}

#define SWEEP_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            SWEEP_TEST(E16_end_of_a_grant_is_told_once),
            SWEEP_TEST(A9_owner_still_learns_that_it_has_expired),
            SWEEP_TEST(E16_stale_grants_are_told_the_first_time),
            SWEEP_TEST(grant_that_a_clock_brings_back_is_told_as_given),
            SWEEP_TEST(what_ended_before_is_not_news),
            SWEEP_TEST(every_owner_is_looked_at),
            SWEEP_TEST(may_end_while_it_is_under_way),
    };
    return cmocka_run_group_tests_name("backend.sweep", tests, NULL, NULL);
}
