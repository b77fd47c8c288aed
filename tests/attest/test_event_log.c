/* Event logs (spec/08 sections 6.1 to 6.3): what they replay to, what they say, and what is refused. */
#include "attest/event_log.h"
#include "base/buf.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"
#include <stdio.h>
#include <stdlib.h>

enum { QUOTE_RTMR0 = 376 }; /* in a quote of version 4 */

static struct deputy_slice format(struct deputy_arena *arena, const char *pattern, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, pattern);
    int len = vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    assert_in_range(len, 0, (int)sizeof text - 1);
    struct buf out = buf_make(arena, sizeof text);
    struct deputy_slice made;
    buf_put(&out, deputy_slice_bytes(text, (size_t)len));
    assert_ok(buf_finish(&out, &made));
    return made;
}

static struct rtmrs quoted_rtmrs(struct deputy_slice quote)
{
    struct rtmrs rtmrs;
    assert_true(quote.len > QUOTE_RTMR0 + sizeof rtmrs);
    memcpy(&rtmrs, quote.ptr + QUOTE_RTMR0, sizeof rtmrs);
    return rtmrs;
}

static const struct json_value *answer(struct deputy_arena *arena, const char *file)
{
    const struct json_value *value;
    assert_ok(json_parse(arena, &value, check_data(arena, file)));
    return value;
}

static struct event_log log_of(struct deputy_arena *arena, struct deputy_slice json)
{
    struct event_log log;
    assert_ok(event_log_parse(arena, &log, json));
    return log;
}

/* One runtime event. */
#define RUNTIME(name, payload)                                                                               \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"" name                                  \
    "\",\"event_payload\":\"" payload "\"}"
#define APP_ID "1111111111111111111111111111111111111111"
#define HASH "2222222222222222222222222222222222222222222222222222222222222222"
#define OTHER_HASH "3333333333333333333333333333333333333333333333333333333333333333"
#define READY RUNTIME("system-ready", "")
#define DIGEST_96                                                                                            \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static enum deputy_error parsed(struct deputy_arena *arena, const char *json)
{
    struct event_log log;
    return event_log_parse(arena, &log, T(json));
}

static enum deputy_error app_of(struct deputy_arena *arena, const char *json)
{
    struct app_events app;
    struct event_log log = log_of(arena, T(json));
    return event_log_app(&app, &log, true);
}

/* ---- known answers ---- */

static void real_logs_replay_to_the_registers_of_their_quotes(void **state)
{
    static const char *const files[] = {
            "attestation/dstack/getquote_stripped.json", "attestation/dstack/getquote_v1events.json"};
    for (size_t i = 0; i < 2; i++) {
        const struct json_value *object = answer(*state, files[i]);
        struct event_log log = log_of(*state, check_text_of(object, "event_log"));
        struct rtmrs quoted = quoted_rtmrs(unhex(*state, check_text_of(object, "quote")));
        assert_ok(event_log_check(&log, &quoted, RTMRS_ALL));
        for (size_t byte = 0; byte < sizeof quoted; byte++) {
            ((uint8_t *)&quoted)[byte] ^= 1;
            assert_int_equal(event_log_check(&log, &quoted, RTMRS_ALL), DEPUTY_E_EVENT_LOG_REPLAY);
            ((uint8_t *)&quoted)[byte] ^= 1;
        }
    }
}

