/* dstack's versioned attestation (spec/08 section 6.4), both forms. */
#include "attest/attestation.h"
#include "attest/pack.h"
#include "attest/report_data.h"
#include "base/buf.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

enum { QUOTE_RTMR0 = 376, QUOTE_REPORT_DATA = 568 };

static struct deputy_slice scale_tdx(void **state)
{
    return check_data(*state, "attestation/dstack/simulator_attestation_v0.bin");
}

static struct deputy_slice scale_snp(void **state)
{
    const struct json_value *object;
    assert_ok(json_parse(*state, &object, check_data(*state, "attestation/dstack/verifier_sev_snp.json")));
    return unhex(*state, check_text_of(object, "attestation"));
}

/* What the reference's simulator answers to GetQuote with the report data 1234. */
static struct deputy_slice pack_tdx(void **state)
{
    const struct json_value *file, *body;
    assert_ok(json_parse(*state, &file, check_data(*state, "attestation/dstack-simulator.json")));
    const struct json_value *exchange = check_vector_named(json_member(file, "exchanges"), "getquote");
    assert_ok(json_parse(*state, &body, check_text_of(exchange, "body")));
    return unhex(*state, check_text_of(body, "attestation"));
}

static struct attestation parsed(void **state, struct deputy_slice bytes)
{
    struct attestation attestation;
    assert_ok(attestation_parse(*state, &attestation, bytes));
    return attestation;
}

static enum deputy_error refusal(void **state, struct deputy_slice bytes)
{
    struct attestation attestation;
    return attestation_parse(*state, &attestation, bytes);
}

static struct rtmrs quoted(struct deputy_slice quote)
{
    struct rtmrs rtmrs;
    memcpy(&rtmrs, quote.ptr + QUOTE_RTMR0, sizeof rtmrs);
    return rtmrs;
}

static struct deputy_slice changed(void **state, struct deputy_slice bytes, size_t at, uint8_t value)
{
    struct deputy_slice head = deputy_slice_bytes(bytes.ptr, at);
    struct deputy_slice tail = deputy_slice_bytes(bytes.ptr + at + 1, bytes.len - at - 1);
    return joined(*state, joined(*state, head, deputy_slice_bytes(&value, 1)), tail);
}

/* ---- known answers ---- */

static void scale_of_a_tdx_guest_holds_its_quote_and_log(void **state)
{
    struct attestation attestation = parsed(state, scale_tdx(state));
    assert_int_equal(attestation.platform, ATTESTATION_TDX);
    assert_slice(attestation.quote, check_data(*state, "attestation/dstack/simulator_quote.bin"));
    assert_int_equal(attestation.log.count, 33);
    assert_int_equal(attestation.runtime.count, 9);
    struct rtmrs rtmrs = quoted(attestation.quote);
    assert_ok(event_log_check(&attestation.log, &rtmrs, RTMRS_ALL));
    assert_ok(attestation_check(&attestation, attestation.quote.ptr + QUOTE_REPORT_DATA, &rtmrs));
    assert_memory_equal(attestation.config.ptr, "{\"kms_urls\"", 11);
}

static void scale_of_a_guest_that_strips_its_log_replays_for_the_app(void **state)
{
    const struct json_value *object;
    assert_ok(json_parse(*state, &object, check_data(*state, "attestation/dstack/verifier_tdx_lite.json")));
    struct attestation attestation = parsed(state, unhex(*state, check_text_of(object, "attestation")));
    struct rtmrs rtmrs = quoted(attestation.quote);
    assert_ok(attestation_check(&attestation, attestation.quote.ptr + QUOTE_REPORT_DATA, &rtmrs));
    assert_int_equal(event_log_check(&attestation.log, &rtmrs, RTMRS_ALL), DEPUTY_E_EVENT_LOG_REPLAY);
}

static void scale_of_a_snp_guest_holds_report_chain_and_document(void **state)
{
    struct attestation attestation = parsed(state, scale_snp(state));
    assert_int_equal(attestation.platform, ATTESTATION_SNP);
    assert_slice(attestation.report, check_data(*state, "attestation/snp/milan_v3_report.bin"));
    assert_int_equal(attestation.certificate_count, 2);
    assert_memory_equal(attestation.certificates[0].ptr, "-----BEGIN", 10);
    assert_memory_equal(attestation.mr_config.ptr, "{\"app_id\":", 10);
    assert_ok(attestation_check(&attestation, attestation.report.ptr + 0x50, NULL));
}

