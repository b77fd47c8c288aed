/* Grants that were taken: one an owner, kept over restarts, withdrawn for good (spec/07 sections A9, E13,
 * E16). */
#include "backend/grants.h"
#include "backend/listen.h"
#include "store/db.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VARIABLE "DEPUTY_TEST_GRANTS_KEY"
#define KEY_A "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define KEY_B "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
#define OTHER "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

static const struct deputy_time NOW = {1795868917, 500000000};
static const struct deputy_time END = {1795955317, 0};

struct shop {
    struct listen *listen;
    char directory[64];
    struct backend_identity *identity;
    struct grants *grants;
    struct backend_wants wants;
};

static struct backend_identity *identity_of(const char *key)
{
    const struct backend_key_sources sources = {.variable = VARIABLE};
    struct backend_identity *identity = NULL;
    assert_int_equal(setenv(VARIABLE, key, 1), 0);
    assert_ok(backend_identity_open(&identity, &sources));
    return identity;
}

static int shop_setup(void **state)
{
    struct shop *shop = calloc(1, sizeof *shop);
    void *listen = NULL;
    assert_non_null(shop);
    listen_setup(&listen);
    shop->listen = listen;
    snprintf(shop->directory, sizeof shop->directory, "/tmp/deputy-grants-XXXXXX");
    assert_non_null(mkdtemp(shop->directory));
    shop->identity = identity_of(KEY_A);
    assert_ok(grants_open(&shop->grants, shop->directory, shop->identity));
    shop->wants = listen_wants(shop->listen, LISTEN_OWNER);
    *state = shop;
    return 0;
}

static int shop_teardown(void **state)
{
    static const char *const names[] = {"backend.db", "backend.db-wal", "backend.db-shm", "lock"};
    struct shop *shop = *state;
    void *listen = shop->listen;
    grants_close(shop->grants);
    backend_identity_destroy(shop->identity);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", shop->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(shop->directory), 0);
    free(shop);
    return listen_teardown(&listen);
}

static void shop_reopen(struct shop *shop)
{
    grants_close(shop->grants);
    shop->grants = NULL;
    assert_ok(grants_open(&shop->grants, shop->directory, shop->identity));
}

static void keep(struct shop *shop, const struct backend_wants *wants, const char *text)
{
    struct grant_attempt attempt;
    grants_begin(shop->grants, &attempt, wants->owner.address);
    assert_ok(grants_keep(&attempt, wants, T(text), END, NOW));
    grants_end(&attempt);
}

static struct grant found(struct shop *shop, const struct backend_wants *wants, struct deputy_time now)
{
    struct grant grant;
    assert_ok(grants_find(shop->listen->arena, &grant, shop->grants, wants, now));
    return grant;
}

/* F24, E13 */
static void F24_grant_survives_a_restart(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_NONE);
    keep(shop, &shop->wants, "{\"a\":\"\\u00e9 \xc3\xa9\"}");
    shop_reopen(shop);
    struct grant grant = found(shop, &shop->wants, NOW);
    assert_int_equal(grant.state, GRANT_ACTIVE);
    assert_text(grant.serialized, "{\"a\":\"\\u00e9 \xc3\xa9\"}");
    assert_int_equal(deputy_time_compare(grant.expires, END), 0);
    assert_int_equal(deputy_time_compare(grant.granted, NOW), 0);
}

/* F18 */
static void F18_second_grant_replaces_the_first(void **state)
{
    struct shop *shop = *state;
    keep(shop, &shop->wants, "first");
    keep(shop, &shop->wants, "second");
    assert_text(found(shop, &shop->wants, NOW).serialized, "second");
    shop_reopen(shop);
    assert_text(found(shop, &shop->wants, NOW).serialized, "second");
}

/* F19: told once, then there is none. At the very moment of its end it is over. */
static void F19_expired_grant_is_told_once(void **state)
{
    struct shop *shop = *state;
    struct deputy_time before = {END.sec - 1, 999000000};
    keep(shop, &shop->wants, "x");
    assert_int_equal(found(shop, &shop->wants, before).state, GRANT_ACTIVE);
    struct grant grant = found(shop, &shop->wants, END);
    assert_int_equal(grant.state, GRANT_EXPIRED);
    assert_int_equal(deputy_time_compare(grant.expires, END), 0);
    assert_false(deputy_slice_present(grant.serialized));
    shop_reopen(shop);
    grant = found(shop, &shop->wants, END);
    assert_int_equal(grant.state, GRANT_NONE);
    assert_int_equal(grant.expires.sec, 0);
}

/* ---- a clock that is wrong ---- */

