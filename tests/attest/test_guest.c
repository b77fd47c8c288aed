/* What runs in a TDX guest, against a policy (spec/08 sections 6 to 8). */
#include "attest/guest.h"
#include "attest/verdict.h"
#include "base/codec.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

/* Offsets in a quote of version 4. */
enum { QUOTE_MR_TD = 184, QUOTE_RTMR0 = 376 };

#define COMPOSE_HASH "86b0e55f2fa8e4fb69d890f14f54d5612707646e2573d54e0d2ddaaade77caa9"
#define IMAGE_HASH "e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09db"

struct asked {
    struct deputy_attest_policy policy;
    struct guest_claims claims;
    struct td_measurements td;
    struct deputy_attest_verdict v;
};

static struct td_measurements measured(struct deputy_slice quote)
{
    struct td_measurements td;
    memcpy(td.mr_td, quote.ptr + QUOTE_MR_TD, RTMR_BYTES);
    memcpy(td.mr_config_id, quote.ptr + QUOTE_MR_TD + RTMR_BYTES, RTMR_BYTES);
    memcpy(td.mr_owner, quote.ptr + QUOTE_MR_TD + 2 * RTMR_BYTES, RTMR_BYTES);
    memcpy(td.mr_owner_config, quote.ptr + QUOTE_MR_TD + 3 * RTMR_BYTES, RTMR_BYTES);
    memcpy(&td.rtmrs, quote.ptr + QUOTE_RTMR0, sizeof td.rtmrs);
    return td;
}

/* A real guest, and a policy that names its image and its app. */
static void ask(void **state, struct asked *a)
{
    const struct json_value *object;
    static uint8_t hashes[2][HASH_BYTES];
    static struct deputy_slice compose, image;
    assert_ok(json_parse(*state, &object, check_data(*state, "attestation/dstack/getquote_stripped.json")));
    memset(a, 0, sizeof *a);
    memcpy(hashes[0], check_hex(*state, COMPOSE_HASH).ptr, HASH_BYTES);
    memcpy(hashes[1], check_hex(*state, IMAGE_HASH).ptr, HASH_BYTES);
    compose = deputy_slice_bytes(hashes[0], HASH_BYTES);
    image = deputy_slice_bytes(hashes[1], HASH_BYTES);
    a->policy = deputy_attest_policy_default();
    a->policy.app.compose_hashes = (struct deputy_attest_list){true, &compose, 1};
    a->policy.tdx.os_image_hashes = (struct deputy_attest_list){true, &image, 1};
    a->claims.event_log = check_text_of(object, "event_log");
    a->claims.vm_config = check_text_of(object, "vm_config");
    a->td = measured(unhex(*state, check_text_of(object, "quote")));
}

static enum deputy_attest_code judged(void **state, struct asked *a)
{
    verdict_begin(&a->v, DEPUTY_ATTEST_TDX, 0);
    assert_ok(guest_judge(*state, &a->v, &a->claims, &a->td, &a->policy));
    return a->v.error;
}

static enum deputy_attest_state state_of(const struct asked *a, enum deputy_attest_check_name name)
{
    return a->v.checks[name].state;
}

static void real_guest_is_the_app_and_image_of_the_policy(void **state)
{
    struct asked a;
    ask(state, &a);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(state_of(&a, CHECK(EVENT_LOG)), DEPUTY_ATTEST_PASS);
    assert_int_equal(state_of(&a, CHECK(OS_IMAGE)), DEPUTY_ATTEST_PASS);
    assert_int_equal(state_of(&a, CHECK(APP)), DEPUTY_ATTEST_PASS);
    assert_int_equal(state_of(&a, CHECK(KEYS)), DEPUTY_ATTEST_SKIPPED);
    assert_hex(a.v.app.compose_hash.ptr, a.v.app.compose_hash.len, COMPOSE_HASH);
    assert_hex(a.v.app.app_id.ptr, a.v.app.app_id.len, "86b0e55f2fa8e4fb69d890f14f54d5612707646e");
    assert_hex(a.v.app.os_image_hash.ptr, a.v.app.os_image_hash.len, IMAGE_HASH);
    assert_text(a.v.app.key_provider_name, "kms");
    assert_int_equal(a.v.app.key_provider_id.len, 91);
    assert_int_equal(a.v.measurements[DEPUTY_ATTEST_MEASURED_MR_SYSTEM].len, HASH_BYTES);
}

