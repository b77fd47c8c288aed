#include "kernel_kit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int no_ioctl(int fd, unsigned long request, void *argument)
{
    (void)fd, (void)request, (void)argument;
    return errno = ENOTTY, -1;
}

static void wait_little(unsigned int ms)
{
    usleep(ms < 20 ? ms * 1000 : 20000);
}

const char *kit_path(const struct kernel_kit *kit, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", kit->root, name);
    return path;
}

/* Who never answers need not be waited for. */
static void wait_none(unsigned int ms)
{
    (void)ms;
}

/* A path that lives as long as the process: few are made. */
static const char *path_kept(const struct kernel_kit *kit, const char *name)
{
    static char kept[8][256];
    static size_t next;
    char *path = kept[next++ % 8];
    snprintf(path, sizeof kept[0], "%s/%s", kit->root, name);
    return path;
}

void kit_begin(struct kernel_kit *kit)
{
    *kit = (struct kernel_kit){.player = -1};
    strcpy(kit->root, "/tmp/kernel-kit-XXXXXX");
    assert_non_null(mkdtemp(kit->root));
    kit->kernel = (struct kernel){
            .tsm = path_kept(kit, "report"),
            .sev_guest = path_kept(kit, "sev-guest"),
            .tdx_guest = path_kept(kit, "tdx_guest"),
            .registers = kit->root,
            .ccel = path_kept(kit, "CCEL"),
            .ioctl = no_ioctl,
            .write = write,
            .wait_ms = wait_little,
    };
}

static void put_at(int directory, const char *name, struct deputy_slice content)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.ptr, content.len), content.len);
    close(fd);
}

void kit_put(const struct kernel_kit *kit, const char *name, struct deputy_slice content)
{
    int directory = open(kit->entry, O_RDONLY | O_DIRECTORY);
    put_at(directory, name, content);
    close(directory);
}

/* ---- the player: a process of its own ---- */

/* One byte is written at once, so that no reader sees half a number. */
static void generation_set(int directory, char digit)
{
    int fd = openat(directory, "generation", O_WRONLY);
    if (pwrite(fd, &digit, 1, 0) != 1)
        _exit(1);
    close(fd);
}

static void answer_put(const struct kernel_kit *kit, int directory, enum play play)
{
    static uint8_t answer[64 * 1024];
    memcpy(answer, kit->evidence.ptr, kit->evidence.len);
    int fd = openat(directory, "inblob", O_RDONLY);
    if (read(fd, answer + kit->bound_at, KERNEL_REPORT_DATA) != KERNEL_REPORT_DATA)
        _exit(1);
    close(fd);
    answer[kit->bound_at] = (uint8_t)(answer[kit->bound_at] ^ (play == PLAY_OTHER));
    put_at(directory, "outblob", deputy_slice_bytes(answer, play == PLAY_EMPTY ? 0 : kit->evidence.len));
}

/* The answer is a pipe: its reader is at the end only after the generation has changed once more. */
static void answer_late(const struct kernel_kit *kit, int directory, char generation)
{
    unlinkat(directory, "outblob", 0);
    if (mkfifoat(directory, "outblob", 0600) != 0)
        _exit(1);
    generation_set(directory, generation);
    int fd = openat(directory, "outblob", O_WRONLY);
    if (write(fd, kit->evidence.ptr, kit->evidence.len) != (ssize_t)kit->evidence.len)
        _exit(1);
    generation_set(directory, (char)(generation + 1));
    close(fd);
    unlinkat(directory, "outblob", 0);
}

static void play_loop(const struct kernel_kit *kit, int directory, int events, enum play play)
{
    char event[4096], generation = '0';
    while (read(events, event, sizeof event) > 0) {
        if (play == PLAY_SILENT)
            continue;
        if (play == PLAY_RIVAL_LATE) {
            answer_late(kit, directory, ++generation);
            generation++;
            play = PLAY_TRUE;
            continue;
        }
        answer_put(kit, directory, play);
        generation = (char)(generation + (play == PLAY_RIVAL_ONCE || play == PLAY_RIVAL_ALWAYS ? 2 : 1));
        generation_set(directory, generation);
        play = play == PLAY_RIVAL_ONCE ? PLAY_TRUE : play;
    }
}

static void evidence_load(struct kernel_kit *kit, struct deputy_arena *arena, const char *provider)
{
    bool tdx = strncmp(provider, "tdx", 3) == 0;
    kit->evidence = check_data(
            arena, tdx ? "attestation/intel/tdx_v4_b0c06f.quote.bin" : "attestation/snp/milan_v3_report.bin");
    kit->bound_at = tdx ? 568 : 0x50;
}

void kit_play(struct kernel_kit *kit, struct deputy_arena *arena, const char *provider, enum play play)
{
    evidence_load(kit, arena, provider);
    if (play == PLAY_SILENT)
        kit->kernel.wait_ms = wait_none;
    assert_int_equal(mkdir(kit_path(kit, "report"), 0700), 0);
    snprintf(kit->entry, sizeof kit->entry, "%s/report/deputy-%ld", kit->root, (long)getpid());
    assert_int_equal(mkdir(kit->entry, 0700), 0);
    kit_put(kit, "provider", T(provider));
    kit_put(kit, "generation", T("0\n"));
    kit_put(kit, "inblob", T(""));
    int events = inotify_init1(IN_CLOEXEC), directory = open(kit->entry, O_RDONLY | O_DIRECTORY);
    char inblob[128];
    snprintf(inblob, sizeof inblob, "%s/inblob", kit->entry);
    assert_true(inotify_add_watch(events, inblob, IN_MODIFY) >= 0);
    kit->player = fork();
    if (kit->player == 0) {
        play_loop(kit, directory, events, play);
        _exit(0);
    }
    close(events);
    close(directory);
}

static void removed(const char *path)
{
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

void kit_end(struct kernel_kit *kit)
{
    if (kit->player > 0) {
        kill(kit->player, SIGKILL);
        waitpid(kit->player, NULL, 0);
    }
    removed(kit->root);
}
