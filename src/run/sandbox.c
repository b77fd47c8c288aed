#define _GNU_SOURCE
#include "run/sandbox.h"
#include "base/try.h"
#include "run/log.h"
#include "run/sandbox_calls.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later kernels than the headers we may be built with. */
#define ACCESS_TRUNCATE (1ULL << 14)   /* third version */
#define ACCESS_IOCTL_DEV (1ULL << 15)  /* fifth version */
#define ACCESS_CONNECT_TCP (1ULL << 1) /* fourth version, as all that follows */
#define RULE_PORT 2

struct ruleset_attributes {
    __u64 files, ports;
};

struct port_attributes {
    __u64 allowed_access, port;
};

#define ACCESS_FILE                                                                                          \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                                         \
    (ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_DIR |         \
            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
            LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER)

static const __u64 access_of[] = {
        [SANDBOX_READS] = ACCESS_READ,
        [SANDBOX_WRITES] = ACCESS_WRITE,
        [SANDBOX_REMOVES] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
        [SANDBOX_SOCKETS] = LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_SOCK,
        [SANDBOX_ASKS] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_IOCTL_DEV,
};

/* What looking up names, checking certificates and random numbers take. libc loads some of it when it is
 * first used. */
static const struct sandbox_path system_paths[] = {
        {"/etc/resolv.conf", SANDBOX_READS},
        {"/run/systemd/resolve", SANDBOX_READS}, /* where resolv.conf may lie */
        {"/run/resolvconf", SANDBOX_READS},
        {"/etc/hosts", SANDBOX_READS},
        {"/etc/host.conf", SANDBOX_READS},
        {"/etc/nsswitch.conf", SANDBOX_READS},
        {"/etc/gai.conf", SANDBOX_READS},
        {"/etc/services", SANDBOX_READS},
        {"/etc/ld.so.cache", SANDBOX_READS},
        {"/etc/localtime", SANDBOX_READS},
        {"/etc/ssl", SANDBOX_READS},
        {"/etc/ca-certificates", SANDBOX_READS},
        {"/usr/share/ca-certificates", SANDBOX_READS},
        {"/usr/local/share/ca-certificates", SANDBOX_READS},
        {"/usr/share/zoneinfo", SANDBOX_READS},
        {"/usr/lib", SANDBOX_READS},
        {"/lib", SANDBOX_READS},
        {"/lib64", SANDBOX_READS},
        {"/dev/urandom", SANDBOX_READS},
        {"/dev/random", SANDBOX_READS},
        {"/dev/null", SANDBOX_WRITES},
};

/* ---- files ---- */

/* What a kernel of this version of Landlock can refuse. */
static __u64 access_known(long version)
{
    __u64 known = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    known |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    known |= version >= 3 ? ACCESS_TRUNCATE : 0;
    known |= version >= 5 ? ACCESS_IOCTL_DEV : 0;
    return known;
}

static bool path_allow(int rules, const struct sandbox_path *path, __u64 known)
{
    struct stat status;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        if (fd >= 0)
            close(fd);
        return true; /* what is not there needs no leave */
    }
    __u64 access = access_of[path->use] & known;
    if (!S_ISDIR(status.st_mode))
        access &= ACCESS_FILE;
    struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};
    long result = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(fd);
    return result == 0;
}

static bool paths_allow(int rules, const struct sandbox_plan *plan, __u64 known)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0]; i++)
        fine = path_allow(rules, &system_paths[i], known) && fine;
    for (size_t i = 0; i < plan->path_count; i++)
        fine = path_allow(rules, &plan->paths[i], known) && fine;
    return fine;
}

/* ---- ports ---- */

static bool port_allow(int rules, uint16_t port)
{
    const struct port_attributes attributes = {ACCESS_CONNECT_TCP, port};
    return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &attributes, 0) == 0;
}

static bool ports_allow(int rules, const struct sandbox_plan *plan)
{
    static const uint16_t name_servers = 53;
    bool fine = port_allow(rules, name_servers);
    for (size_t i = 0; plan->ports != NULL && i < plan->port_count; i++)
        fine = port_allow(rules, plan->ports[i]) && fine;
    return fine;
}

/* ---- both ---- */

static bool rules_enter(int rules, const struct sandbox_plan *plan, const struct ruleset_attributes *handled)
{
    return paths_allow(rules, plan, handled->files) && (handled->ports == 0 || ports_allow(rules, plan)) &&
           syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

/* A kernel that knows nothing of ports takes no more than the first member. */
static void files_and_ports_refuse(struct sandbox_state *out, const struct sandbox_plan *plan)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return;
    bool ports = plan->ports != NULL && version >= 4;
    const struct ruleset_attributes handled = {access_known(version), ports ? ACCESS_CONNECT_TCP : 0};
    size_t size = ports ? sizeof handled : sizeof handled.files;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (rules < 0)
        return;
    out->files = rules_enter(rules, plan, &handled);
    out->ports = out->files && ports;
    close(rules);
}

/* Landlock holds for the thread that asks and for those it makes, and for no others. */
static bool is_only_thread(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;
    if (tasks == NULL)
        return false;
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count == 1;
}

/* ---- all of it ---- */

enum deputy_error sandbox_enter(struct sandbox_state *out, const struct sandbox_plan *plan)
{
    const struct rlimit no_core = {0, 0};
    *out = (struct sandbox_state){.addresses = plan->addresses};
    if (plan->mode == SANDBOX_OFF)
        return DEPUTY_OK;
    out->whole = is_only_thread();
    bool quiet = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &no_core) == 0;
    if (quiet && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        files_and_ports_refuse(out, plan);
        out->calls = sandbox_calls_refuse();
    }
    bool all = out->files && out->calls && out->whole;
    return plan->mode == SANDBOX_REQUIRED && !all ? DEPUTY_E_SANDBOX : DEPUTY_OK;
}

/* Literals, which alone may be logged. */
static const char *addresses_name(enum sandbox_addresses addresses)
{
    switch (addresses) {
    case SANDBOX_ADDRESSES_SERVER:
        return "server";
    case SANDBOX_ADDRESSES_PUBLIC:
        return "public";
    case SANDBOX_ADDRESSES_LISTED:
        return "listed";
    default:
        return "any";
    }
}

void sandbox_log(const struct sandbox_state *state)
{
    bool all = state->files && state->calls && state->whole;
    const struct log_field addresses = {
            .kind = LOG_KIND_WORD, .name = "addresses", .word = addresses_name(state->addresses)};
    log_event(all ? LOG_INFO : LOG_WARNING, "daemon.sandbox", LOG_FLAG("files", state->files),
            LOG_FLAG("calls", state->calls), LOG_FLAG("ports", state->ports), addresses,
            LOG_FLAG("all_threads", state->whole), LOG_END);
}