static void pack_of_a_tdx_guest_says_what_scale_says(void **state)
{
    struct attestation pack = parsed(state, pack_tdx(state));
    struct attestation scale = parsed(state, scale_tdx(state));
    struct rtmrs rtmrs = quoted(pack.quote), replayed;
    assert_int_equal(pack.platform, ATTESTATION_TDX);
    assert_int_equal(pack.log.count, 33);
    for (size_t i = 0; i < pack.log.count; i++) {
        assert_memory_equal(pack.log.events[i].digest, scale.log.events[i].digest, RTMR_BYTES);
        assert_slice(pack.log.events[i].payload, scale.log.events[i].payload);
    }
    assert_slice(pack.config, scale.config);
    event_log_replay(&replayed, &pack.runtime);
    assert_memory_equal(replayed.value[RTMR_APP], rtmrs.value[RTMR_APP], RTMR_BYTES);
    assert_ok(attestation_check(&pack, pack.quote.ptr + QUOTE_REPORT_DATA, &rtmrs));
    assert_false(deputy_slice_present(pack.payload));
}

/* ---- both forms ---- */

static void every_cut_and_every_extra_byte_is_refused(void **state)
{
    struct deputy_slice forms[] = {scale_tdx(state), scale_snp(state), pack_tdx(state)};
    for (size_t f = 0; f < 3; f++) {
        for (size_t len = 0; len < forms[f].len; len += len < 64 || forms[f].len - len < 300 ? 1 : 97)
            assert_int_not_equal(refusal(state, deputy_slice_bytes(forms[f].ptr, len)), DEPUTY_OK);
        assert_int_equal(
                refusal(state, joined(*state, forms[f], deputy_slice_bytes("", 1))), DEPUTY_E_EVIDENCE_FORM);
    }
}

static void first_byte_says_the_form_or_it_is_refused(void **state)
{
    struct deputy_slice bytes = pack_tdx(state);
    for (unsigned int first = 1; first < 256; first++)
        if (first != bytes.ptr[0])
            assert_int_equal(
                    refusal(state, changed(state, bytes, 0, (uint8_t)first)), DEPUTY_E_EVIDENCE_FORM);
}

static void more_than_the_limit_is_refused_unread(void **state)
{
    struct attestation attestation;
    uint8_t first = 0;
    assert_int_equal(
            attestation_parse(*state, &attestation, deputy_slice_bytes(&first, ATTESTATION_MAX_BYTES + 1)),
            DEPUTY_E_LIMIT);
}

static void report_data_of_another_quote_is_refused(void **state)
{
    struct attestation attestation = parsed(state, pack_tdx(state));
    struct rtmrs rtmrs = quoted(attestation.quote);
    uint8_t report_data[REPORT_DATA_BYTES];
    memcpy(report_data, attestation.quote.ptr + QUOTE_REPORT_DATA, sizeof report_data);
    for (size_t i = 0; i < sizeof report_data; i++) {
        report_data[i] ^= 1;
        assert_int_equal(attestation_check(&attestation, report_data, &rtmrs), DEPUTY_E_EVIDENCE_BINDING);
        report_data[i] ^= 1;
    }
}

static void runtime_events_that_do_not_replay_are_refused(void **state)
{
    struct attestation attestation = parsed(state, pack_tdx(state));
    struct rtmrs rtmrs = quoted(attestation.quote);
    attestation.runtime.count--;
    assert_int_equal(
            attestation_check(&attestation, attestation.report_data, &rtmrs), DEPUTY_E_EVENT_LOG_REPLAY);
    attestation.runtime.count++;
    attestation.log.count--;
    assert_int_equal(
            attestation_check(&attestation, attestation.report_data, &rtmrs), DEPUTY_E_EVENT_LOG_REPLAY);
}

/* ---- SCALE ---- */

