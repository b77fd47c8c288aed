/* Quotes of the simulator under a root of one's own: good under that root where a policy allows it, and
 * nowhere else. */
#include "agent/attestation_write.h"
#include "agent/fixture.h"
#include "agent/mock.h"
#include "support/hex.h"
#include <deputy/attest.h>

enum { NOW = 1785600000 };

struct world {
    struct mock mock;
    struct deputy_attest_policy policy;
    struct deputy_attest_evidence evidence;
    struct deputy_attest_question question;
    struct deputy_attest_verdict verdict;
    uint8_t report_data[REPORT_DATA_BYTES];
};

static const uint8_t seed[MOCK_SEED_BYTES] = {0x42};

/* A quote over some report_data, with all that belongs to it. */
static void make(void **state, struct world *w)
{
    struct fixture fixture;
    struct deputy_refusal refusal;
    const struct fixture_files files = {
            .app_keys = check_data(*state, "attestation/dstack/simulator_appkeys.json"),
            .app_compose = check_data(*state, "attestation/dstack/simulator_app_compose.json"),
            .sys_config = check_data(*state, "attestation/dstack/simulator_sys_config.json"),
            .attestation = check_data(*state, "attestation/dstack/simulator_attestation_v0.bin")};
    memset(w, 0, sizeof *w);
    assert_ok(fixture_read(*state, &fixture, &refusal, &files));
    assert_ok(mock_create(*state, &w->mock, seed, fixture.attestation.quote));
    memset(w->report_data, 0x5a, sizeof w->report_data);
    assert_ok(fixture_quote(*state, &w->evidence.quote, &fixture, w->report_data));
    assert_ok(mock_sign(*state, &w->evidence.quote, &w->mock));
    w->policy = deputy_attest_policy_default();
    w->policy.require_nonce = false;
    w->policy.allow_simulator = true;
    w->policy.tdx.os_unchecked = true;
    w->evidence.collateral = w->mock.collateral;
    w->evidence.root = w->mock.root;
    w->evidence.event_log = check_data(*state, "attestation/dstack/simulator_event_log.json");
    w->question.now.sec = NOW;
    w->question.report_data = deputy_slice_bytes(w->report_data, sizeof w->report_data);
}

static enum deputy_attest_code judged(void **state, struct world *w)
{
    w->question.policy = &w->policy;
    assert_ok(deputy_attest_verify(*state, &w->verdict, &w->evidence, &w->question));
    return w->verdict.error;
}

static void quote_is_good_under_its_own_root(void **state)
{
    struct world w;
    make(state, &w);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_OK);
    assert_true(w.verdict.ok);
    assert_int_equal(w.verdict.tcb.status, DEPUTY_ATTEST_STATUS_UP_TO_DATE);
    assert_int_equal(w.verdict.warning_count, 1);
    assert_text(w.verdict.warnings[0], "simulator");
    assert_hex(
            w.verdict.app.app_id.ptr, w.verdict.app.app_id.len, "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
}

/* The same in one piece, as the agent answers it. */
static struct attestation piece(void **state, const struct world *w)
{
    struct attestation attestation;
    assert_ok(attestation_parse(
            *state, &attestation, check_data(*state, "attestation/dstack/simulator_attestation_v0.bin")));
    attestation.quote = w->evidence.quote;
    memcpy(attestation.report_data, w->report_data, sizeof w->report_data);
    return attestation;
}

static void show_piece(void **state, struct world *w, const struct attestation *attestation)
{
    struct buf out = buf_make(*state, 1024 * 1024);
    attestation_put_pack(&out, attestation);
    w->evidence.quote = w->evidence.event_log = (struct deputy_slice){0};
    assert_ok(buf_finish(&out, &w->evidence.attestation));
}

static void piece_is_good_under_its_own_root(void **state)
{
    struct world w;
    make(state, &w);
    struct attestation attestation = piece(state, &w);
    show_piece(state, &w, &attestation);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_OK);
    assert_hex(
            w.verdict.app.app_id.ptr, w.verdict.app.app_id.len, "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
}

