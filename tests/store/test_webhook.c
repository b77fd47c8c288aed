#include "kit.h"
#include "store/delivery_count.h"
#include "store/webhook.h"

static struct store_delivery_bounds bounds;
static uint64_t dropped;

static int hosted_setup(void **state)
{
    kit_setup(state);
    bounds = (struct store_delivery_bounds){1000, 1000};
    dropped = 0;
    kit_host(*state, KIT_SPACE);
    return 0;
}

#define HOOK_TEST(function) cmocka_unit_test_setup_teardown(function, hosted_setup, kit_teardown)

static const uint8_t key[STORE_WEBHOOK_KEY_BYTES] = {9};

/* ---- the secret ---- */

static void secret_is_opened_by_its_key_alone(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice sealed, again, secret;
    uint8_t other[STORE_WEBHOOK_KEY_BYTES] = {8};
    assert_ok(store_webhook_seal_secret(kit->arena, &sealed, key, T("hook-secret")));
    assert_ok(store_webhook_seal_secret(kit->arena, &again, key, T("hook-secret")));
    assert_false(deputy_slice_equal(sealed, again));
    assert_int_equal(sealed.ptr[0], 1);
    assert_ok(store_webhook_open_secret(kit->arena, &secret, key, sealed));
    assert_text(secret, "hook-secret");
    assert_int_equal(store_webhook_open_secret(kit->arena, &secret, other, sealed), DEPUTY_E_DECRYPT);
}

