#define _GNU_SOURCE
#include "run/sandbox_calls.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH 0 /* none that we know the calls of */
#endif

/* The calls of another interface on the same processor (x32), which have numbers of their own. */
#define OTHER_INTERFACE 0x40000000u

/* Refused whatever their arguments are. */
static const uint16_t refused[] = {
        /* to run something else */
        SYS_execve,
        SYS_execveat,
#ifdef SYS_fork
        SYS_fork,
        SYS_vfork,
#endif
        /* to look into other processes */
        SYS_ptrace,
        SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_kcmp,
        SYS_pidfd_getfd,
        SYS_process_madvise,
        SYS_perf_event_open,
        /* to change what the file system looks like, or go around its names */
        SYS_mount,
        SYS_umount2,
        SYS_move_mount,
        SYS_open_tree,
        SYS_fsopen,
        SYS_fsconfig,
        SYS_fsmount,
        SYS_fspick,
        SYS_pivot_root,
        SYS_chroot,
        SYS_unshare,
        SYS_setns,
        SYS_mknodat,
        SYS_open_by_handle_at,
        SYS_name_to_handle_at,
        SYS_quotactl,
        SYS_swapon,
        SYS_swapoff,
        /* to reach for the kernel: large interfaces that nothing here uses */
        SYS_bpf,
        SYS_userfaultfd,
        SYS_io_uring_setup,
        SYS_io_uring_enter,
        SYS_io_uring_register,
        SYS_keyctl,
        SYS_add_key,
        SYS_request_key,
        SYS_kexec_load,
        SYS_init_module,
        SYS_finit_module,
        SYS_delete_module,
        SYS_reboot,
        SYS_syslog,
        SYS_acct,
        SYS_personality,
        SYS_settimeofday,
        SYS_clock_settime,
        SYS_sethostname,
        SYS_setdomainname,
        SYS_vhangup,
#ifdef SYS_kexec_file_load
        SYS_kexec_file_load,
#endif
#ifdef __x86_64__
        SYS_mknod,
        SYS_iopl,
        SYS_ioperm,
        SYS_modify_ldt,
        SYS_uselib,
#endif
};

/* ---- a program for the kernel, written step by step ---- */

enum { PROGRAM_MAX = 256 };

struct program {
    struct sock_filter steps[PROGRAM_MAX];
    uint16_t len;
    bool full;
};

static void put(struct program *program, struct sock_filter step)
{
    if (program->len == PROGRAM_MAX) {
        program->full = true;
        return;
    }
    program->steps[program->len++] = step;
}

static void put_load(struct program *program, size_t offset)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* The low half of an argument, on the little-endian processors that are known here. */
static void put_load_argument(struct program *program, unsigned n)
{
    put_load(program, offsetof(struct seccomp_data, args) + n * sizeof(uint64_t));
}

/* Goes over so many steps when what is loaded is (not) the value. */
static void put_skip_if(struct program *program, uint32_t value, uint8_t steps)
{
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, steps, 0));
}

static void put_skip_unless(struct program *program, uint32_t value, uint8_t steps)
{
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, steps));
}

static void put_mask(struct program *program, uint32_t mask)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
}

static void put_return(struct program *program, uint32_t action)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void put_refuse(struct program *program, uint32_t why)
{
    put_return(program, SECCOMP_RET_ERRNO | why);
}

static void arch_check(struct program *program)
{
    put_load(program, offsetof(struct seccomp_data, arch));
    put_skip_if(program, OUR_ARCH, 1);
    put_return(program, SECCOMP_RET_KILL_PROCESS);
    put_load(program, offsetof(struct seccomp_data, nr));
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_INTERFACE, 0, 1));
    put_refuse(program, EPERM);
}

/* Threads may be made, processes may not. The arguments of clone3 lie in memory, where a filter cannot read:
 * libc takes clone when it is told that there is no clone3. */
static void clone_check(struct program *program)
{
    put_skip_unless(program, SYS_clone3, 1);
    put_refuse(program, ENOSYS);
    put_skip_unless(program, SYS_clone, 5);
    put_load_argument(program, 0);
    put_mask(program, CLONE_THREAD);
    put_skip_if(program, CLONE_THREAD, 1);
    put_refuse(program, EPERM);
    put_return(program, SECCOMP_RET_ALLOW);
}

/* The network and local sockets; libc asks the kernel for its addresses over a routing socket. */
static void socket_check(struct program *program)
{
    put_skip_unless(program, SYS_socket, 13);
    put_load_argument(program, 0);
    put_skip_if(program, AF_UNIX, 10);
    put_skip_if(program, AF_NETLINK, 6);
    put_skip_if(program, AF_INET, 1);
    put_skip_unless(program, AF_INET6, 6);
    put_load_argument(program, 1);
    put_mask(program, 0xf);
    put_skip_if(program, SOCK_RAW, 3);
    put_return(program, SECCOMP_RET_ALLOW);
    put_load_argument(program, 2); /* of AF_NETLINK: the protocol */
    put_skip_if(program, 0, 1);    /* NETLINK_ROUTE */
    put_refuse(program, EPERM);
    put_return(program, SECCOMP_RET_ALLOW);
}

/* Input for a terminal that others read. */
static void ioctl_check(struct program *program)
{
    put_skip_unless(program, SYS_ioctl, 4);
    put_load_argument(program, 1);
    put_skip_unless(program, TIOCSTI, 1);
    put_refuse(program, EPERM);
    put_return(program, SECCOMP_RET_ALLOW);
}

static void program_write(struct program *program)
{
    memset(program, 0, sizeof *program);
    arch_check(program);
    clone_check(program);
    socket_check(program);
    ioctl_check(program);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        put_skip_unless(program, refused[i], 1);
        put_refuse(program, EPERM);
    }
    put_return(program, SECCOMP_RET_ALLOW);
}

bool sandbox_calls_refuse(void)
{
    struct program program;
    program_write(&program);
    struct sock_fprog given = {.len = program.len, .filter = program.steps};
    if (OUR_ARCH == 0 || program.full)
        return false;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &given) == 0;
}