static void scale_of_other_platforms_is_unsupported(void **state)
{
    assert_int_equal(refusal(state, check_hex(*state, "0001")), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    assert_int_equal(refusal(state, check_hex(*state, "0002")), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    assert_int_equal(refusal(state, check_hex(*state, "0004")), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    assert_int_equal(refusal(state, check_hex(*state, "0005")), DEPUTY_E_EVIDENCE_FORM);
}

#define RD                                                                                                   \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "00000000000000000000000000"

static void scale_lengths_have_one_form(void **state)
{
    struct attestation attestation = parsed(state, check_hex(*state, "0000"
                                                                     "04aa"
                                                                     "00"
                                                                     "00" RD "00"));
    assert_int_equal(attestation.quote.len, 1);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "0500aa"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "06000000aa"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "0304000000aa"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "feffffffaa"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
}

static void scale_event_keeps_the_rules_of_logs(void **state)
{
    /* register, type, digest, name, payload */
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "04"
                                                      "02000000"
                                                      "01000008"
                                                      "00"
                                                      "0461"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVENT_LOG_REGISTER);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "04"
                                                      "04000000"
                                                      "01000008"
                                                      "00"
                                                      "0461"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "04"
                                                      "00000000"
                                                      "04000000"
                                                      "00"
                                                      "00"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "04"
                                                      "03000000"
                                                      "01000008"
                                                      "00"
                                                      "04ff"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "04"
                                                      "03000000"
                                                      "01000008"
                                                      "00"
                                                      "0461"
                                                      "00"
                                                      "00" RD "04ff")),
            DEPUTY_E_EVIDENCE_FORM);
    parsed(state, check_hex(*state, "0000"
                                    "00"
                                    "04"
                                    "03000000"
                                    "01000008"
                                    "00"
                                    "0461"
                                    "00"
                                    "00" RD "00"));
}

static void scale_counts_beyond_their_bytes_or_limits_are_refused(void **state)
{
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "0540" RD)),
            DEPUTY_E_LIMIT);
    assert_int_equal(refusal(state, check_hex(*state, "0000"
                                                      "00"
                                                      "fd03"
                                                      "0000")),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(refusal(state, check_hex(*state, "0003"
                                                      "00"
                                                      "24"
                                                      "000000000000000000"
                                                      "00"
                                                      "00" RD "00")),
            DEPUTY_E_LIMIT);
    parsed(state, check_hex(*state, "0003"
                                    "00"
                                    "20"
                                    "0000000000000000"
                                    "00"
                                    "00" RD "00"));
}

/* ---- MessagePack ---- */

static void put_key(struct buf *out, const char *key)
{
    buf_put_byte(out, (uint8_t)(0xa0 | strlen(key)));
    buf_put_text(out, key);
}

/* An attestation of a TDX guest or pod with nothing in it but what is given, each as hexadecimal MessagePack.
 */
struct pack_parts {
    const char *version, *kind, *platform, *stack_kind, *stack, *more;
};

static struct deputy_slice pack_of(void **state, struct pack_parts parts)
{
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice made;
    buf_put_byte(&out, parts.more == NULL ? 0x83 : 0x84);
    put_key(&out, "version");
    buf_put(&out, check_hex(*state, parts.version));
    put_key(&out, "platform");
    buf_put_byte(&out, 0x82);
    put_key(&out, "kind");
    put_key(&out, parts.kind);
    put_key(&out, "data");
    buf_put(&out, check_hex(*state, parts.platform));
    put_key(&out, "stack");
    buf_put_byte(&out, 0x82);
    put_key(&out, "kind");
    put_key(&out, parts.stack_kind);
    put_key(&out, "data");
    buf_put(&out, check_hex(*state, parts.stack));
    if (parts.more != NULL)
        buf_put(&out, check_hex(*state, parts.more));
    assert_ok(buf_finish(&out, &made));
    return made;
}

/* {"quote": bin "", "event_log": []} */
#define TDX_EMPTY                                                                                            \
    "82"                                                                                                     \
    "a571756f7465"                                                                                           \
    "c400"                                                                                                   \
    "a96576656e745f6c6f67"                                                                                   \
    "90"
/* "report_data": 64 zero bytes, "runtime_events": [], "config": "" */
#define STACK_MEMBERS                                                                                        \
    "ab7265706f72745f64617461"                                                                               \
    "c440" RD "ae72756e74696d655f6576656e7473"                                                               \
    "90"                                                                                                     \
    "a6636f6e666967"                                                                                         \
    "a0"
#define STACK "83" STACK_MEMBERS
#define SMALLEST                                                                                             \
    {                                                                                                        \
        "01", "tdx", TDX_EMPTY, "dstack", STACK, NULL                                                        \
    }

static void smallest_pack_is_accepted_and_unknown_members_passed_over(void **state)
{
    struct pack_parts parts = SMALLEST;
    parsed(state, pack_of(state, parts));
    parts.more = "a178"
                 "81a179"
                 "92c0dc0002cb3ff0000000000000d90161"; /* x: {y: [nil, [1.0, "a"]]} */
    parsed(state, pack_of(state, parts));
    parts.more = "a178"
                 "c1"; /* never used */
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.more = "a178"
                 "d40100"; /* an extension type */
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.more = "a178"
                 "ddffffffff"; /* more elements than bytes */
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.more = "a178"
                 "dfffffffff";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.more = "01"
                 "01"; /* a key that is no text */
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
}