static void changed_secret_is_refused_at_every_byte(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice sealed, secret;
    assert_ok(store_webhook_seal_secret(kit->arena, &sealed, key, T("hook-secret")));
    uint8_t *bytes = (uint8_t *)(uintptr_t)sealed.ptr;
    for (size_t i = 0; i < sealed.len; i++) {
        bytes[i] ^= 1;
        assert_int_equal(store_webhook_open_secret(kit->arena, &secret, key, sealed), DEPUTY_E_DECRYPT);
        bytes[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(
                store_webhook_open_secret(kit->arena, &secret, key, deputy_slice_bytes(sealed.ptr, len)),
                DEPUTY_E_DECRYPT);
}

/* ---- webhooks ---- */

struct job {
    struct store_webhook webhook;
    size_t most;
    int64_t id;
    struct deputy_slice event;
    struct deputy_time due;
    const struct store_delivery *delivery;
};

static struct store_webhook make(uint8_t number)
{
    struct store_webhook webhook = {
            .space = KIT_SPACE,
            .subscriber = T("did:key:zA"),
            .service = T("kv"),
            .prefix = T("documents"),
            .abilities = 1,
            .url = T("https://example.com/"),
            .secret = T("sealed"),
            .proofs = T("01234567890123456789012345678901"),
            .created = {.sec = KIT_NOW},
    };
    webhook.digest[0] = number;
    return webhook;
}

static enum deputy_error apply_insert(struct store_write *write, void *ctx)
{
    const struct job *job = ctx;
    return store_webhook_insert(write, &job->webhook, job->most);
}

static enum deputy_error apply_end(struct store_write *write, void *ctx)
{
    return store_webhook_end(write, ((struct job *)ctx)->id);
}

static enum deputy_error insert(struct kit *kit, uint8_t number, size_t most)
{
    struct job job = {.webhook = make(number), .most = most};
    return store_run(kit->store, apply_insert, &job);
}

static void end(struct kit *kit, int64_t id)
{
    struct job job = {.id = id};
    assert_ok(store_run(kit->store, apply_end, &job));
}

static size_t list(struct kit *kit, struct store_webhook **out)
{
    size_t count;
    struct store_read *read = kit_read(kit);
    assert_ok(store_webhook_list(kit->arena, out, &count, read, KIT_SPACE));
    store_read_end(read);
    return count;
}

static void webhook_is_read_back(void **state)
{
    struct store_webhook *all;
    assert_ok(insert(*state, 1, 5));
    assert_ok(insert(*state, 2, 5));
    assert_int_equal(list(*state, &all), 2);
    assert_int_equal(all[0].digest[0], 1);
    assert_slice(all[0].space, KIT_SPACE);
    assert_text(all[0].subscriber, "did:key:zA");
    assert_text(all[0].prefix, "documents");
    assert_int_equal(all[0].abilities, 1);
    assert_text(all[0].url, "https://example.com/");
    assert_text(all[0].secret, "sealed");
    assert_int_equal(all[0].created.sec, KIT_NOW);
    assert_true(all[0].active);
}

static void more_than_the_space_may_have_are_refused(void **state)
{
    struct store_webhook *all;
    assert_ok(insert(*state, 1, 2));
    assert_ok(insert(*state, 2, 2));
    assert_int_equal(insert(*state, 3, 2), DEPUTY_E_LIMIT);
    list(*state, &all);
    end(*state, all[0].id);
    assert_int_equal(list(*state, &all), 1);
    assert_ok(insert(*state, 3, 2));
}

static void webhook_of_an_unhosted_space_is_refused(void **state)
{
    struct job job = {.webhook = make(1), .most = 5};
    job.webhook.space = T("tinycloud:key:zB:other");
    assert_int_equal(store_run(((struct kit *)*state)->store, apply_insert, &job), DEPUTY_E_STORE_SPACE);
}

static void changed_row_is_refused_whatever_was_changed(void **state)
{
    static const char *const changes[] = {"digest = zeroblob(32)", "subscriber = 'did:key:zB'",
            "service = 'sql'", "prefix = NULL", "prefix = ''", "abilities = 0",
            "url = 'https://example.org/'", "secret = x'00'", "proofs = x''", "seal = zeroblob(32)"};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char sql[128];
        size_t count;
        struct store_webhook *all;
        struct kit *kit = *state;
        assert_ok(insert(kit, (uint8_t)(i + 1), 5));
        kit_close(kit);
        snprintf(sql, sizeof sql, "UPDATE webhook SET %s WHERE active = 1", changes[i]);
        kit_tamper(kit, sql);
        kit_reopen(kit);
        struct store_read *read = kit_read(kit);
        assert_int_equal(store_webhook_list(kit->arena, &all, &count, read, KIT_SPACE), DEPUTY_E_STORE_SEAL);
        store_read_end(read);
        kit_close(kit);
        kit_tamper(kit, "DELETE FROM webhook");
        kit_reopen(kit);
    }
}

/* ---- deliveries ---- */

static enum deputy_error apply_deliver(struct store_write *write, void *ctx)
{
    const struct job *job = ctx;
    const struct store_notice notice = {job->id, job->event, T("{}")};
    return store_delivery_insert(write, &notice, &bounds, &dropped);
}

static void deliver(struct kit *kit, int64_t webhook, const char *event)
{
    struct job job = {.id = webhook, .event = T(event)};
    assert_ok(store_run(kit->store, apply_deliver, &job));
}

static bool next_of(
        struct kit *kit, struct store_delivery *out, int64_t now, const int64_t *busy, size_t count)
{
    bool found;
    struct store_read *read = kit_read(kit);
    assert_ok(store_delivery_next(
            kit->arena, out, &found, read, (struct deputy_time){.sec = now}, busy, count));
    store_read_end(read);
    return found;
}

static enum deputy_error apply_done(struct store_write *write, void *ctx)
{
    return store_delivery_done(write, ((struct job *)ctx)->delivery);
}

static enum deputy_error apply_retry(struct store_write *write, void *ctx)
{
    const struct job *job = ctx;
    return store_delivery_retry(write, job->delivery->id, job->due);
}

static enum deputy_error apply_bury(struct store_write *write, void *ctx)
{
    return store_delivery_bury(write, ((struct job *)ctx)->delivery);
}

static void settle(struct kit *kit, store_apply_fn *apply, const struct store_delivery *delivery, int64_t due)
{
    struct job job = {.delivery = delivery, .due = {.sec = due}};
    assert_ok(store_run(kit->store, apply, &job));
}

static void deliveries_come_in_order_and_each_event_once(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    assert_false(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    deliver(kit, all[0].id, "one");
    deliver(kit, all[0].id, "one");
    deliver(kit, all[0].id, "two");
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    assert_text(delivery.event, "one");
    assert_text(delivery.body, "{}");
    assert_text(delivery.webhook.url, "https://example.com/");
    settle(kit, apply_done, &delivery, 0);
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    assert_text(delivery.event, "two");
    settle(kit, apply_done, &delivery, 0);
    assert_false(next_of(kit, &delivery, KIT_NOW, NULL, 0));
}

static void failed_delivery_waits_for_its_time_and_a_dead_one_for_nothing(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver(kit, all[0].id, "one");
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    settle(kit, apply_retry, &delivery, KIT_NOW + 30);
    assert_false(next_of(kit, &delivery, KIT_NOW + 29, NULL, 0));
    assert_true(next_of(kit, &delivery, KIT_NOW + 30, NULL, 0));
    assert_int_equal(delivery.attempts, 1);
    settle(kit, apply_bury, &delivery, 0);
    assert_false(next_of(kit, &delivery, KIT_NOW + 1000000, NULL, 0));
    assert_int_equal(kit_query_int(kit, "SELECT attempts FROM webhook_delivery WHERE due IS NULL"), 2);
}

static void long_queue_of_one_webhook_keeps_no_other_waiting(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    char event[16];
    assert_ok(insert(kit, 1, 5));
    assert_ok(insert(kit, 2, 5));
    list(kit, &all);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(event, sizeof event, "%u", i);
        deliver(kit, all[0].id, event);
    }
    deliver(kit, all[1].id, "other");
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    assert_text(delivery.event, "0");
    assert_true(next_of(kit, &delivery, KIT_NOW, &all[0].id, 1));
    assert_text(delivery.event, "other");
    const int64_t busy[] = {all[0].id, all[1].id};
    assert_false(next_of(kit, &delivery, KIT_NOW, busy, 2));
}

static void ended_webhook_gets_nothing_more(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver(kit, all[0].id, "one");
    end(kit, all[0].id);
    assert_false(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    assert_int_equal(list(kit, &all), 0);
}

/* ---- how many may wait ---- */

static int64_t waiting(struct kit *kit, const char *of)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM webhook_delivery WHERE due IS NOT NULL AND %s", of);
    return kit_query_int(kit, sql);
}

/* What is counted is what is there. */
static void check_counts(struct kit *kit)
{
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM (" DELIVERY_MISCOUNTED ")"), 0);
}

static void deliver_many(struct kit *kit, int64_t webhook, unsigned from, unsigned to)
{
    char event[16];
    for (unsigned i = from; i < to; i++) {
        snprintf(event, sizeof event, "%u", i);
        deliver(kit, webhook, event);
    }
}

static void beyond_its_bound_a_webhook_loses_its_oldest(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    bounds.each = 10;
    assert_ok(insert(kit, 1, 5));
    assert_ok(insert(kit, 2, 5));
    list(kit, &all);
    deliver_many(kit, all[0].id, 0, 10);
    assert_int_equal(dropped, 0);
    deliver_many(kit, all[0].id, 10, 25);
    deliver(kit, all[0].id, "24"); /* told before: nothing goes for it */
    assert_int_equal(dropped, 15);
    assert_int_equal(waiting(kit, "1"), 10);
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    assert_text(delivery.event, "15");
    deliver_many(kit, all[1].id, 0, 10);
    assert_int_equal(dropped, 15);
    check_counts(kit);
}

static void in_all_the_longest_queue_loses(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    bounds = (struct store_delivery_bounds){100, 20};
    for (uint8_t i = 1; i <= 3; i++)
        assert_ok(insert(kit, i, 5));
    list(kit, &all);
    deliver_many(kit, all[0].id, 0, 15);
    deliver_many(kit, all[1].id, 0, 5);
    assert_int_equal(dropped, 0);
    deliver_many(kit, all[2].id, 0, 4);
    assert_int_equal(dropped, 4);
    assert_int_equal(waiting(kit, "webhook = 1"), 11);
    assert_int_equal(waiting(kit, "webhook = 2"), 5);
    assert_int_equal(waiting(kit, "webhook = 3"), 4);
    assert_int_equal(waiting(kit, "1"), 20);
    check_counts(kit);
}

static void retries_count_and_what_is_settled_does_not(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    bounds.each = 3;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver_many(kit, all[0].id, 0, 3);
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    settle(kit, apply_retry, &delivery, KIT_NOW + 30);
    check_counts(kit);
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    settle(kit, apply_done, &delivery, 0);
    check_counts(kit);
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    settle(kit, apply_bury, &delivery, 0);
    settle(kit, apply_bury, &delivery, 0);
    check_counts(kit);
    deliver_many(kit, all[0].id, 3, 5);
    assert_int_equal(dropped, 0);
    deliver(kit, all[0].id, "5");
    assert_int_equal(dropped, 1);
    check_counts(kit);
}

static void delivery_dropped_or_ended_under_way_is_not_counted_twice(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery under_way, other;
    bounds.each = 1;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver(kit, all[0].id, "0");
    assert_true(next_of(kit, &under_way, KIT_NOW, NULL, 0));
    deliver(kit, all[0].id, "1");
    assert_int_equal(dropped, 1);
    settle(kit, apply_done, &under_way, 0);
    settle(kit, apply_bury, &under_way, 0);
    settle(kit, apply_retry, &under_way, KIT_NOW);
    assert_int_equal(waiting(kit, "1"), 1);
    check_counts(kit);
    assert_true(next_of(kit, &other, KIT_NOW, NULL, 0));
    end(kit, all[0].id);
    check_counts(kit);
    settle(kit, apply_done, &other, 0);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM webhook_delivery"), 0);
    check_counts(kit);
}

static void lowered_bound_is_reached_with_the_next_events(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver_many(kit, all[0].id, 0, 200);
    bounds = (struct store_delivery_bounds){5, 5};
    deliver_many(kit, all[0].id, 200, 204);
    assert_int_equal(waiting(kit, "1"), 5);
    check_counts(kit);
}

static void counts_that_are_wrong_are_made_anew_at_the_start(void **state)
{
    static const char *const damages[] = {"UPDATE webhook_waiting SET waiting = 7",
            "DELETE FROM webhook_waiting", "UPDATE webhook_waiting SET waiting = -3 WHERE webhook = 0",
            "INSERT INTO webhook_waiting VALUES (99, 1)", "DELETE FROM webhook_delivery WHERE event = '0'"};
    struct kit *kit = *state;
    struct store_webhook *all;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    deliver_many(kit, all[0].id, 0, 3);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        kit_close(kit);
        kit_tamper(kit, damages[i]);
        kit_reopen(kit);
        check_counts(kit);
    }
}

