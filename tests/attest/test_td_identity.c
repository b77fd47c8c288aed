/* What dstack derives from the measurements (spec/08 sections 6.3 and 6.5). */
#include "attest/td_identity.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

/* Offsets in a quote of version 4. */
enum { QUOTE_MR_TD = 184, QUOTE_MR_CONFIG_ID = 232, QUOTE_MR_OWNER = 280, QUOTE_RTMR0 = 376 };

static struct td_measurements simulator(struct deputy_arena *arena)
{
    struct deputy_slice quote = check_data(arena, "attestation/dstack/simulator_quote.bin");
    struct td_measurements td;
    memcpy(td.mr_td, quote.ptr + QUOTE_MR_TD, RTMR_BYTES);
    memcpy(td.mr_config_id, quote.ptr + QUOTE_MR_CONFIG_ID, RTMR_BYTES);
    memcpy(td.mr_owner, quote.ptr + QUOTE_MR_OWNER, RTMR_BYTES);
    memcpy(td.mr_owner_config, quote.ptr + QUOTE_MR_OWNER + RTMR_BYTES, RTMR_BYTES);
    memcpy(&td.rtmrs, quote.ptr + QUOTE_RTMR0, sizeof td.rtmrs);
    return td;
}

static struct app_events simulator_app(struct deputy_arena *arena)
{
    struct event_log log;
    struct app_events app;
    assert_ok(event_log_parse(arena, &log, check_data(arena, "attestation/dstack/simulator_event_log.json")));
    assert_ok(event_log_app(&app, &log, true));
    return app;
}

static void simulator_measurements_derive_as_recorded(void **state)
{
    uint8_t digest[HASH_BYTES];
    struct td_measurements td = simulator(*state);
    struct app_events app = simulator_app(*state);
    mr_system(digest, &td, app.key_provider);
    assert_hex(digest, HASH_BYTES, "51ea38f8eee6dc72dbae9b74531ae6d6204295d265dabb4e6c34621a2a1a1197");
    mr_aggregated(digest, &td);
    assert_hex(digest, HASH_BYTES, "85334a62c97d0f8bf82d0245d31b539d17a2d7c258e2a13efc928aaea0e107cb");
}