static void pack_with_a_key_twice_is_refused(void **state)
{
    struct pack_parts parts = SMALLEST;
    parts.more = "a776657273696f6e"
                 "01";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.more = NULL;
    parts.platform = "83"
                     "a571756f7465"
                     "c400"
                     "a571756f7465"
                     "c400"
                     "a96576656e745f6c6f67"
                     "90";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
}

static void pack_of_another_version_is_refused(void **state)
{
    static const char *const versions[] = {"00", "02", "cc02", "ff", "c0", "a131", "d101"};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct pack_parts parts = SMALLEST;
        parts.version = versions[i];
        assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    }
}

static void pack_of_other_platforms_is_unsupported(void **state)
{
    struct pack_parts parts = SMALLEST;
    parts.kind = "gcp-tdx";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    parts.kind = "nitro-enclave";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    parts.kind = "aws-nitro-tpm";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    parts.kind = "tdx2";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts = (struct pack_parts)SMALLEST;
    parts.stack_kind = "other";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
}

static void pack_of_a_snp_guest_holds_report_chain_and_document(void **state)
{
    struct pack_parts parts = SMALLEST;
    parts.kind = "sev-snp";
    /* {"report": [1, 200], "cert_chain": [bin 02, []], "mr_config": "d"} */
    parts.platform = "83"
                     "a67265706f7274"
                     "9201ccc8"
                     "aa636572745f636861696e"
                     "92c4010290"
                     "a96d725f636f6e666967"
                     "a164";
    struct attestation attestation = parsed(state, pack_of(state, parts));
    assert_int_equal(attestation.platform, ATTESTATION_SNP);
    assert_hex(attestation.report.ptr, attestation.report.len, "01c8");
    assert_int_equal(attestation.certificate_count, 2);
    assert_int_equal(attestation.certificates[1].len, 0);
    assert_text(attestation.mr_config, "d");
    parts.platform = "83"
                     "a67265706f7274"
                     "c400"
                     "aa636572745f636861696e"
                     "99909090909090909090"
                     "a96d725f636f6e666967"
                     "a0";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_LIMIT);
}