static void piece_that_contradicts_its_quote_is_refused(void **state)
{
    struct world w;
    make(state, &w);
    struct attestation attestation = piece(state, &w);
    attestation.report_data[0] ^= 1;
    show_piece(state, &w, &attestation);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_REPORT_DATA);
    make(state, &w);
    attestation = piece(state, &w);
    attestation.runtime.count--;
    show_piece(state, &w, &attestation);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_EVENT_LOG);
    make(state, &w);
    attestation = piece(state, &w);
    attestation.log.count--;
    show_piece(state, &w, &attestation);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_EVENT_LOG);
}

static void quote_is_refused_where_simulators_are_not_allowed(void **state)
{
    struct world w;
    make(state, &w);
    w.policy.allow_simulator = false;
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_SIMULATOR);
    assert_false(w.verdict.ok);
}

static void quote_is_refused_under_the_makers_root(void **state)
{
    struct world w;
    make(state, &w);
    w.evidence.root = (struct deputy_slice){0};
    assert_int_not_equal(judged(state, &w), DEPUTY_ATTEST_OK);
    assert_false(w.verdict.app.present);
}

static void quote_is_refused_under_the_root_of_another_seed(void **state)
{
    struct world w;
    struct mock other;
    static const uint8_t other_seed[MOCK_SEED_BYTES] = {0x43};
    make(state, &w);
    assert_ok(mock_create(*state, &other, other_seed, w.evidence.quote));
    w.evidence.root = other.root;
    assert_int_not_equal(judged(state, &w), DEPUTY_ATTEST_OK);
    w.evidence.collateral = other.collateral;
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_CERT_CHAIN);
}

static void quote_is_bound_to_what_was_asked(void **state)
{
    struct world w;
    make(state, &w);
    w.report_data[63] ^= 1;
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_REPORT_DATA);
}

/* What the simulator does without a seed: the quote of the files, with other bytes written into it. */
static void patched_quote_is_never_good(void **state)
{
    enum { AT_REPORT_DATA = 568 };
    struct world w;
    uint8_t patched[8192];
    make(state, &w);
    assert_in_range(w.evidence.quote.len, AT_REPORT_DATA + 64, sizeof patched);
    memcpy(patched, w.evidence.quote.ptr, w.evidence.quote.len);
    memset(patched + AT_REPORT_DATA, 0, REPORT_DATA_BYTES);
    w.evidence.quote = deputy_slice_bytes(patched, w.evidence.quote.len);
    memset(w.report_data, 0, sizeof w.report_data);
    assert_int_equal(judged(state, &w), DEPUTY_ATTEST_QUOTE_SIGNATURE);
}

static void files_that_belong_to_no_tdx_guest_are_named(void **state)
{
    struct fixture fixture;
    struct deputy_refusal refusal;
    struct fixture_files files = {.app_keys = check_data(*state, "attestation/dstack/simulator_appkeys.json"),
            .app_compose = check_data(*state, "attestation/dstack/simulator_app_compose.json"),
            .sys_config = check_data(*state, "attestation/dstack/simulator_sys_config.json"),
            .attestation = check_data(*state, "attestation/snp/dstack_v0_attestation.bin")};
    assert_int_equal(fixture_read(*state, &fixture, &refusal, &files), DEPUTY_E_FIXTURE);
    assert_text(refusal.args[0], "attestation.bin");
    files.app_keys = T("{}");
    assert_int_equal(fixture_read(*state, &fixture, &refusal, &files), DEPUTY_E_FIXTURE);
    assert_text(refusal.args[0], "appkeys.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(quote_is_good_under_its_own_root),
            ARENA_TEST(piece_is_good_under_its_own_root),
            ARENA_TEST(piece_that_contradicts_its_quote_is_refused),
            ARENA_TEST(quote_is_refused_where_simulators_are_not_allowed),
            ARENA_TEST(quote_is_refused_under_the_makers_root),
            ARENA_TEST(quote_is_refused_under_the_root_of_another_seed),
            ARENA_TEST(quote_is_bound_to_what_was_asked),
            ARENA_TEST(patched_quote_is_never_good),
            ARENA_TEST(files_that_belong_to_no_tdx_guest_are_named),
    };
    return cmocka_run_group_tests_name("agent.mock", tests, NULL, NULL);
}