static void clock_ahead_loses_no_grant(void **state)
{
    struct shop *shop = *state;
    struct deputy_time right = {END.sec - 300, 0}, ahead = {END.sec + 300, 0};
    keep(shop, &shop->wants, "x");
    assert_int_equal(found(shop, &shop->wants, ahead).state, GRANT_EXPIRED);
    assert_int_equal(found(shop, &shop->wants, ahead).state, GRANT_NONE);
    shop_reopen(shop);
    struct grant grant = found(shop, &shop->wants, right);
    assert_int_equal(grant.state, GRANT_ACTIVE);
    assert_text(grant.serialized, "x");
    assert_int_equal(found(shop, &shop->wants, ahead).state, GRANT_EXPIRED); /* now really */
    assert_int_equal(found(shop, &shop->wants, ahead).state, GRANT_NONE);
}

/* Nobody asked while the clock was right: what it said when it was ahead was no word about the real end. */
static void end_that_comes_before_the_clock_said_so_is_told_again(void **state)
{
    struct shop *shop = *state;
    struct deputy_time ahead = {END.sec + 300, 0};
    keep(shop, &shop->wants, "x");
    assert_int_equal(found(shop, &shop->wants, ahead).state, GRANT_EXPIRED);
    assert_int_equal(found(shop, &shop->wants, END).state, GRANT_EXPIRED);
    assert_int_equal(found(shop, &shop->wants, END).state, GRANT_NONE);
}

static struct grant tidied(struct shop *shop, struct deputy_time now)
{
    struct grant grant;
    assert_ok(grants_tidy(shop->listen->arena, &grant, shop->grants, &shop->wants, now));
    return grant;
}

static void grant_that_comes_back_is_told_once_to_whoever_tidies_up(void **state)
{
    struct shop *shop = *state;
    keep(shop, &shop->wants, "x");
    assert_int_equal(tidied(shop, NOW).state, GRANT_ACTIVE);
    assert_false(tidied(shop, NOW).returned);
    assert_int_equal(found(shop, &shop->wants, END).state, GRANT_EXPIRED);
    assert_false(tidied(shop, END).returned);
    struct grant back = tidied(shop, NOW);
    assert_int_equal(back.state, GRANT_ACTIVE);
    assert_true(back.returned);
    assert_false(tidied(shop, NOW).returned);
    assert_int_equal(found(shop, &shop->wants, END).state, GRANT_EXPIRED);
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_ACTIVE); /* the owner was first */
    assert_true(tidied(shop, NOW).returned);
    assert_false(tidied(shop, NOW).returned);
}

static size_t kept(struct shop *shop)
{
    const uint8_t(*owners)[20];
    size_t count;
    assert_ok(grants_list(shop->listen->arena, &owners, &count, shop->grants, NULL, GRANTS_PAGE));
    return count;
}

/* What the owner was not told stays for as long as it takes. */
static void E16_what_was_told_is_removed_an_hour_later(void **state)
{
    struct shop *shop = *state;
    struct deputy_time late = {END.sec + 2 * GRANTS_TOLD_KEPT_S, 0};
    struct deputy_time almost = {late.sec + GRANTS_TOLD_KEPT_S - 1, 0}, then = {almost.sec + 1, 0};
    keep(shop, &shop->wants, "x");
    assert_int_equal(tidied(shop, late).state, GRANT_EXPIRED);
    assert_int_equal(tidied(shop, then).state, GRANT_EXPIRED);
    assert_int_equal(found(shop, &shop->wants, late).state, GRANT_EXPIRED);
    tidied(shop, almost);
    assert_int_equal(kept(shop), 1);
    assert_int_equal(tidied(shop, then).state, GRANT_NONE);
    assert_int_equal(kept(shop), 0);
}

/* F19, F23 */
static void F23_grant_for_another_policy_is_stale_and_removed(void **state)
{
    struct shop *shop = *state;
    keep(shop, &shop->wants, "x");
    shop->listen->policy.decrypts = false;
    struct backend_wants changed = listen_wants(shop->listen, LISTEN_OWNER);
    struct grant grant = found(shop, &changed, NOW);
    assert_int_equal(grant.state, GRANT_STALE);
    assert_false(deputy_slice_present(grant.serialized));
    assert_int_equal(found(shop, &changed, NOW).state, GRANT_NONE);
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_NONE);
}

/* E14, F22 */
static void E14_owners_do_not_meet(void **state)
{
    struct shop *shop = *state;
    struct backend_wants other = listen_wants(shop->listen, OTHER);
    struct backend_wants lower = listen_wants(shop->listen, "0xdc0457d43ca88699685f2df52754259054977828");
    keep(shop, &shop->wants, "mine");
    assert_int_equal(found(shop, &other, NOW).state, GRANT_NONE);
    keep(shop, &other, "theirs");
    assert_ok(grants_drop(shop->grants, other.owner.address));
    assert_text(found(shop, &lower, NOW).serialized, "mine");
}