static void each_changed_register_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    for (size_t i = 0; i < RTMR_COUNT; i++) {
        a.td.rtmrs.value[i][0] ^= 1;
        assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
        assert_false(a.v.app.present);
        a.td.rtmrs.value[i][0] ^= 1;
    }
    a.td.mr_td[0] ^= 1;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_OS_IMAGE_HASHES);
    a.td.mr_td[0] ^= 1;
    a.td.mr_config_id[1] ^= 1;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
}

/* The log that comes with an attestation of that guest holds of its boot events the ACPI tables alone. */
static void log_without_boot_events_replays_for_the_app(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice log = a.claims.event_log;
    const struct json_value *array;
    struct buf out = buf_make(*state, log.len);
    struct deputy_slice stripped;
    bool comma = false;
    assert_ok(json_parse(*state, &array, log));
    buf_put_byte(&out, '[');
    JSON_EACH (event, array) {
        if (check_text_of(event, "event").len == 0)
            continue;
        if (comma)
            buf_put_byte(&out, ',');
        buf_put(&out, event->raw);
        comma = true;
    }
    buf_put_byte(&out, ']');
    assert_ok(buf_finish(&out, &stripped));
    a.claims.event_log = stripped;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    a.td.rtmrs.value[RTMR_APP][0] ^= 1;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
}

static void guest_that_tells_no_log_is_nobody(void **state)
{
    struct asked a;
    ask(state, &a);
    a.claims.event_log = (struct deputy_slice){0};
    a.policy.tdx = deputy_attest_policy_default().tdx;
    a.policy.tdx.os_unchecked = true;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_COMPOSE_HASHES);
    assert_int_equal(state_of(&a, CHECK(EVENT_LOG)), DEPUTY_ATTEST_SKIPPED);
    a.policy.app.compose_hashes = (struct deputy_attest_list){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(state_of(&a, CHECK(APP)), DEPUTY_ATTEST_SKIPPED);
}

/* An empty log replays to zero: good enough only where nobody asks who the app is. */
static void empty_log_is_nobody_either(void **state)
{
    struct asked a;
    ask(state, &a);
    memset(&a.td, 0, sizeof a.td);
    a.claims.event_log = T("[]");
    a.policy.tdx = deputy_attest_policy_default().tdx;
    a.policy.tdx.os_unchecked = true;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
    a.policy.app.require_system_ready = false;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_COMPOSE_HASHES);
}

static void log_that_is_refused_says_nothing_of_the_app(void **state)
{
    struct asked a;
    ask(state, &a);
    a.claims.event_log = joined(*state, a.claims.event_log, T("x"));
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
    assert_false(a.v.app.present);
    assert_int_equal(state_of(&a, CHECK(APP)), DEPUTY_ATTEST_FAIL);
}

#define DOCUMENT_OF(app_id, hash)                                                                            \
    "{\"version\":3,\"app_id\":\"" app_id "\",\"compose_hash\":\"" hash "\",\"key_provider\":\"kms\"}"
#define APP_ID "86b0e55f2fa8e4fb69d890f14f54d5612707646e"

/* MRCONFIGID of version 3: the digest of a document. */
static void document_is_that_of_the_launch_and_of_the_log(void **state)
{
    struct asked a;
    ask(state, &a);
    const char *const documents[] = {DOCUMENT_OF(APP_ID, COMPOSE_HASH), DOCUMENT_OF(APP_ID, IMAGE_HASH),
            DOCUMENT_OF("0000000000000000000000000000000000000000", COMPOSE_HASH), "{}"};
    for (size_t i = 0; i < 4; i++) {
        memset(a.td.mr_config_id, 0, RTMR_BYTES);
        a.td.mr_config_id[0] = 3;
        mr_config_v3_digest(a.td.mr_config_id + 1, T(documents[i]));
        a.claims.document = T(documents[i]);
        assert_int_equal(judged(state, &a), i == 0 ? DEPUTY_ATTEST_OK : DEPUTY_ATTEST_EVENT_LOG);
    }
    a.claims.document = T(documents[0]);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
    mr_config_v3_digest(a.td.mr_config_id + 1, T(documents[0]));
    a.td.mr_config_id[47] = 1;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
}

