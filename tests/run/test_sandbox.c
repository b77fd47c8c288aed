/* A child that has entered the sandbox: what it needs it may do, and everything else is refused. */
#define _GNU_SOURCE
#include "http/client.h"
#include "http/serve.h"
#include "run/sandbox.h"
#include "store/sealed.h"
#include "support/check.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char inside[64], outside[64], shown[80];

/* ThreadSanitizer has a thread of its own from the start. */
#ifdef __SANITIZE_THREAD__
enum { FIRST_THREAD_IS_OURS = false };
#else
enum { FIRST_THREAD_IS_OURS = true };
#endif

/* Ends the child with the line that did not hold. */
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);                \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)
#define REFUSED(call) MUST((errno = 0, (call) < 0) && (errno == EACCES || errno == EPERM))

static int setup(void **state)
{
    (void)state;
    strcpy(inside, "/tmp/deputy-sandbox-XXXXXX");
    strcpy(outside, "/tmp/deputy-outside-XXXXXX");
    assert_non_null(mkdtemp(inside));
    assert_non_null(mkdtemp(outside));
    snprintf(shown, sizeof shown, "%s/shown", outside);
    int fd = open(shown, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "shown", 5), 5);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s %s", inside, outside);
    return system(command);
}

static long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

static struct sandbox_state entered(void)
{
    const struct sandbox_path paths[] = {
            {inside, SANDBOX_WRITES}, {shown, SANDBOX_READS}, {"/tmp/deputy-not-there", SANDBOX_READS}};
    const struct sandbox_plan plan = {.paths = paths, .path_count = 3};
    struct sandbox_state state;
    MUST(sandbox_enter(&state, &plan) == DEPUTY_OK);
    MUST(state.calls && state.whole == FIRST_THREAD_IS_OURS);
    return state;
}

/* ---- files ---- */

static int opened(const char *directory, const char *name, int flags)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd;
}

static void files_child(void *ctx)
{
    char from[128], to[128], away[128];
    (void)ctx;
    if (!entered().files)
        _exit(0); /* this kernel has no Landlock; what_is_in_force_is_told says so */
    snprintf(from, sizeof from, "%s/a", inside);
    snprintf(to, sizeof to, "%s/d/b", inside);
    snprintf(away, sizeof away, "%s/b", outside);
    int fd = open(from, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, "abc", 3) == 3 && fsync(fd) == 0 && ftruncate(fd, 1) == 0);
    to[strlen(to) - 2] = '\0';
    MUST(mkdir(to, 0700) == 0);
    to[strlen(to)] = '/';
    MUST(rename(from, to) == 0);
    MUST(opened(inside, "", O_RDONLY | O_DIRECTORY) >= 0);
    MUST(opened(outside, "shown", O_RDONLY) >= 0);
    REFUSED(opened(outside, "shown", O_RDWR));
    REFUSED(truncate(shown, 0));
    REFUSED(opened(outside, "new", O_WRONLY | O_CREAT));
    REFUSED(opened(outside, "", O_RDONLY | O_DIRECTORY));
    REFUSED(rename(to, away) == 0 ? 0 : (errno = errno == EXDEV ? EACCES : errno, -1));
    REFUSED(symlink("/etc/passwd", from));
    REFUSED(unlink(shown));
    REFUSED(opened("/etc", "passwd", O_RDONLY));
    REFUSED(opened("/etc", "shadow", O_RDONLY));
    REFUSED(opened("/proc/self", "environ", O_RDONLY));
    REFUSED(opened("/root", "", O_RDONLY | O_DIRECTORY));
    MUST(opened("/dev", "urandom", O_RDONLY) >= 0);
    MUST(unlink(to) == 0);
    _exit(0);
}

/* Where a socket lies, for one. */
static void removes_child(void *ctx)
{
    const struct sandbox_path paths[] = {{inside, SANDBOX_REMOVES}};
    const struct sandbox_plan plan = {.paths = paths, .path_count = 1};
    struct sandbox_state state;
    char path[128];
    (void)ctx;
    MUST(opened(inside, "socket", O_WRONLY | O_CREAT) >= 0);
    MUST(sandbox_enter(&state, &plan) == DEPUTY_OK);
    if (!state.files)
        _exit(0);
    REFUSED(opened(inside, "socket", O_RDONLY));
    REFUSED(opened(inside, "other", O_WRONLY | O_CREAT));
    snprintf(path, sizeof path, "%s/socket", inside);
    MUST(unlink(path) == 0);
    _exit(0);
}

static int entropy_ask(void)
{
    int count, fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0);
    return ioctl(fd, RNDGETENTCNT, &count);
}

static void devices_child(void *ctx)
{
    const struct sandbox_path paths[] = {{"/dev/urandom", SANDBOX_ASKS}};
    const struct sandbox_plan plan = {.paths = paths, .path_count = ctx != NULL};
    struct sandbox_state state;
    MUST(sandbox_enter(&state, &plan) == DEPUTY_OK);
    if (ctx != NULL)
        MUST(entropy_ask() == 0);
    else if (landlock_version() >= 5)
        REFUSED(entropy_ask());
    _exit(0);
}

