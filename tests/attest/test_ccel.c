/* The binary boot log (spec/08 section 6.2): its limits, and what is refused. */
#include "attest/event_log.h"
#include "base/buf.h"
#include "support/edit.h"
#include "support/hex.h"

#define SHA1_ZERO "0000000000000000000000000000000000000000"
#define DIGEST                                                                                               \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* "Spec ID Event03", its NUL, class, version. */
#define SPEC_ID "53706563204944204576656e743033000000000000020002"
#define FIRST_OF(size, data) "0000000003000000" SHA1_ZERO size "000000" data
#define FIRST FIRST_OF("20", SPEC_ID "010000000c003000")
#define END "ffffffff"
/* Register, type, one SHA-384 digest, one byte of data. */
#define RECORD(index, type)                                                                                  \
    index "000000" type "000000"                                                                             \
          "01000000"                                                                                         \
          "0c00" DIGEST "01000000"                                                                           \
          "5a"

static enum deputy_error parsed(void **state, struct event_log *log, const char *hex)
{
    return event_log_parse_ccel(*state, log, check_hex(*state, hex));
}

#define assert_refused(hex)                                                                                  \
    do {                                                                                                     \
        struct event_log log_;                                                                               \
        assert_int_equal(parsed(state, &log_, hex), DEPUTY_E_EVENT_LOG_FORM);                                \
    } while (0)

static void records_become_events_of_the_register_below(void **state)
{
    struct event_log log;
    assert_ok(parsed(state, &log, FIRST RECORD("01", "04") RECORD("04", "06") END));
    assert_int_equal(log.count, 2);
    assert_int_equal(log.events[0].imr, 0);
    assert_int_equal(log.events[0].type, 4);
    assert_hex(log.events[0].digest, RTMR_BYTES, DIGEST);
    assert_hex(log.events[0].payload.ptr, log.events[0].payload.len, "5a");
    assert_int_equal(log.events[1].imr, 3);
}

static void launch_measurement_and_no_action_extend_nothing(void **state)
{
    struct event_log log;
    assert_ok(parsed(state, &log, FIRST RECORD("00", "04") RECORD("01", "03") END));
    assert_int_equal(log.count, 0);
}

static void what_follows_the_end_mark_is_not_read(void **state)
{
    struct event_log log;
    assert_ok(parsed(state, &log, FIRST RECORD("01", "04") END "0102"));
    assert_int_equal(log.count, 1);
    assert_ok(parsed(state, &log, FIRST RECORD("01", "04")));
    assert_int_equal(log.count, 1);
}

static void every_cut_inside_a_record_is_refused(void **state)
{
    struct event_log log;
    struct deputy_slice whole = check_hex(*state, FIRST RECORD("01", "04"));
    size_t first = strlen(FIRST) / 2;
    for (size_t len = 0; len < whole.len; len++) {
        enum deputy_error error = event_log_parse_ccel(*state, &log, deputy_slice_bytes(whole.ptr, len));
        assert_int_equal(error, len == first ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_FORM);
    }
}

static void register_beyond_the_fourth_is_refused(void **state)
{
    struct event_log log;
    assert_int_equal(parsed(state, &log, FIRST RECORD("05", "04") END), DEPUTY_E_EVENT_LOG_REGISTER);
    assert_int_equal(parsed(state, &log, FIRST RECORD("05", "03") END), DEPUTY_E_EVENT_LOG_REGISTER);
}

static void first_record_must_name_its_form_and_sha384(void **state)
{
    assert_refused("0000000004000000" SHA1_ZERO "20000000" SPEC_ID "010000000c003000" END); /* type */
    assert_refused(FIRST_OF("20", "54"
                                  "706563204944204576656e743033000000000000020002"
                                  "010000000c003000"));
    assert_refused(FIRST_OF("20", SPEC_ID "010000000b002000"));         /* SHA-256 alone */
    assert_refused(FIRST_OF("20", SPEC_ID "010000000c002000"));         /* SHA-384 of another length */
    assert_refused(FIRST_OF("24", SPEC_ID "020000000c0030000c003000")); /* twice */
    assert_refused(FIRST_OF("1c", SPEC_ID "00000000"));                 /* none */
    assert_refused(FIRST_OF("20", SPEC_ID "020000000c003000"));         /* more than there are */
    assert_refused(FIRST_OF("20", SPEC_ID "ffffffff0c003000"));
}