static void app_that_the_policy_does_not_name_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice other = check_hex(*state, IMAGE_HASH);
    a.policy.app.compose_hashes.items = &other;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_COMPOSE_HASHES);
}

/* ---- the operating system ---- */

static void image_hash_that_the_policy_does_not_name_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice other = check_hex(*state, COMPOSE_HASH);
    a.policy.tdx.os_image_hashes.items = &other;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_OS_IMAGE_HASHES);
    ask(state, &a);
    a.claims.vm_config = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_OS_IMAGE_HASHES);
    assert_false(deputy_slice_present(a.v.app.os_image_hash));
}

static void policy_that_names_no_image_lets_no_guest_pass(void **state)
{
    struct asked a;
    ask(state, &a);
    a.policy.tdx.os_image_hashes = (struct deputy_attest_list){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_IMAGES);
    a.policy.tdx.os_unchecked = true;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(state_of(&a, CHECK(OS_IMAGE)), DEPUTY_ATTEST_SKIPPED);
}

static void pinned_image_must_match_in_every_register(void **state)
{
    struct asked a;
    uint8_t pins[4][RTMR_BYTES];
    ask(state, &a);
    memcpy(pins[0], a.td.mr_td, RTMR_BYTES);
    memcpy(pins[1], a.td.rtmrs.value[1], RTMR_BYTES);
    memcpy(pins[2], a.td.rtmrs.value[2], RTMR_BYTES);
    memcpy(pins[3], a.td.rtmrs.value[0], RTMR_BYTES);
    struct deputy_slice rtmr0 = deputy_slice_bytes(pins[3], RTMR_BYTES);
    struct deputy_attest_image image = {.mr_td = deputy_slice_bytes(pins[0], RTMR_BYTES),
            .rtmr1 = deputy_slice_bytes(pins[1], RTMR_BYTES),
            .rtmr2 = deputy_slice_bytes(pins[2], RTMR_BYTES),
            .rtmr0 = {true, &rtmr0, 1}};
    a.policy.tdx.images = (struct deputy_attest_images){true, &image, 1};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.v.warning_count, 0);
    for (size_t i = 0; i < 4; i++) {
        pins[i][7] ^= 1;
        assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_IMAGES);
        pins[i][7] ^= 1;
    }
    image.rtmr0 = (struct deputy_attest_list){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.v.warning_count, 1);
    assert_text(a.v.warnings[0], "rtmr0 not pinned");
    a.policy.tdx.images.count = 0;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_IMAGES);
}

/* ---- keys ---- */

/* The guest of dstack's simulator, whose key chain is a known answer. */
static void ask_simulator(void **state, struct asked *a, struct deputy_slice *root)
{
    const struct json_value *known;
    assert_ok(json_parse(*state, &known, check_data(*state, "attestation/known_answers.json")));
    const struct json_value *vector = json_member(known, "get_key");
    const struct json_value *row = json_member(vector, "computed_from_inputs")->first;
    memset(a, 0, sizeof *a);
    a->policy = deputy_attest_policy_default();
    a->policy.tdx.os_unchecked = true;
    a->td = measured(check_data(*state, "attestation/dstack/simulator_quote.bin"));
    a->claims.event_log = check_data(*state, "attestation/dstack/simulator_event_log.json");
    a->claims.app_key =
            (struct deputy_attest_app_key){.public_key = unhex(*state, check_text_of(row, "public_key")),
                    .purpose = check_text_of(row, "purpose"),
                    .app_signature = unhex(*state, check_text_of(row, "signature_rfc6979")),
                    .kms_signature = unhex(*state, check_text_of(vector, "k256_signature"))};
    *root = unhex(*state, check_text_of(json_member(vector, "asserted"), "kms_public_key"));
    a->policy.app.kms_k256_public_keys = (struct deputy_attest_list){true, root, 1};
}

