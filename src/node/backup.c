#include "node/backup.h"
#include "base/try.h"
#include "store/backup.h"

struct copy_job {
    const char *source, *target;
    const uint8_t *seal_key;
    const struct audit_sink *sink;
    enum store_copy_files files;
};

static enum deputy_error copy_make(struct backup_result *out, const struct copy_job *job)
{
    struct store_audit *audit = NULL;
    TRY(store_audit_open(&audit, job->source, job->seal_key, job->sink));
    enum deputy_error error = store_copy_begin(audit, job->target, job->files, &out->files);
    store_audit_close(audit);
    return error;
}

static enum deputy_error copy_check(struct backup_result *out, const struct copy_job *job)
{
    char part[STORE_PATH_MAX];
    TRY(store_copy_part(part, job->target));
    TRY(node_doctor(&out->doctor, part, job->seal_key, job->sink));
    ENSURE(out->doctor.findings == 0, DEPUTY_E_STORE_CORRUPT);
    return store_copy_publish(job->target);
}

/* What exists already is not ours to remove. */
static enum deputy_error copy_all(struct backup_result *out, const struct copy_job *job)
{
    enum deputy_error error = copy_make(out, job);
    if (error == DEPUTY_OK)
        error = copy_check(out, job);
    if (error != DEPUTY_OK && error != DEPUTY_E_STORE_EXISTS)
        store_copy_drop(job->target);
    return error;
}

static enum deputy_error copy_locked(struct backup_result *out, const struct copy_job *job)
{
    int lock;
    *out = (struct backup_result){0};
    TRY(store_upkeep_begin(&lock, job->source));
    enum deputy_error error = copy_all(out, job);
    store_upkeep_end(lock);
    return error;
}

enum deputy_error node_backup(struct backup_result *out, const char *directory, const char *target,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink)
{
    const struct copy_job job = {directory, target, seal_key, sink, STORE_LINK_FILES};
    return copy_locked(out, &job);
}

enum deputy_error node_restore(struct backup_result *out, const char *directory, const char *source,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink)
{
    const struct copy_job job = {source, directory, seal_key, sink, STORE_COPY_FILES};
    return copy_locked(out, &job);
}