static void attempt_for_one_owner_keeps_nothing_for_another(void **state)
{
    struct shop *shop = *state;
    struct backend_wants other = listen_wants(shop->listen, OTHER);
    struct grant_attempt attempt;
    grants_begin(shop->grants, &attempt, shop->wants.owner.address);
    assert_int_equal(grants_keep(&attempt, &other, T("x"), END, NOW), DEPUTY_E_ARGUMENT);
    grants_end(&attempt);
    assert_int_equal(found(shop, &other, NOW).state, GRANT_NONE);
}

/* F20 */
static void F20_withdrawal_is_for_good_and_may_be_repeated(void **state)
{
    struct shop *shop = *state;
    keep(shop, &shop->wants, "x");
    assert_ok(grants_drop(shop->grants, shop->wants.owner.address));
    assert_ok(grants_drop(shop->grants, shop->wants.owner.address));
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_NONE);
    shop_reopen(shop);
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_NONE);
}

/* A grant that was on its way when the owner withdrew is not kept after it; other owners' are. */
static void A9_withdrawal_wins_over_what_came_before_it(void **state)
{
    struct shop *shop = *state;
    struct backend_wants other = listen_wants(shop->listen, OTHER);
    struct grant_attempt before, theirs, after;
    grants_begin(shop->grants, &before, shop->wants.owner.address);
    grants_begin(shop->grants, &theirs, other.owner.address);
    assert_ok(grants_drop(shop->grants, shop->wants.owner.address));
    grants_begin(shop->grants, &after, shop->wants.owner.address);
    assert_int_equal(grants_keep(&before, &shop->wants, T("old"), END, NOW), DEPUTY_E_GRANT_OVERTAKEN);
    assert_int_equal(found(shop, &shop->wants, NOW).state, GRANT_NONE);
    assert_ok(grants_keep(&theirs, &other, T("theirs"), END, NOW));
    assert_ok(grants_keep(&after, &shop->wants, T("new"), END, NOW));
    grants_end(&before);
    grants_end(&after);
    grants_end(&theirs);
    assert_text(found(shop, &shop->wants, NOW).serialized, "new");
}

/* Whoever began later is newer, whichever of them is kept first. */
static void F18_older_attempt_does_not_replace_a_newer_grant(void **state)
{
    struct shop *shop = *state;
    struct grant_attempt first, second;
    grants_begin(shop->grants, &first, shop->wants.owner.address);
    grants_begin(shop->grants, &second, shop->wants.owner.address);
    assert_ok(grants_keep(&second, &shop->wants, T("second"), END, NOW));
    assert_int_equal(grants_keep(&first, &shop->wants, T("first"), END, NOW), DEPUTY_E_GRANT_OVERTAKEN);
    grants_end(&second);
    grants_end(&first);
    assert_text(found(shop, &shop->wants, NOW).serialized, "second");
    grants_begin(shop->grants, &first, shop->wants.owner.address);
    grants_begin(shop->grants, &second, shop->wants.owner.address);
    assert_ok(grants_keep(&first, &shop->wants, T("third"), END, NOW));
    assert_ok(grants_keep(&second, &shop->wants, T("fourth"), END, NOW));
    grants_end(&first);
    grants_end(&second);
    assert_text(found(shop, &shop->wants, NOW).serialized, "fourth");
}

/* Whoever only looks takes nothing away from what the owner is to learn. */
static void F19_looking_at_a_grant_removes_nothing(void **state)
{
    struct shop *shop = *state;
    struct grant grant;
    struct deputy_arena *arena = shop->listen->arena;
    assert_ok(grants_look(arena, &grant, shop->grants, &shop->wants, NOW));
    assert_int_equal(grant.state, GRANT_NONE);
    keep(shop, &shop->wants, "x");
    assert_ok(grants_look(arena, &grant, shop->grants, &shop->wants, NOW));
    assert_int_equal(grant.state, GRANT_ACTIVE);
    assert_text(grant.serialized, "x");
    for (int i = 0; i < 2; i++) {
        assert_ok(grants_look(arena, &grant, shop->grants, &shop->wants, END));
        assert_int_equal(grant.state, GRANT_EXPIRED);
        assert_false(deputy_slice_present(grant.serialized));
    }
    assert_int_equal(found(shop, &shop->wants, END).state, GRANT_EXPIRED);
    assert_ok(grants_look(arena, &grant, shop->grants, &shop->wants, END));
    assert_int_equal(grant.state, GRANT_NONE);
}

static size_t listed(struct shop *shop, const uint8_t (**owners)[20], const uint8_t *after, size_t limit)
{
    size_t count;
    assert_ok(grants_list(shop->listen->arena, owners, &count, shop->grants, after, limit));
    return count;
}