static void dead_letters_have_a_bound_in_all(void **state)
{
    struct kit *kit = *state;
    struct store_webhook *all;
    struct store_delivery delivery;
    assert_ok(insert(kit, 1, 5));
    list(kit, &all);
    kit_close(kit);
    kit_tamper(kit, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500)"
                    " INSERT INTO webhook_delivery (webhook, event, body, attempts, due)"
                    " SELECT 1000 + i / 900, 'dead ' || i, '{}', 5, NULL FROM n");
    kit_reopen(kit);
    deliver(kit, all[0].id, "last");
    assert_true(next_of(kit, &delivery, KIT_NOW, NULL, 0));
    settle(kit, apply_bury, &delivery, 0);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM webhook_delivery WHERE due IS NULL"),
            STORE_DEAD_LETTERS_ALL);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM webhook_delivery WHERE event = 'last'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            HOOK_TEST(secret_is_opened_by_its_key_alone),
            HOOK_TEST(changed_secret_is_refused_at_every_byte),
            HOOK_TEST(webhook_is_read_back),
            HOOK_TEST(more_than_the_space_may_have_are_refused),
            HOOK_TEST(webhook_of_an_unhosted_space_is_refused),
            HOOK_TEST(changed_row_is_refused_whatever_was_changed),
            HOOK_TEST(deliveries_come_in_order_and_each_event_once),
            HOOK_TEST(failed_delivery_waits_for_its_time_and_a_dead_one_for_nothing),
            HOOK_TEST(long_queue_of_one_webhook_keeps_no_other_waiting),
            HOOK_TEST(ended_webhook_gets_nothing_more),
            HOOK_TEST(beyond_its_bound_a_webhook_loses_its_oldest),
            HOOK_TEST(in_all_the_longest_queue_loses),
            HOOK_TEST(retries_count_and_what_is_settled_does_not),
            HOOK_TEST(delivery_dropped_or_ended_under_way_is_not_counted_twice),
            HOOK_TEST(lowered_bound_is_reached_with_the_next_events),
            HOOK_TEST(counts_that_are_wrong_are_made_anew_at_the_start),
            HOOK_TEST(dead_letters_have_a_bound_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