static void key_of_the_app_is_proven_by_its_kms(void **state)
{
    struct asked a;
    struct deputy_slice root;
    ask_simulator(state, &a, &root);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(state_of(&a, CHECK(KEYS)), DEPUTY_ATTEST_PASS);
    root = a.claims.app_key.public_key;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_KEYS);
    ask_simulator(state, &a, &root);
    a.claims.app_key.is_ed25519 = true;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_KEYS);
}

/* The app is that of the log. */
static void key_of_an_app_that_the_log_does_not_name_is_refused(void **state)
{
    struct asked a;
    struct deputy_slice root;
    ask_simulator(state, &a, &root);
    a.claims.event_log = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_KEYS);
}

static void policy_that_pins_a_kms_wants_a_key_to_be_shown(void **state)
{
    struct asked a;
    struct deputy_slice root;
    ask_simulator(state, &a, &root);
    a.claims.app_key = (struct deputy_attest_app_key){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KMS_K256_PUBLIC_KEYS);
    ask_simulator(state, &a, &root);
    a.policy.app.kms_k256_public_keys.count = 0;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_KEYS);
    a.policy.app.kms_k256_public_keys = (struct deputy_attest_list){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(state_of(&a, CHECK(KEYS)), DEPUTY_ATTEST_SKIPPED);
}

/* ---- all of it, through the one entry ---- */

/* A real guest, genuine and up to date at that time; its app wrote an event after the launch. */
static void real_guest_is_judged_as_a_whole(void **state)
{
    const struct json_value *answer;
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict v;
    assert_ok(json_parse(*state, &answer, check_data(*state, "attestation/dstack/getquote_v1events.json")));
    struct deputy_slice app_id = check_hex(*state, "3763bc34552cf3a27ff71ad5f7a90471562a1a2d");
    struct deputy_attest_key_provider provider = {T("local-sgx"), {0}};
    struct deputy_attest_evidence evidence = {.quote = unhex(*state, check_text_of(answer, "quote")),
            .event_log = check_text_of(answer, "event_log"),
            .vm_config = check_text_of(answer, "vm_config"),
            .collateral = check_data(*state, "attestation/intel/tdx_v5_90c06f_nomatch.collateral.json")};
    struct deputy_attest_question question = {.policy = &policy, .now = {.sec = 1774003274}};
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    policy.app.app_ids = (struct deputy_attest_list){true, &app_id, 1};
    policy.app.key_providers = (struct deputy_attest_key_providers){true, &provider, 1};
    assert_ok(deputy_attest_verify(*state, &v, &evidence, &question));
    assert_true(v.ok);
    assert_slice(v.app.app_id, app_id);
    provider.name = T("kms");
    assert_ok(deputy_attest_verify(*state, &v, &evidence, &question));
    assert_int_equal(v.error, DEPUTY_ATTEST_POLICY_KEY_PROVIDERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(real_guest_is_the_app_and_image_of_the_policy),
            ARENA_TEST(each_changed_register_is_refused),
            ARENA_TEST(log_without_boot_events_replays_for_the_app),
            ARENA_TEST(guest_that_tells_no_log_is_nobody),
            ARENA_TEST(empty_log_is_nobody_either),
            ARENA_TEST(log_that_is_refused_says_nothing_of_the_app),
            ARENA_TEST(document_is_that_of_the_launch_and_of_the_log),
            ARENA_TEST(app_that_the_policy_does_not_name_is_refused),
            ARENA_TEST(image_hash_that_the_policy_does_not_name_is_refused),
            ARENA_TEST(policy_that_names_no_image_lets_no_guest_pass),
            ARENA_TEST(pinned_image_must_match_in_every_register),
            ARENA_TEST(real_guest_is_judged_as_a_whole),
            ARENA_TEST(key_of_the_app_is_proven_by_its_kms),
            ARENA_TEST(key_of_an_app_that_the_log_does_not_name_is_refused),
            ARENA_TEST(policy_that_pins_a_kms_wants_a_key_to_be_shown),
    };
    return cmocka_run_group_tests_name("attest.guest", tests, NULL, NULL);
}
