/* Places to listen on: what is read, what a Unix socket replaces and what it leaves alone. */
#include "run/place.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/deputy-place-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(directory);
}

static struct place place_at(const char *name)
{
    struct place place;
    const char *reason;
    char text[128];
    snprintf(text, sizeof text, "unix:%s/%s", directory, name);
    assert_ok(place_read(&place, deputy_slice_text(text), &reason));
    return place;
}

static void a_place_that_is_neither_address_nor_path_is_refused(void **state)
{
    static const char *const refused[] = {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "localhost",
            "a:1", "unix:", "unix:/", "unix:relative.sock", "unix:@abstract", "UNIX:/tmp/a", "systemd:1"};
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct place place;
        const char *reason = NULL;
        assert_int_equal(place_read(&place, deputy_slice_text(refused[i]), &reason), DEPUTY_E_ARGUMENT);
        assert_non_null(reason);
    }
}

static void a_path_longer_than_an_address_takes_is_refused(void **state)
{
    (void)state;
    struct place place;
    const char *reason;
    char text[5 + 108 + 1] = "unix:/";
    memset(text + 6, 'a', 107);
    assert_int_equal(place_read(&place, deputy_slice_text(text), &reason), DEPUTY_E_ARGUMENT);
    text[5 + 107] = '\0';
    assert_ok(place_read(&place, deputy_slice_text(text), &reason));
    assert_int_equal(strlen(place.path), 107);
}

static void a_socket_gets_its_mode_and_goes_with_its_maker(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0660, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct place place = place_at("mode");
        struct stat status;
        const char *reason;
        assert_ok(place_open(&place, modes[i], &reason));
        assert_int_equal(stat(place.path, &status), 0);
        assert_true(S_ISSOCK(status.st_mode));
        assert_int_equal(status.st_mode & 0777, modes[i]);
        place_close(&place);
        assert_int_not_equal(stat(place.path, &status), 0);
    }
}

static void a_stale_socket_is_replaced(void **state)
{
    (void)state;
    struct place stale = place_at("stale"), place = place_at("stale");
    const char *reason;
    assert_ok(place_open(&stale, 0600, &reason));
    close(stale.fd); /* as a process that was killed leaves it */
    assert_ok(place_open(&place, 0600, &reason));
    place_close(&place);
    assert_int_not_equal(access(place.path, F_OK), 0);
}

static void a_socket_of_another_is_not_removed(void **state)
{
    (void)state;
    struct place first = place_at("taken"), second = place_at("taken");
    const char *reason;
    assert_ok(place_open(&first, 0600, &reason));
    unlink(first.path);
    assert_ok(place_open(&second, 0600, &reason));
    place_close(&first);
    assert_int_equal(access(second.path, F_OK), 0);
    place_close(&second);
    assert_int_not_equal(access(second.path, F_OK), 0);
}

static void a_socket_on_which_somebody_listens_is_left_alone(void **state)
{
    (void)state;
    struct place first = place_at("busy"), second = place_at("busy");
    const char *reason;
    assert_ok(place_open(&first, 0600, &reason));
    assert_int_equal(listen(first.fd, 1), 0);
    assert_int_equal(place_open(&second, 0600, &reason), DEPUTY_E_LISTEN);
    assert_string_equal(reason, "another process listens there");
    assert_int_equal(access(first.path, F_OK), 0);
    place_close(&second);
    assert_int_equal(access(first.path, F_OK), 0);
    place_close(&first);
}

static void a_file_in_the_way_is_left_alone(void **state)
{
    (void)state;
    struct place place = place_at("file");
    const char *reason;
    FILE *file = fopen(place.path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(place_open(&place, 0600, &reason), DEPUTY_E_LISTEN);
    assert_int_equal(access(place.path, F_OK), 0);
    unlink(place.path);
    /* a link is not followed */
    assert_int_equal(symlink("/dev/null", place.path), 0);
    assert_int_equal(place_open(&place, 0600, &reason), DEPUTY_E_LISTEN);
    unlink(place.path);
}

static void sockets_that_were_passed_to_another_process_are_not_taken(void **state)
{
    (void)state;
    struct place places[2];
    size_t count;
    const char *reason;
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    assert_int_equal(place_read_passed(places, 2, &count, &reason), DEPUTY_E_LISTEN);
    char self[32];
    snprintf(self, sizeof self, "%d", (int)getpid());
    setenv("LISTEN_PID", self, 1);
    setenv("LISTEN_FDS", "1x", 1);
    assert_int_equal(place_read_passed(places, 2, &count, &reason), DEPUTY_E_LISTEN);
    setenv("LISTEN_FDS", "3", 1);
    assert_int_equal(place_read_passed(places, 2, &count, &reason), DEPUTY_E_LISTEN);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_place_that_is_neither_address_nor_path_is_refused),
            cmocka_unit_test(a_path_longer_than_an_address_takes_is_refused),
            cmocka_unit_test(a_socket_gets_its_mode_and_goes_with_its_maker),
            cmocka_unit_test(a_stale_socket_is_replaced),
            cmocka_unit_test(a_socket_of_another_is_not_removed),
            cmocka_unit_test(a_socket_on_which_somebody_listens_is_left_alone),
            cmocka_unit_test(a_file_in_the_way_is_left_alone),
            cmocka_unit_test(sockets_that_were_passed_to_another_process_are_not_taken),
    };
    return cmocka_run_group_tests_name("run.place", tests, setup, teardown);
}