static void simulator_log_replays_and_says_who_the_app_is(void **state)
{
    struct app_events app;
    struct key_provider provider;
    struct event_log log = log_of(*state, check_data(*state, "attestation/dstack/simulator_event_log.json"));
    struct rtmrs quoted = quoted_rtmrs(check_data(*state, "attestation/dstack/simulator_quote.bin"));
    assert_int_equal(log.count, 33);
    assert_ok(event_log_check(&log, &quoted, RTMRS_ALL));
    assert_ok(event_log_app(&app, &log, true));
    assert_hex(app.app_id.ptr, app.app_id.len, "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
    assert_hex(app.compose_hash.ptr, app.compose_hash.len,
            "c143116fef3940e7f776bfc0919c256232ae5338a6e948c96b711e0b2383483a");
    assert_hex(app.instance_id.ptr, app.instance_id.len, "1691ed1b47506cad7d08834668691d88246f5b1f");
    assert_hex(app.os_image_hash.ptr, app.os_image_hash.len,
            "e61be43dd1cc6a6f5edefd7c51b608983780839b0000ce60dd99737dcffe09b9");
    assert_ok(key_provider_parse(*state, &provider, app.key_provider));
    assert_text(provider.name, "kms");
    assert_int_equal(provider.id.len, 182);
    assert_true(app.booted && app.ready);
}

static const struct json_value *known(struct deputy_arena *arena, const char *name)
{
    const struct json_value *found = json_member(answer(arena, "attestation/known_answers.json"), name);
    assert_non_null(found);
    return found;
}

static void first_form_digests_are_those_of_a_signed_quote(void **state)
{
    const struct json_value *events =
            json_member(known(*state, "event_digests_v1_confirmed_by_real_quote"), "events");
    size_t count = 0;
    JSON_EACH (row, events) {
        struct event event = {.version = EVENT_V1, .name = check_text_of(row, "event")};
        event.payload = unhex(*state, check_text_of(row, "payload"));
        assert_ok(event_digest(*state, &event));
        assert_slice(
                deputy_slice_bytes(event.digest, RTMR_BYTES), unhex(*state, check_text_of(row, "sha384")));
        count++;
    }
    assert_int_equal(count, 9);
}

static void second_form_digests_are_over_the_canonical_preimage(void **state)
{
    size_t count = 0;
    JSON_EACH (row, known(*state, "event_preimage_v2")) {
        struct deputy_slice preimage;
        struct event event = {.version = EVENT_V2, .name = check_text_of(row, "event")};
        event.payload = unhex(*state, check_text_of(row, "payload_hex"));
        assert_ok(event_preimage(*state, &preimage, &event));
        assert_slice(preimage, check_text_of(row, "canonical"));
        assert_ok(event_digest(*state, &event));
        assert_slice(deputy_slice_bytes(event.digest, RTMR_BYTES),
                unhex(*state, check_text_of(row, "computed_sha384")));
        count++;
    }
    assert_int_equal(count, 3);
}

static void second_form_preimage_keeps_unicode_and_escapes_controls(void **state)
{
    struct deputy_slice preimage;
    struct event event = {
            .version = EVENT_V2, .name = T("gr\xc3\xbc\xc3\x9f\x01\x1f\b\f\r\t"), .payload = T("")};
    assert_ok(event_preimage(*state, &preimage, &event));
    assert_text(preimage, "{\"name\":\"gr\xc3\xbc\xc3\x9f\\u0001\\u001f\\b\\f\\r\\t\",\"payload\":\"\","
                          "\"type\":134217729}");
}

static void ccel_replays_to_all_registers_of_its_quote(void **state)
{
    struct event_log log;
    struct rtmrs quoted = quoted_rtmrs(check_data(*state, "attestation/eventlog/cos113.quote.bin"));
    assert_ok(event_log_parse_ccel(
            *state, &log, check_data(*state, "attestation/eventlog/cos113.ccel_data.bin")));
    assert_ok(event_log_check(&log, &quoted, RTMRS_ALL));
}

static void ccel_of_dstack_replays_as_computed(void **state)
{
    struct event_log log;
    struct rtmrs rtmrs;
    assert_ok(event_log_parse_ccel(*state, &log, check_data(*state, "attestation/eventlog/dstack_ccel.bin")));
    event_log_replay(&rtmrs, &log);
    const struct json_value *index = answer(*state, "attestation/index.json");
    size_t compared = 0;
    JSON_EACH (file, json_member(index, "files")) {
        if (!json_text_is(json_member(file, "file"), "eventlog/dstack_ccel.bin"))
            continue;
        const struct json_value *replay = json_member(json_member(file, "expect"), "replay");
        for (size_t i = 0; i < 3; i++, compared++)
            assert_slice(deputy_slice_bytes(rtmrs.value[i], RTMR_BYTES),
                    unhex(*state, check_text_of(replay, (const char *[]){"rtmr0", "rtmr1", "rtmr2"}[i])));
    }
    assert_int_equal(compared, 3);
}

static void empty_log_replays_to_zero(void **state)
{
    struct rtmrs zero = {0};
    struct event_log log = log_of(*state, T("[]"));
    assert_ok(event_log_check(&log, &zero, RTMRS_ALL));
    zero.value[3][0] = 1;
    assert_int_equal(event_log_check(&log, &zero, RTMRS_ALL), DEPUTY_E_EVENT_LOG_REPLAY);
}

static void only_the_registers_of_the_set_are_compared(void **state)
{
    struct rtmrs zero = {0};
    struct event_log log = log_of(*state, T("[]"));
    for (size_t i = 0; i < RTMR_COUNT; i++) {
        zero.value[i][RTMR_BYTES - 1] = 1;
        assert_int_equal(event_log_check(&log, &zero, (uint8_t)(1 << i)), DEPUTY_E_EVENT_LOG_REPLAY);
        assert_ok(event_log_check(&log, &zero, (uint8_t)(RTMRS_ALL & ~(1 << i))));
        zero.value[i][RTMR_BYTES - 1] = 0;
    }
}

/* ---- the JSON form ---- */

static void what_is_no_log_is_refused(void **state)
{
    static const char *const texts[] = {"", "{}", "null", "[1]", "[{}]", "[[]]", "[", "[] ]", "\"[]\"",
            "[{\"imr\":3,\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_"
            "payload\":\"\"}]",
            "[{\"imr\":-1,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}]",
            "[{\"imr\":\"3\",\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}"
            "]",
            "[{\"imr\":4,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}]",
            "[{\"imr\":3.0,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}]",
            "[{\"imr\":3,\"event_type\":4429185025,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":null,\"event_payload\":\"\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event_payload\":\"\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"abc\"}"
            "]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"zz\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"\\ud800\",\"event_payload\":"
            "\"\"}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\","
            "\"version\":0}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\","
            "\"version\":3}]",
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\","
            "\"version\":null}]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(parsed(*state, texts[i]), DEPUTY_E_EVENT_LOG_FORM);
}

static void boot_event_needs_its_whole_digest_and_no_form(void **state)
{
#define BOOT(digest, more)                                                                                   \
    "[{\"imr\":0,\"event_type\":4,\"digest\":\"" digest "\",\"event\":\"\",\"event_payload\":\"\"" more "}]"
    assert_ok(parsed(*state, BOOT(DIGEST_96, "")));
    assert_int_equal(parsed(*state, BOOT("", "")), DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(parsed(*state, BOOT("aa", "")), DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(parsed(*state, BOOT(DIGEST_96 "aa", "")), DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(parsed(*state, BOOT(DIGEST_96, ",\"version\":2")), DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(parsed(*state, BOOT(DIGEST_96, ",\"preimage\":\"\"")), DEPUTY_E_EVENT_LOG_FORM);
}

static void runtime_event_in_another_register_is_refused(void **state)
{
    for (int imr = 0; imr < 3; imr++) {
        struct event_log log;
        struct deputy_slice json = format(*state,
                "[{\"imr\":%d,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":"
                "\"\"}]",
                imr);
        assert_int_equal(event_log_parse(*state, &log, json), DEPUTY_E_EVENT_LOG_REGISTER);
    }
}

static void other_event_in_the_last_register_is_refused(void **state)
{
    assert_int_equal(parsed(*state, "[{\"imr\":3,\"event_type\":4,\"digest\":\"" DIGEST_96
                                    "\",\"event\":\"\",\"event_payload\":\"\"}]"),
            DEPUTY_E_EVENT_LOG_REGISTER);
}

static void digest_that_is_told_of_a_runtime_event_is_never_believed(void **state)
{
    assert_int_equal(parsed(*state, "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"" DIGEST_96
                                    "\",\"event\":\"boot-mr-done\",\"event_payload\":\"\"}]"),
            DEPUTY_E_EVENT_LOG_DIGEST);
    assert_ok(parsed(*state, "[{\"imr\":3,\"event_type\":134217729,\"digest\":"
                             "\"98BD7E6BD3952720B65027FD494834045D06B4A714BF737A06B874638B3EA00FF402F7F583E3E"
                             "3B05E921C8570433AC6\","
                             "\"event\":\"boot-mr-done\",\"event_payload\":\"\"}]"));
}

#define PREIMAGE_ABCD                                                                                        \
    "7b226e616d65223a22636f6d706f73652d68617368222c227061796c6f6164223a2261626364222c2274797065223a31333432" \
    "31"                                                                                                     \
    "373732397d"
#define SECOND(payload, preimage)                                                                            \
    "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"compose-hash\",\"event_payload\":"     \
    "\"" payload "\",\"version\":2" preimage "}]"

static void second_form_needs_its_canonical_preimage(void **state)
{
    assert_ok(parsed(*state, SECOND("abcd", ",\"preimage\":\"" PREIMAGE_ABCD "\"")));
    assert_int_equal(parsed(*state, SECOND("abcd", "")), DEPUTY_E_EVENT_LOG_FORM);
    assert_int_equal(parsed(*state, SECOND("abcd", ",\"preimage\":\"\"")), DEPUTY_E_EVENT_LOG_DIGEST);
    assert_int_equal(
            parsed(*state, SECOND("abce", ",\"preimage\":\"" PREIMAGE_ABCD "\"")), DEPUTY_E_EVENT_LOG_DIGEST);
    assert_int_equal(parsed(*state, SECOND("abcd", ",\"preimage\":\"" PREIMAGE_ABCD "0a\"")),
            DEPUTY_E_EVENT_LOG_DIGEST);
}

static void first_form_with_a_preimage_is_refused(void **state)
{
    assert_int_equal(parsed(*state, "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\","
                                    "\"event_payload\":\"\",\"preimage\":\"\"}]"),
            DEPUTY_E_EVENT_LOG_FORM);
}

/* Text of one value repeated, between a start and an end. */
static struct deputy_slice repeated(
        struct deputy_arena *arena, const char *start, const char *part, size_t times, const char *end)
{
    struct deputy_slice made;
    struct buf out = buf_make(arena, strlen(start) + times * strlen(part) + strlen(end));
    buf_put_text(&out, start);
    for (size_t i = 0; i < times; i++)
        buf_put_text(&out, part);
    buf_put_text(&out, end);
    assert_ok(buf_finish(&out, &made));
    return made;
}

static void limits_of_a_log_hold(void **state)
{
    struct event_log log;
    struct deputy_slice most = repeated(*state, "[" READY, "," READY, EVENT_LOG_MAX_EVENTS - 1, "]");
    struct deputy_slice more = repeated(*state, "[" READY, "," READY, EVENT_LOG_MAX_EVENTS, "]");
    assert_ok(event_log_parse(*state, &log, most));
    assert_int_equal(event_log_parse(*state, &log, more), DEPUTY_E_LIMIT);
    struct deputy_slice wide = repeated(*state, "[", " ", EVENT_LOG_MAX_TEXT - 2, "]");
    assert_ok(event_log_parse(*state, &log, wide));
    assert_int_equal(event_log_parse(*state, &log, joined(*state, wide, T(" "))), DEPUTY_E_LIMIT);
    const char *start =
            "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"";
    assert_ok(event_log_parse(*state, &log, repeated(*state, start, "ab", EVENT_MAX_PAYLOAD, "\"}]")));
    assert_int_equal(
            event_log_parse(*state, &log, repeated(*state, start, "ab", EVENT_MAX_PAYLOAD + 1, "\"}]")),
            DEPUTY_E_LIMIT);
}

/* ---- what the launch says ---- */

static void event_written_after_system_ready_is_not_looked_at(void **state)
{
    struct app_events app;
    struct event_log log = log_of(*state,
            T("[" RUNTIME("compose-hash", HASH) "," READY "," RUNTIME("compose-hash", OTHER_HASH) "," RUNTIME(
                    "app-id", APP_ID) "," RUNTIME("my:name", "") "," READY "]"));
    assert_ok(event_log_app(&app, &log, true));
    assert_hex(app.compose_hash.ptr, app.compose_hash.len, HASH);
    assert_false(deputy_slice_present(app.app_id));
}

static void app_event_of_a_real_guest_does_not_disturb_its_identity(void **state)
{
    struct app_events app;
    const struct json_value *object = answer(*state, "attestation/dstack/getquote_v1events.json");
    struct event_log log = log_of(*state, check_text_of(object, "event_log"));
    assert_ok(event_log_app(&app, &log, true));
    assert_memory_equal(app.compose_hash.ptr, "\x37\x63\xbc\x34", 4);
    assert_int_equal(app.compose_hash.len, HASH_BYTES);
}

static void reserved_name_twice_before_system_ready_is_refused(void **state)
{
    assert_int_equal(
            app_of(*state, "[" RUNTIME("app-id", APP_ID) "," RUNTIME("app-id", APP_ID) "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
    assert_int_equal(
            app_of(*state, "[" RUNTIME("compose-hash", HASH) "," RUNTIME("compose-hash", HASH) "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
    assert_int_equal(
            app_of(*state, "[" RUNTIME("instance-id", "") "," RUNTIME("instance-id", "") "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
    assert_int_equal(app_of(*state, "[" RUNTIME("key-provider", "7b7d") "," RUNTIME(
                                            "key-provider", "7b7d") "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
    assert_int_equal(
            app_of(*state, "[" RUNTIME("boot-mr-done", "") "," RUNTIME("boot-mr-done", "") "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
    assert_int_equal(app_of(*state, "[" RUNTIME("os-image-hash", HASH) "," RUNTIME(
                                            "os-image-hash", HASH) "," READY "]"),
            DEPUTY_E_EVENT_LOG_TWICE);
}

static void reserved_payload_of_another_length_is_refused(void **state)
{
    static const char *const logs[] = {"[" RUNTIME("app-id", HASH) "," READY "]",
            "[" RUNTIME("app-id", "") "," READY "]", "[" RUNTIME("compose-hash", APP_ID) "," READY "]",
            "[" RUNTIME("instance-id", HASH) "," READY "]", "[" RUNTIME("os-image-hash", "") "," READY "]",
            "[" RUNTIME("init-script-hash", "00") "," READY "]",
            "[" RUNTIME("boot-mr-done", "00") "," READY "]", "[" RUNTIME("system-ready", "00") "]"};
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        assert_int_equal(app_of(*state, logs[i]), DEPUTY_E_EVENT_LOG_PAYLOAD);
    assert_ok(app_of(*state, "[" RUNTIME("instance-id", "") "," READY "]"));
    assert_ok(app_of(*state, "[" RUNTIME("instance-id", APP_ID) "," READY "]"));
}

static void init_scripts_are_at_most_five(void **state)
{
    struct app_events app;
    struct deputy_slice five = repeated(*state, "[", RUNTIME("init-script-hash", HASH) ",", 5, READY "]");
    struct deputy_slice six = repeated(*state, "[", RUNTIME("init-script-hash", HASH) ",", 6, READY "]");
    struct event_log log = log_of(*state, five);
    assert_ok(event_log_app(&app, &log, true));
    assert_int_equal(app.init_scripts, 5);
    log = log_of(*state, six);
    assert_int_equal(event_log_app(&app, &log, true), DEPUTY_E_EVENT_LOG_TWICE);
}

/* "key-provider" with the payload "x:y" has the digest of "key-provider:x" with the payload "y". */
static void moved_colon_that_hides_a_reserved_event_is_refused(void **state)
{
    struct event honest = {.version = EVENT_V1, .name = T("key-provider"), .payload = T("x:y")};
    struct event moved = {.version = EVENT_V1, .name = T("key-provider:x"), .payload = T("y")};
    assert_ok(event_digest(*state, &honest));
    assert_ok(event_digest(*state, &moved));
    assert_memory_equal(honest.digest, moved.digest, RTMR_BYTES);
    assert_int_equal(
            app_of(*state, "[" RUNTIME("key-provider:x", "79") "," READY "]"), DEPUTY_E_EVENT_LOG_NAME);
}

static void name_that_is_not_plain_before_system_ready_is_refused(void **state)
{
    assert_int_equal(app_of(*state, "[" RUNTIME("", "") "," READY "]"), DEPUTY_E_EVENT_LOG_NAME);
    assert_int_equal(app_of(*state, "[" RUNTIME("app id", "") "," READY "]"), DEPUTY_E_EVENT_LOG_NAME);
    assert_int_equal(app_of(*state, "[" RUNTIME("app-id\\u0000", "") "," READY "]"), DEPUTY_E_EVENT_LOG_NAME);
    assert_int_equal(app_of(*state, "[" RUNTIME("\xc3\xa4pp", "") "," READY "]"), DEPUTY_E_EVENT_LOG_NAME);
    struct app_events app;
    struct event_log log =
            log_of(*state, repeated(*state,
                                   "[" RUNTIME("a", "") ",{\"imr\":3,\"event_type\":134217729,\"digest\":"
                                                        "\"\",\"event_payload\":\"\",\"event\":\"",
                                   "a", 65, "\"}," READY "]"));
    assert_int_equal(event_log_app(&app, &log, true), DEPUTY_E_EVENT_LOG_NAME);
}

static void log_without_system_ready_is_refused_unless_policy_says(void **state)
{
    struct app_events app;
    struct event_log log = log_of(*state, T("[" RUNTIME("compose-hash", HASH) "]"));
    assert_int_equal(event_log_app(&app, &log, true), DEPUTY_E_EVENT_LOG_UNFINISHED);
    assert_ok(event_log_app(&app, &log, false));
    assert_false(app.ready);
    assert_hex(app.compose_hash.ptr, app.compose_hash.len, HASH);
}

static void boot_event_named_as_a_reserved_one_says_nothing(void **state)
{
    struct app_events app;
    struct event_log log =
            log_of(*state, T("[{\"imr\":0,\"event_type\":10,\"digest\":\"" DIGEST_96
                             "\",\"event\":\"compose-hash\",\"event_payload\":\"" HASH "\"}," READY "]"));
    assert_ok(event_log_app(&app, &log, true));
    assert_false(deputy_slice_present(app.compose_hash));
}

static void key_provider_is_one_of_four_with_a_hexadecimal_id(void **state)
{
    struct key_provider provider;
    assert_ok(key_provider_parse(*state, &provider, T("{\"name\":\"none\",\"id\":\"\"}")));
    assert_ok(key_provider_parse(*state, &provider, T("{\"name\":\"tpm\",\"id\":\"\"}")));
    assert_ok(key_provider_parse(*state, &provider, T("{\"name\":\"local-sgx\",\"id\":\"aB\"}")));
    static const char *const wrong[] = {"", "{}", "[]", "{\"name\":\"kms\"}", "{\"name\":\"kms\",\"id\":1}",
            "{\"name\":\"KMS\",\"id\":\"\"}", "{\"name\":\"kms\",\"id\":\"abc\"}",
            "{\"name\":\"kms\",\"id\":\"xx\"}", "{\"name\":\"kms\",\"id\":\"\\u0000\\u0000\"}",
            "{\"name\":\"kms\",\"name\":\"kms\",\"id\":\"\"}", "{\"name\":\"kms\",\"id\":\"\"}x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(key_provider_parse(*state, &provider, T(wrong[i])), DEPUTY_E_EVENT_LOG_PAYLOAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(real_logs_replay_to_the_registers_of_their_quotes),
            ARENA_TEST(simulator_log_replays_and_says_who_the_app_is),
            ARENA_TEST(first_form_digests_are_those_of_a_signed_quote),
            ARENA_TEST(second_form_digests_are_over_the_canonical_preimage),
            ARENA_TEST(second_form_preimage_keeps_unicode_and_escapes_controls),
            ARENA_TEST(ccel_replays_to_all_registers_of_its_quote),
            ARENA_TEST(ccel_of_dstack_replays_as_computed),
            ARENA_TEST(empty_log_replays_to_zero),
            ARENA_TEST(only_the_registers_of_the_set_are_compared),
            ARENA_TEST(what_is_no_log_is_refused),
            ARENA_TEST(boot_event_needs_its_whole_digest_and_no_form),
            ARENA_TEST(runtime_event_in_another_register_is_refused),
            ARENA_TEST(other_event_in_the_last_register_is_refused),
            ARENA_TEST(digest_that_is_told_of_a_runtime_event_is_never_believed),
            ARENA_TEST(second_form_needs_its_canonical_preimage),
            ARENA_TEST(first_form_with_a_preimage_is_refused),
            ARENA_TEST(limits_of_a_log_hold),
            ARENA_TEST(event_written_after_system_ready_is_not_looked_at),
            ARENA_TEST(app_event_of_a_real_guest_does_not_disturb_its_identity),
            ARENA_TEST(reserved_name_twice_before_system_ready_is_refused),
            ARENA_TEST(reserved_payload_of_another_length_is_refused),
            ARENA_TEST(init_scripts_are_at_most_five),
            ARENA_TEST(moved_colon_that_hides_a_reserved_event_is_refused),
            ARENA_TEST(name_that_is_not_plain_before_system_ready_is_refused),
            ARENA_TEST(log_without_system_ready_is_refused_unless_policy_says),
            ARENA_TEST(boot_event_named_as_a_reserved_one_says_nothing),
            ARENA_TEST(key_provider_is_one_of_four_with_a_hexadecimal_id),
    };
    return cmocka_run_group_tests_name("attest.event_log", tests, NULL, NULL);
}