static void asked_device_child(void *ctx)
{
    (void)ctx;
    devices_child(inside);
}

/* ---- ports ---- */

static uint16_t listening(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 1) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    return ntohs(at.sin_port);
}

static int connected(uint16_t port)
{
    const struct sockaddr_in to = {
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&to, sizeof to);
}

static void ports_child(void *ctx)
{
    const uint16_t mine = listening(), other = listening();
    const struct sandbox_plan plan = {.ports = &mine, .port_count = 1};
    struct sandbox_state state;
    (void)ctx;
    MUST(sandbox_enter(&state, &plan) == DEPUTY_OK && state.ports == (landlock_version() >= 4));
    MUST(connected(mine) == 0);
    if (!state.ports)
        _exit(0);
    REFUSED(connected(other));
    MUST(connected(53) < 0 && errno == ECONNREFUSED);
    _exit(0);
}

static void any_port_child(void *ctx)
{
    (void)ctx;
    MUST(!entered().ports && connected(listening()) == 0);
    _exit(0);
}

/* ---- calls ---- */

static void processes_child(void *ctx)
{
    char *const arguments[] = {(char *)(uintptr_t) "/bin/true", NULL};
    (void)ctx;
    entered();
    REFUSED(execv("/bin/true", arguments));
    REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, NULL, 0));
    REFUSED(fork());
    REFUSED((int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
    pid_t child;
    MUST(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, NULL) == EPERM);
    REFUSED((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    REFUSED((int)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
    _exit(0);
}

static void kernel_child(void *ctx)
{
    static const long calls[] = {SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_bpf, SYS_io_uring_setup,
            SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_perf_event_open, SYS_kexec_load, SYS_chroot,
            SYS_init_module, SYS_open_by_handle_at, SYS_reboot};
    (void)ctx;
    entered();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        errno = 0;
        MUST(syscall(calls[i], -1, -1, -1, -1, -1, -1) == -1 && errno == EPERM);
    }
#ifdef __x86_64__
    MUST(syscall(0x40000000 + SYS_getpid) == -1 && errno == EPERM);
#endif
    MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    struct rlimit core;
    MUST(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
    _exit(0);
}

static void sockets_child(void *ctx)
{
    (void)ctx;
    entered();
    REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
    REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    REFUSED(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    REFUSED(socket(AF_NETLINK, SOCK_RAW, 12));
    REFUSED(socket(AF_ALG, SOCK_SEQPACKET, 0));
    REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0));
    MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
    MUST(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
    MUST(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    _exit(0);
}

static void names_child(void *ctx)
{
    struct addrinfo *list = NULL;
    (void)ctx;
    entered();
    MUST(getaddrinfo("localhost", "443", &(struct addrinfo){.ai_socktype = SOCK_STREAM}, &list) == 0);
    MUST(list != NULL);
    _exit(0);
}

static void store_child(void *ctx)
{
    static const uint8_t key[SEALED_KEY_BYTES] = {1};
    struct deputy_arena *arena = check_arena();
    struct deputy_slice value;
    struct sealed *sealed;
    char directory[128];
    (void)ctx;
    snprintf(directory, sizeof directory, "%s/store", inside);
    entered();
    for (int i = 0; i < 2; i++) {
        MUST(sealed_open(&sealed, directory, key) == DEPUTY_OK);
        MUST(sealed_put(sealed, T("name"), T("value")) == DEPUTY_OK);
        MUST(sealed_get(arena, &value, sealed, T("name")) == DEPUTY_OK && value.len == 5);
        sealed_close(sealed);
    }
    _exit(0);
}

static enum http_flow answer_fine(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("fine"));
    return HTTP_DONE;
}

/* A server and a client that looks its name up, with all the threads of both. */
static void http_child(void *ctx)
{
    static const struct http_route routes[] = {{HTTP_METHOD_GET, "/", HTTP_BODY_NONE, 0, answer_fine}};
    static const struct http_config config = {0};
    struct http_request request = {.method = "GET", .timeout_ms = 5000, .response_max = 10};
    struct http_response response;
    struct served served;
    char url[64];
    (void)ctx;
    entered();
    serve(&served, &config, routes, 1, NULL);
    snprintf(url, sizeof url, "http://localhost:%u/", served.port);
    request.url = url;
    MUST(http_fetch(check_arena(), &response, &request) == DEPUTY_OK && response.status == 200);
    served_end(&served);
    MUST(opened("/etc/ssl/certs", "ca-certificates.crt", O_RDONLY) >= 0 || errno == ENOENT);
    _exit(0);
}

/* ---- threads ---- */

static void *thread_main(void *ctx)
{
    bool files = *(const bool *)ctx;
    REFUSED(fork());
    if (files)
        REFUSED(opened("/etc", "passwd", O_RDONLY));
    return NULL;
}

static void threads_child(void *ctx)
{
    pthread_t thread;
    (void)ctx;
    bool files = entered().files;
    MUST(pthread_create(&thread, NULL, thread_main, &files) == 0 && pthread_join(thread, NULL) == 0);
    _exit(0);
}

static int gate[2];

static void *early_main(void *ctx)
{
    char byte;
    (void)ctx;
    MUST(read(gate[0], &byte, 1) == 1);
    REFUSED(fork());
    return NULL;
}

static void early_thread_child(void *ctx)
{
    const struct sandbox_plan required = {.mode = SANDBOX_REQUIRED};
    struct sandbox_state state;
    pthread_t thread;
    (void)ctx;
    MUST(pipe2(gate, O_CLOEXEC) == 0 && pthread_create(&thread, NULL, early_main, NULL) == 0);
    MUST(sandbox_enter(&state, &required) == DEPUTY_E_SANDBOX);
    MUST(state.calls && !state.whole);
    MUST(write(gate[1], "x", 1) == 1 && pthread_join(thread, NULL) == 0);
    _exit(0);
}

static void off_child(void *ctx)
{
    const struct sandbox_plan off = {.mode = SANDBOX_OFF};
    struct sandbox_state state;
    (void)ctx;
    MUST(sandbox_enter(&state, &off) == DEPUTY_OK && !state.files && !state.calls);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    MUST(child > 0 && waitpid(child, NULL, 0) == child);
    _exit(0);
}

static void told_child(void *ctx)
{
    const struct sandbox_plan required = {.mode = SANDBOX_REQUIRED};
    struct sandbox_state state;
    (void)ctx;
    enum deputy_error error = sandbox_enter(&state, &required);
    MUST(state.files == (landlock_version() >= 1) && state.calls && state.whole == FIRST_THREAD_IS_OURS);
    MUST(error == (state.files && state.whole ? DEPUTY_OK : DEPUTY_E_SANDBOX));
    _exit(0);
}

/* ---- the parents ---- */

/* The child ends with _exit, where the leak checker, which needs what is refused, does not run. */
#define IN_CHILD(name, child)                                                                                \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        (void)state;                                                                                         \
        pid_t pid = fork();                                                                                  \
        int status;                                                                                          \
        if (pid == 0)                                                                                        \
            child(NULL);                                                                                     \
        assert_int_equal(waitpid(pid, &status, 0), pid);                                                     \
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);                                          \
    }

IN_CHILD(files_are_refused_but_those_it_needs, files_child)
IN_CHILD(where_sockets_lie_nothing_is_made_or_read, removes_child)
IN_CHILD(devices_are_not_controlled, devices_child)
IN_CHILD(a_device_that_is_asked_is_controlled, asked_device_child)
IN_CHILD(ports_are_refused_but_those_it_needs, ports_child)
IN_CHILD(without_a_list_of_ports_any_is_connected_to, any_port_child)
IN_CHILD(programs_and_processes_are_refused, processes_child)
IN_CHILD(large_interfaces_of_the_kernel_are_refused, kernel_child)
IN_CHILD(sockets_are_refused_but_network_and_local_ones, sockets_child)
IN_CHILD(names_are_looked_up, names_child)
IN_CHILD(a_store_is_opened_and_written, store_child)
IN_CHILD(requests_go_out_and_come_in, http_child)
IN_CHILD(later_threads_are_held_too, threads_child)
IN_CHILD(an_earlier_thread_is_noticed, early_thread_child)
IN_CHILD(off_is_off, off_child)
IN_CHILD(what_is_in_force_is_told, told_child)

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(files_are_refused_but_those_it_needs),
            cmocka_unit_test(where_sockets_lie_nothing_is_made_or_read),
            cmocka_unit_test(devices_are_not_controlled),
            cmocka_unit_test(a_device_that_is_asked_is_controlled),
            cmocka_unit_test(ports_are_refused_but_those_it_needs),
            cmocka_unit_test(without_a_list_of_ports_any_is_connected_to),
            cmocka_unit_test(programs_and_processes_are_refused),
            cmocka_unit_test(large_interfaces_of_the_kernel_are_refused),
            cmocka_unit_test(sockets_are_refused_but_network_and_local_ones),
            cmocka_unit_test(names_are_looked_up),
            cmocka_unit_test(a_store_is_opened_and_written),
            cmocka_unit_test(requests_go_out_and_come_in),
            cmocka_unit_test(later_threads_are_held_too),
            cmocka_unit_test(an_earlier_thread_is_noticed),
            cmocka_unit_test(off_is_off),
            cmocka_unit_test(what_is_in_force_is_told),
    };
    return cmocka_run_group_tests_name("run.sandbox", tests, setup, teardown);
}