static void owners_are_listed_page_by_page(void **state)
{
    struct shop *shop = *state;
    const uint8_t(*owners)[20];
    struct backend_wants other = listen_wants(shop->listen, OTHER);
    size_t count;
    assert_int_equal(listed(shop, &owners, NULL, GRANTS_PAGE), 0);
    keep(shop, &shop->wants, "x");
    keep(shop, &other, "y");
    assert_int_equal(listed(shop, &owners, NULL, GRANTS_PAGE), 2);
    assert_memory_equal(owners[0], other.owner.address, 20);
    assert_memory_equal(owners[1], shop->wants.owner.address, 20);
    assert_int_equal(listed(shop, &owners, NULL, 1), 1);
    assert_memory_equal(owners[0], other.owner.address, 20);
    assert_int_equal(listed(shop, &owners, other.owner.address, 1), 1);
    assert_memory_equal(owners[0], shop->wants.owner.address, 20);
    assert_int_equal(listed(shop, &owners, shop->wants.owner.address, 1), 0);
    assert_ok(grants_drop(shop->grants, other.owner.address));
    assert_int_equal(listed(shop, &owners, NULL, 2), 1);
    assert_int_equal(grants_list(shop->listen->arena, &owners, &count, shop->grants, NULL, GRANTS_PAGE + 1),
            DEPUTY_E_ARGUMENT);
}

/* E18: what cannot be read is an error and stays where it is. */
static void E18_record_that_does_not_open_is_no_answer_and_is_kept(void **state)
{
    struct shop *shop = *state;
    struct grant grant;
    struct db db = {0};
    char path[128];
    int64_t rows;
    keep(shop, &shop->wants, "x");
    grants_close(shop->grants);
    snprintf(path, sizeof path, "%s/backend.db", shop->directory);
    assert_ok(db_open(&db, path, DB_WRITER));
    assert_ok(db_exec(&db, "UPDATE sealed SET record = zeroblob(64) WHERE name = CAST('delegations/"
                           "0xdc0457d43ca88699685f2df52754259054977828' AS BLOB)"));
    db_close(&db);
    assert_ok(grants_open(&shop->grants, shop->directory, shop->identity));
    for (int i = 0; i < 2; i++)
        assert_int_equal(grants_find(shop->listen->arena, &grant, shop->grants, &shop->wants, END),
                DEPUTY_E_GRANT_RECORD);
    grants_close(shop->grants);
    shop->grants = NULL;
    db = (struct db){0};
    assert_ok(db_open(&db, path, DB_WRITER));
    assert_ok(db_query_int(&db, &rows, "SELECT count(*) FROM sealed WHERE length(record) = 64"));
    db_close(&db);
    assert_int_equal(rows, 1);
}

/* E4: under a key of the identity, so another identity opens nothing. */
static void E4_another_identity_does_not_open_the_store(void **state)
{
    struct shop *shop = *state;
    struct grants *grants = NULL;
    struct backend_identity *other = identity_of(KEY_B);
    grants_close(shop->grants);
    shop->grants = NULL;
    assert_int_equal(grants_open(&grants, shop->directory, other), DEPUTY_E_STORE_SECRET);
    assert_null(grants);
    backend_identity_destroy(other);
}

int main(void)
{
#define SHOP_TEST(function) cmocka_unit_test_setup_teardown(function, shop_setup, shop_teardown)
    const struct CMUnitTest tests[] = {
            SHOP_TEST(F24_grant_survives_a_restart),
            SHOP_TEST(F18_second_grant_replaces_the_first),
            SHOP_TEST(F19_expired_grant_is_told_once),
            SHOP_TEST(clock_ahead_loses_no_grant),
            SHOP_TEST(end_that_comes_before_the_clock_said_so_is_told_again),
            SHOP_TEST(grant_that_comes_back_is_told_once_to_whoever_tidies_up),
            SHOP_TEST(E16_what_was_told_is_removed_an_hour_later),
            SHOP_TEST(F23_grant_for_another_policy_is_stale_and_removed),
            SHOP_TEST(E14_owners_do_not_meet),
            SHOP_TEST(attempt_for_one_owner_keeps_nothing_for_another),
            SHOP_TEST(F20_withdrawal_is_for_good_and_may_be_repeated),
            SHOP_TEST(A9_withdrawal_wins_over_what_came_before_it),
            SHOP_TEST(F18_older_attempt_does_not_replace_a_newer_grant),
            SHOP_TEST(F19_looking_at_a_grant_removes_nothing),
            SHOP_TEST(owners_are_listed_page_by_page),
            SHOP_TEST(E18_record_that_does_not_open_is_no_answer_and_is_kept),
            SHOP_TEST(E4_another_identity_does_not_open_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