#define ALGS_2 FIRST_OF("24", SPEC_ID "020000000b0002000c003000")

static void record_has_one_digest_of_each_known_algorithm(void **state)
{
    struct event_log log;
    assert_ok(parsed(state, &log,
            ALGS_2 "0100000004000000"
                   "02000000"
                   "0b00abcd"
                   "0c00" DIGEST "00000000"));
    assert_int_equal(log.count, 1);
    assert_hex(log.events[0].digest, RTMR_BYTES, DIGEST);
    assert_refused(ALGS_2 "0100000004000000"
                          "01000000"
                          "0b00abcd"
                          "00000000"); /* no SHA-384 */
    assert_refused(ALGS_2 "0100000004000000"
                          "02000000"
                          "0c00" DIGEST "0c00" DIGEST "00000000");
    assert_refused(ALGS_2 "0100000004000000"
                          "01000000"
                          "0d00" DIGEST "00000000"); /* unknown */
    assert_refused(ALGS_2 "0100000004000000"
                          "00000000"
                          "00000000");
    assert_refused(ALGS_2 "0100000004000000"
                          "03000000"
                          "0b00abcd"
                          "0b00abcd"
                          "0c00" DIGEST "00000000");
}

static struct deputy_slice times(struct deputy_arena *arena, const char *hex, size_t count)
{
    struct deputy_slice made, part = check_hex(arena, hex);
    struct buf out = buf_make(arena, count * part.len);
    for (size_t i = 0; i < count; i++)
        buf_put(&out, part);
    assert_ok(buf_finish(&out, &made));
    return made;
}

static void limits_of_the_log_hold(void **state)
{
    struct event_log log;
    struct deputy_slice first = check_hex(*state, FIRST);
    struct deputy_slice most = times(*state, RECORD("01", "04"), EVENT_LOG_MAX_EVENTS);
    struct deputy_slice more = times(*state, RECORD("01", "04"), EVENT_LOG_MAX_EVENTS + 1);
    assert_ok(event_log_parse_ccel(*state, &log, joined(*state, first, most)));
    assert_int_equal(log.count, EVENT_LOG_MAX_EVENTS);
    assert_int_equal(event_log_parse_ccel(*state, &log, joined(*state, first, more)), DEPUTY_E_LIMIT);
    assert_int_equal(parsed(state, &log,
                             FIRST "01000000"
                                   "04000000"
                                   "01000000"
                                   "0c00" DIGEST "01000400"
                                   "5a"),
            DEPUTY_E_LIMIT);
    struct deputy_slice padding = times(*state, "ff", EVENT_LOG_MAX_CCEL - first.len);
    struct deputy_slice longest = joined(*state, first, padding);
    assert_ok(event_log_parse_ccel(*state, &log, longest));
    assert_int_equal(event_log_parse_ccel(*state, &log, joined(*state, longest, T("\xff"))), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(records_become_events_of_the_register_below),
            ARENA_TEST(launch_measurement_and_no_action_extend_nothing),
            ARENA_TEST(what_follows_the_end_mark_is_not_read),
            ARENA_TEST(every_cut_inside_a_record_is_refused),
            ARENA_TEST(register_beyond_the_fourth_is_refused),
            ARENA_TEST(first_record_must_name_its_form_and_sha384),
            ARENA_TEST(record_has_one_digest_of_each_known_algorithm),
            ARENA_TEST(limits_of_the_log_hold),
    };
    return cmocka_run_group_tests_name("attest.ccel", tests, NULL, NULL);
}