static void absent_key_provider_counts_as_zero(void **state)
{
    uint8_t digest[HASH_BYTES];
    const struct deputy_slice absent = {NULL, 0};
    (void)state;
    mr_key_provider(digest, absent);
    assert_hex(digest, HASH_BYTES, "0000000000000000000000000000000000000000000000000000000000000000");
    mr_key_provider(digest, T(""));
    assert_hex(digest, HASH_BYTES, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Each configuration field alone brings all three into the aggregate. */
static void aggregate_covers_configuration_fields_when_one_is_set(void **state)
{
    uint8_t none[HASH_BYTES], one[3][HASH_BYTES];
    struct td_measurements td = {0};
    (void)state;
    mr_aggregated(none, &td);
    for (size_t i = 0; i < 3; i++) {
        td = (struct td_measurements){0};
        *(uint8_t *[]){td.mr_config_id, td.mr_owner, td.mr_owner_config}[i] = 1;
        mr_aggregated(one[i], &td);
        assert_memory_not_equal(one[i], none, HASH_BYTES);
    }
    assert_memory_not_equal(one[0], one[1], HASH_BYTES);
    assert_memory_not_equal(one[1], one[2], HASH_BYTES);
}

static void document_digest_is_the_known_answer(void **state)
{
    const struct json_value *known;
    uint8_t digest[HASH_BYTES];
    assert_ok(json_parse(*state, &known, check_data(*state, "attestation/known_answers.json")));
    const struct json_value *row = json_member(known, "mr_config_v3");
    mr_config_v3_digest(digest, check_text_of(row, "document"));
    assert_slice(deputy_slice_bytes(digest, HASH_BYTES),
            unhex(*state, check_text_of(row, "computed_sha256_domain")));
}

/* ---- MRCONFIGID ---- */

static enum deputy_error config_check(
        void **state, enum mr_config_verdict *verdict, const uint8_t id[RTMR_BYTES])
{
    struct app_events app = simulator_app(*state);
    struct key_provider provider;
    assert_ok(key_provider_parse(*state, &provider, app.key_provider));
    return mr_config_check(*state, verdict, id, &app, &provider);
}

/* 01 || compose hash || zeros, as the real guest of this log has it. */
static void config_of_version_1_is_the_compose_hash_of_the_log(void **state)
{
    enum mr_config_verdict verdict;
    uint8_t id[RTMR_BYTES] = {1};
    memcpy(id + 1, simulator_app(*state).compose_hash.ptr, HASH_BYTES);
    assert_ok(config_check(state, &verdict, id));
    assert_int_equal(verdict, MR_CONFIG_BOUND);
    for (size_t i = 1; i < sizeof id; i++) {
        id[i] ^= 1;
        assert_int_equal(config_check(state, &verdict, id), DEPUTY_E_EVENT_LOG_CONFIG);
        id[i] ^= 1;
    }
}

static void config_of_a_real_guest_names_its_compose_hash(void **state)
{
    const struct json_value *object;
    struct event_log log;
    struct app_events app;
    struct key_provider provider;
    enum mr_config_verdict verdict;
    assert_ok(json_parse(*state, &object, check_data(*state, "attestation/dstack/getquote_stripped.json")));
    struct deputy_slice quote = unhex(*state, check_text_of(object, "quote"));
    assert_ok(event_log_parse(*state, &log, check_text_of(object, "event_log")));
    assert_ok(event_log_app(&app, &log, true));
    assert_ok(key_provider_parse(*state, &provider, app.key_provider));
    assert_ok(mr_config_check(*state, &verdict, quote.ptr + QUOTE_MR_CONFIG_ID, &app, &provider));
    assert_int_equal(verdict, MR_CONFIG_BOUND);
}

static void config_of_version_2_covers_app_and_key_provider(void **state)
{
    enum mr_config_verdict verdict;
    uint8_t id[RTMR_BYTES] = {2};
    struct app_events app = simulator_app(*state);
    struct key_provider provider;
    assert_ok(key_provider_parse(*state, &provider, app.key_provider));
    const struct deputy_slice parts[] = {app.compose_hash, app.app_id, T("\x02"), unhex(*state, provider.id)};
    keccak256_parts(id + 1, parts, 4);
    assert_ok(config_check(state, &verdict, id));
    assert_int_equal(verdict, MR_CONFIG_BOUND);
    id[1] ^= 1;
    assert_int_equal(config_check(state, &verdict, id), DEPUTY_E_EVENT_LOG_CONFIG);
}

static void config_without_a_compose_hash_in_the_log_is_refused(void **state)
{
    enum mr_config_verdict verdict;
    const struct app_events app = {0};
    const struct key_provider provider = {T("none"), T("")};
    const uint8_t first[RTMR_BYTES] = {1}, second[RTMR_BYTES] = {2};
    assert_int_equal(mr_config_check(*state, &verdict, first, &app, &provider), DEPUTY_E_EVENT_LOG_CONFIG);
    assert_int_equal(mr_config_check(*state, &verdict, second, &app, &provider), DEPUTY_E_EVENT_LOG_CONFIG);
}

static void unused_config_says_nothing_and_other_forms_bind_nothing(void **state)
{
    enum mr_config_verdict verdict;
    uint8_t id[RTMR_BYTES] = {0};
    assert_ok(config_check(state, &verdict, id));
    assert_int_equal(verdict, MR_CONFIG_UNUSED);
    id[40] = 1;
    assert_ok(config_check(state, &verdict, id));
    assert_int_equal(verdict, MR_CONFIG_OTHER);
    id[0] = 3;
    assert_ok(config_check(state, &verdict, id));
    assert_int_equal(verdict, MR_CONFIG_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(simulator_measurements_derive_as_recorded),
            ARENA_TEST(absent_key_provider_counts_as_zero),
            ARENA_TEST(aggregate_covers_configuration_fields_when_one_is_set),
            ARENA_TEST(document_digest_is_the_known_answer),
            ARENA_TEST(config_of_version_1_is_the_compose_hash_of_the_log),
            ARENA_TEST(config_of_a_real_guest_names_its_compose_hash),
            ARENA_TEST(config_of_version_2_covers_app_and_key_provider),
            ARENA_TEST(config_without_a_compose_hash_in_the_log_is_refused),
            ARENA_TEST(unused_config_says_nothing_and_other_forms_bind_nothing),
    };
    return cmocka_run_group_tests_name("attest.td_identity", tests, NULL, NULL);
}
