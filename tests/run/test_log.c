/* What a log line looks like, and what cannot get into one. */
#include "run/log.h"
#include "support/check.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char captured[8192];

/* Runs a function with standard error going to a file, and reads what it wrote. */
static void capture(void (*run)(void))
{
    static const char path[] = TEST_BINARY_DIR "/log-test.txt";
    int saved = dup(STDERR_FILENO);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);
    run();
    dup2(saved, STDERR_FILENO);
    lseek(file, 0, SEEK_SET);
    ssize_t len = read(file, captured, sizeof captured - 1);
    captured[len > 0 ? len : 0] = '\0';
    close(file);
    close(saved);
}

#define CID "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4"

static void one_of_each(void)
{
    static const struct http_route route = {.pattern = "/kv/{key...}"};
    log_event(LOG_INFO, "invoke.refused", LOG_CID("invocation", T(CID)),
            LOG_ERROR(DEPUTY_E_UNAUTHORIZED_ACTION), LOG_METHOD(HTTP_METHOD_POST), LOG_ROUTE(&route),
            LOG_ROUTE(NULL), LOG_COUNT("status", 401), LOG_FLAG("replayed", true),
            LOG_ADDRESS("peer", T("[::1]:80")), LOG_WORD("mode", "strict"), LOG_END);
}

static void text_lines_are_key_value(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_AS_TEXT);
    capture(one_of_each);
    assert_int_equal(strspn(captured, "0123456789-T:.Z"), strlen("2026-11-26T01:32:37.123Z"));
    assert_string_equal(captured + strlen("2026-11-26T01:32:37.123Z"),
            " info invoke.refused invocation=" CID
            " error=unauthorized-action method=POST route=/kv/{key...} route=<unmatched> status=401 "
            "replayed=true"
            " peer=[::1]:80 mode=strict\n");
}

static void json_lines_are_objects(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_AS_JSON);
    capture(one_of_each);
    assert_memory_equal(captured, "{\"time\":\"2", strlen("{\"time\":\"2"));
    assert_string_equal(strchr(captured, 'Z'),
            "Z\",\"level\":\"info\",\"event\":\"invoke.refused\",\"invocation\":\"" CID
            "\",\"error\":\"unauthorized-action\",\"method\":\"POST\",\"route\":\"/kv/{key...}\","
            "\"route\":\"<unmatched>\",\"status\":401,\"replayed\":true,\"peer\":\"[::1]:80\",\"mode\":"
            "\"strict\"}\n");
}

static void hostile_fields(void)
{
    log_event(LOG_INFO, "x", LOG_CID("a", T("eyJhbGciOiJFZERTQSJ9.e30.c2ln")), LOG_CID("b", T("a\nb")),
            LOG_ADDRESS("c", T("secret")), LOG_CID("d", deputy_slice_bytes("a\0b", 3)), LOG_CID("e", T("")),
            LOG_END);
}

static void a_text_that_is_not_of_its_type_is_not_printed(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_AS_TEXT);
    capture(hostile_fields);
    assert_string_equal(strstr(captured, " x "), " x a=? b=? c=? d=? e=?\n");
}

static void quiet_event(void)
{
    log_event(LOG_INFO, "x", LOG_END);
    log_event(LOG_WARNING, "y", LOG_END);
}

static void events_below_the_level_are_dropped(void **state)
{
    (void)state;
    log_start(LOG_WARNING, LOG_AS_TEXT);
    capture(quiet_event);
    assert_null(strstr(captured, " x"));
    assert_non_null(strstr(captured, " warning y\n"));
    log_start(LOG_NONE, LOG_AS_TEXT);
    capture(quiet_event);
    assert_string_equal(captured, "");
}

static void two_events(void)
{
    log_event(LOG_INFO, "first", LOG_END);
    log_event(LOG_INFO, "second", LOG_END);
}

static void two_events_and_flush(void)
{
    two_events();
    log_flush();
}

static void failure_behind_them(void)
{
    two_events();
    log_event(LOG_FAILURE, "third", LOG_END);
}

static void more_than_is_kept(void)
{
    for (int i = 0; i < 1000; i++)
        log_event(LOG_INFO, "many", LOG_END);
}

/* Last: from then on this thread gathers. */
static void gathered_lines_wait_for_the_flush_but_not_behind_a_failure(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_AS_TEXT);
    log_gather();
    capture(two_events);
    assert_string_equal(captured, "");
    capture(log_flush);
    assert_true(strstr(captured, "first\n") != NULL && strstr(captured, "second\n") != NULL);
    capture(log_flush);
    assert_string_equal(captured, "");
    capture(two_events_and_flush);
    assert_true(strstr(captured, "first\n") < strstr(captured, "second\n"));
    capture(failure_behind_them);
    assert_true(strstr(captured, "second\n") < strstr(captured, "third\n"));
    capture(more_than_is_kept);
    assert_true(strstr(captured, "many\n") != NULL);
    log_flush();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(text_lines_are_key_value),
            cmocka_unit_test(json_lines_are_objects),
            cmocka_unit_test(a_text_that_is_not_of_its_type_is_not_printed),
            cmocka_unit_test(events_below_the_level_are_dropped),
            cmocka_unit_test(gathered_lines_wait_for_the_flush_but_not_behind_a_failure),
    };
    return cmocka_run_group_tests_name("run.log", tests, NULL, NULL);
}
