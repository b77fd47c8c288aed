#include "evidence/tsm.h"
#include "base/arena.h"
#include "base/try.h"
#include "evidence/bound.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRIES = 3,
    BUSY_MS = 10000,
    POLL_MS = 10,
    POLLS = 500, /* five seconds */
    TEXT_MAX = 64,
    PATH_BYTES = 256
};

/* An entry of configfs-tsm while it is used. */
struct entry {
    const struct kernel *kernel;
    struct deputy_refusal *refusal;
    bool ours; /* made by us, and removed again */
    char path[PATH_BYTES];
    int fd;
};

static void entry_end(struct entry *entry)
{
    if (entry->fd >= 0)
        close(entry->fd);
    if (entry->ours)
        rmdir(entry->path);
}

static void fd_end(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Step 1. A kernel without a platform behind configfs-tsm refuses to make an entry. */
static enum deputy_error entry_open(struct entry *entry)
{
    const struct kernel *kernel = entry->kernel;
    entry->ours = kernel->tsm_entry == NULL;
    int len = entry->ours ? snprintf(entry->path, PATH_BYTES, "%s/deputy-%ld", kernel->tsm, (long)getpid())
                          : snprintf(entry->path, PATH_BYTES, "%s", kernel->tsm_entry);
    ENSURE(len > 0 && len < PATH_BYTES, DEPUTY_E_ARGUMENT);
    if (entry->ours && mkdir(entry->path, 0700) != 0 && errno != EEXIST) {
        entry->ours = false;
        ENSURE(errno != ENOENT && errno != ENXIO && errno != ENODEV, DEPUTY_E_SOURCE_NONE);
        return kernel_failed(entry->refusal, "mkdir in configfs-tsm");
    }
    entry->fd = open(entry->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return entry->fd >= 0 ? DEPUTY_OK : kernel_failed(entry->refusal, "open of configfs-tsm");
}

/* A short text with a newline at its end. */
static enum deputy_error text_of(
        struct deputy_slice *out, struct entry *entry, const char *name, uint8_t text[TEXT_MAX])
{
    ssize_t len = kernel_read(entry->kernel, entry->fd, name, text, TEXT_MAX);
    if (len < 0)
        return kernel_failed(entry->refusal, name);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    *out = deputy_slice_bytes(text, (size_t)len);
    return DEPUTY_OK;
}

enum provider { PROVIDER_TDX, PROVIDER_SNP };

static bool begins(struct deputy_slice text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.ptr, with, strlen(with)) == 0;
}

/* Step 2. */
static enum deputy_error provider_of(enum provider *out, struct entry *entry)
{
    uint8_t bytes[TEXT_MAX];
    struct deputy_slice text;
    TRY(text_of(&text, entry, "provider", bytes));
    *out = begins(text, "tdx_guest") ? PROVIDER_TDX : PROVIDER_SNP;
    bool known = *out == PROVIDER_TDX || deputy_slice_equal(text, deputy_slice_text("sev_guest")) ||
                 deputy_slice_equal(text, deputy_slice_text("sev-guest"));
    return known ? DEPUTY_OK : DEPUTY_E_SOURCE_NONE;
}

static enum deputy_error generation_of(uint64_t *out, struct entry *entry)
{
    enum { DIGITS_MAX = 19 };
    uint8_t bytes[TEXT_MAX];
    struct deputy_slice text;
    TRY(text_of(&text, entry, "generation", bytes));
    bool number = text.len > 0 && text.len <= DIGITS_MAX;
    *out = 0;
    for (size_t i = 0; number && i < text.len; i++) {
        number = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return number ? DEPUTY_OK : kernel_failed_for(entry->refusal, "generation", "no decimal number");
}

/* Step 4: one write of all bytes. A busy kernel makes another's evidence, which takes seconds. */
static enum deputy_error request_write(
        struct entry *entry, int inblob, const uint8_t bytes[KERNEL_REPORT_DATA])
{
    for (unsigned int try = 1;; try++) {
        ssize_t put = entry->kernel->write(inblob, bytes, KERNEL_REPORT_DATA);
        if (put == KERNEL_REPORT_DATA)
            return DEPUTY_OK;
        if (put >= 0)
            return kernel_failed_for(entry->refusal, "inblob", "not all bytes were taken");
        if (errno != EBUSY || try == TRIES)
            return kernel_failed(entry->refusal, "inblob");
        entry->kernel->wait_ms(BUSY_MS);
    }
}

/* Step 5: until the number changes; by how much is the caller's question. */
static enum deputy_error generation_await(uint64_t *out, struct entry *entry, uint64_t before)
{
    for (int i = 0; i < POLLS; i++) {
        TRY(generation_of(out, entry));
        if (*out != before)
            return DEPUTY_OK;
        entry->kernel->wait_ms(POLL_MS);
    }
    return kernel_failed_for(entry->refusal, "generation", "it did not change for five seconds");
}

static enum deputy_error blob_of(
        struct deputy_arena *arena, struct deputy_slice *out, struct entry *entry, const char *name)
{
    uint8_t *bytes = arena_alloc_bytes(arena, TSM_BLOB_MAX);
    ENSURE(bytes != NULL, arena_error(arena));
    ssize_t len = kernel_read(entry->kernel, entry->fd, name, bytes, TSM_BLOB_MAX);
    if (len < 0)
        return kernel_failed(entry->refusal, name);
    *out = deputy_slice_bytes(bytes, (size_t)len);
    return DEPUTY_OK;
}

/* Step 8: certificates are a courtesy of the host. Old kernels have no such file, others leave it empty. */
static enum deputy_error certificates_of(
        struct deputy_arena *arena, struct deputy_slice *out, struct entry *entry)
{
    struct deputy_slice table = {0};
    enum deputy_error error = blob_of(arena, &table, entry, "auxblob");
    if (error == DEPUTY_OK && table.len > 0)
        *out = table;
    return error == DEPUTY_E_SOURCE_FAILED ? DEPUTY_OK : error;
}

static enum deputy_error outcome_read(
        struct deputy_arena *arena, struct kernel_evidence *out, struct entry *entry, enum provider provider)
{
    struct deputy_slice blob = {0};
    *out = (struct kernel_evidence){.quote = {0}};
    TRY(blob_of(arena, &blob, entry, "outblob"));
    if (provider == PROVIDER_SNP) {
        out->report = blob;
        return certificates_of(arena, &out->certificates, entry);
    }
    if (blob.len < TSM_QUOTE_MIN)
        return kernel_failed_for(entry->refusal, "outblob", "too short for a quote");
    out->quote = blob;
    return DEPUTY_OK;
}

/* Steps 3 to 8. `mine` is false when somebody else wrote in between: then nothing was learned. */
static enum deputy_error attempt(struct deputy_arena *arena, struct kernel_evidence *out, bool *mine,
        struct entry *entry, enum provider provider, const uint8_t report_data[KERNEL_REPORT_DATA])
{
    uint64_t before, after, end;
    DEFER(fd_end) int inblob = openat(entry->fd, "inblob", O_WRONLY | O_CLOEXEC);
    if (inblob < 0 || flock(inblob, LOCK_EX) != 0)
        return kernel_failed(entry->refusal, "inblob");
    TRY(generation_of(&before, entry));
    TRY(request_write(entry, inblob, report_data));
    TRY(generation_await(&after, entry, before));
    *mine = after == before + 1;
    if (!*mine)
        return DEPUTY_OK;
    TRY(outcome_read(arena, out, entry, provider));
    TRY(generation_of(&end, entry));
    *mine = end == after;
    return DEPUTY_OK;
}

static enum deputy_error ask(struct deputy_arena *arena, struct kernel_evidence *out, struct entry *entry,
        const uint8_t report_data[KERNEL_REPORT_DATA])
{
    enum provider provider;
    TRY(entry_open(entry));
    TRY(provider_of(&provider, entry));
    for (int try = 0; try < TRIES; try++) {
        bool mine = false;
        TRY(attempt(arena, out, &mine, entry, provider, report_data));
        if (mine)
            return evidence_is_bound(out, report_data) ? DEPUTY_OK : DEPUTY_E_SOURCE_BINDING;
    }
    return kernel_failed_for(entry->refusal, "generation", "others keep writing to the same entry");
}

enum deputy_error tsm_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA])
{
    DEFER(entry_end) struct entry entry = {.kernel = kernel, .refusal = refusal, .fd = -1};
    return ask(arena, out, &entry, report_data);
}