static void bytes_are_binary_or_a_list_of_small_integers(void **state)
{
    struct deputy_slice bytes;
    assert_ok(pack_bytes(*state, &bytes, check_hex(*state, "c4020102")));
    assert_hex(bytes.ptr, bytes.len, "0102");
    assert_ok(pack_bytes(*state, &bytes, check_hex(*state, "c500020102")));
    assert_ok(pack_bytes(*state, &bytes, check_hex(*state, "c6000000020102")));
    assert_ok(pack_bytes(*state, &bytes, check_hex(*state, "dc000301ccffcd00ff")));
    assert_hex(bytes.ptr, bytes.len, "01ffff");
    static const char *const wrong[] = {"a0", "c0", "01", "80", "91cd0100", "91ff", "91a0", "9201", "910101",
            "c40201", "c4020102ff", "dd00000002", "ddffffffff01", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(pack_bytes(*state, &bytes, check_hex(*state, wrong[i])), DEPUTY_E_EVIDENCE_FORM);
}

/* {"event": "compose-hash", "payload": abcd, "version": n} */
#define EVENT_OF_FORM(version)                                                                               \
    "83"                                                                                                     \
    "a56576656e74"                                                                                           \
    "ac636f6d706f73652d68617368"                                                                             \
    "a77061796c6f6164"                                                                                       \
    "c402abcd"                                                                                               \
    "a776657273696f6e" version

static void runtime_events_of_the_second_form_have_its_digest(void **state)
{
    struct pack_parts parts = SMALLEST;
    parts.stack = "83"
                  "ab7265706f72745f64617461"
                  "c440" RD "ae72756e74696d655f6576656e7473"
                  "91" EVENT_OF_FORM("02") "a6636f6e666967"
                                           "a0";
    struct attestation attestation = parsed(state, pack_of(state, parts));
    assert_hex(attestation.runtime.events[0].digest, RTMR_BYTES,
            "9dde1673f544faa94b921825209593ddde08d0baf9cd6990175dffaf3081f1bb10311d56de189491feb33842a050ad7"
            "b");
    parts.stack = "83"
                  "ab7265706f72745f64617461"
                  "c440" RD "ae72756e74696d655f6576656e7473"
                  "91" EVENT_OF_FORM("03") "a6636f6e666967"
                                           "a0";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
}

static void pod_tells_what_its_report_data_is_the_digest_of(void **state)
{
    struct pack_parts parts = SMALLEST;
    struct rtmrs zero = {0};
    parts.stack_kind = "dstack-pod";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.stack = "84" STACK_MEMBERS "b37265706f72745f646174615f7061796c6f6164"
                  "c40101";
    struct attestation attestation = parsed(state, pack_of(state, parts));
    assert_int_equal(
            attestation_check(&attestation, attestation.report_data, &zero), DEPUTY_E_EVIDENCE_BINDING);
    report_data_tagged(attestation.report_data, T("app-data"), T("\x01"));
    assert_ok(attestation_check(&attestation, attestation.report_data, &zero));
    parts.stack = "84" STACK_MEMBERS "b37265706f72745f646174615f7061796c6f6164"
                  "a101";
    parsed(state, pack_of(state, parts));
}

static void members_that_are_missing_or_nil_are_refused(void **state)
{
    struct pack_parts parts = SMALLEST;
    parts.platform = "81"
                     "a571756f7465"
                     "c400";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.platform = "82"
                     "a571756f7465"
                     "c0"
                     "a96576656e745f6c6f67"
                     "90";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts = (struct pack_parts)SMALLEST;
    parts.stack = "82"
                  "ab7265706f72745f64617461"
                  "c440" RD "a6636f6e666967"
                  "a0";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
    parts.stack = "83"
                  "ab7265706f72745f64617461"
                  "c403010203"
                  "ae72756e74696d655f6576656e7473"
                  "90"
                  "a6636f6e666967"
                  "a0";
    assert_int_equal(refusal(state, pack_of(state, parts)), DEPUTY_E_EVIDENCE_FORM);
}

static void map_with_more_members_than_any_has_is_refused(void **state)
{
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice map;
    struct pack_member none = {"none", {0}};
    buf_put(&out, check_hex(*state, "de0021"));
    for (uint8_t i = 0; i < PACK_MAX_MEMBERS + 1; i++) {
        buf_put_byte(&out, 0xa1);
        buf_put_byte(&out, (uint8_t)('A' + i));
        buf_put_byte(&out, 0);
    }
    assert_ok(buf_finish(&out, &map));
    assert_int_equal(pack_map(&none, 1, map), DEPUTY_E_EVIDENCE_FORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(scale_of_a_tdx_guest_holds_its_quote_and_log),
            ARENA_TEST(scale_of_a_guest_that_strips_its_log_replays_for_the_app),
            ARENA_TEST(scale_of_a_snp_guest_holds_report_chain_and_document),
            ARENA_TEST(pack_of_a_tdx_guest_says_what_scale_says),
            ARENA_TEST(every_cut_and_every_extra_byte_is_refused),
            ARENA_TEST(first_byte_says_the_form_or_it_is_refused),
            ARENA_TEST(more_than_the_limit_is_refused_unread),
            ARENA_TEST(report_data_of_another_quote_is_refused),
            ARENA_TEST(runtime_events_that_do_not_replay_are_refused),
            ARENA_TEST(scale_of_other_platforms_is_unsupported),
            ARENA_TEST(scale_lengths_have_one_form),
            ARENA_TEST(scale_event_keeps_the_rules_of_logs),
            ARENA_TEST(scale_counts_beyond_their_bytes_or_limits_are_refused),
            ARENA_TEST(smallest_pack_is_accepted_and_unknown_members_passed_over),
            ARENA_TEST(pack_with_a_key_twice_is_refused),
            ARENA_TEST(pack_of_another_version_is_refused),
            ARENA_TEST(pack_of_other_platforms_is_unsupported),
            ARENA_TEST(pack_of_a_snp_guest_holds_report_chain_and_document),
            ARENA_TEST(bytes_are_binary_or_a_list_of_small_integers),
            ARENA_TEST(runtime_events_of_the_second_form_have_its_digest),
            ARENA_TEST(pod_tells_what_its_report_data_is_the_digest_of),
            ARENA_TEST(members_that_are_missing_or_nil_are_refused),
            ARENA_TEST(map_with_more_members_than_any_has_is_refused),
    };
    return cmocka_run_group_tests_name("attest.attestation", tests, NULL, NULL);
}
