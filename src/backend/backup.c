#include "backend/backup.h"
#include "base/try.h"

static enum deputy_error copy_make(
        const char *source, const char *target, const uint8_t *key, const struct audit_sink *sink)
{
    struct store_audit *audit = NULL;
    TRY(sealed_audit_open(&audit, source, key, sink));
    enum deputy_error error = sealed_copy_begin(audit, target);
    store_audit_close(audit);
    return error;
}

static enum deputy_error copy_check(struct backend_doctor_result *out, const char *target, const uint8_t *key,
        const struct audit_sink *sink)
{
    char part[PATH_MAX];
    TRY(sealed_copy_part(part, target));
    TRY(backend_doctor(out, part, key, NULL, sink));
    ENSURE(out->findings == 0, DEPUTY_E_STORE_CORRUPT);
    return sealed_copy_publish(target);
}

/* What exists already is not ours to remove. */
enum deputy_error backend_copy(struct backend_doctor_result *out, const char *source, const char *target,
        const uint8_t key[SEALED_KEY_BYTES], const struct audit_sink *sink)
{
    *out = (struct backend_doctor_result){0};
    enum deputy_error error = copy_make(source, target, key, sink);
    ENSURE(error != DEPUTY_E_STORE_EXISTS, error);
    if (error == DEPUTY_OK)
        error = copy_check(out, target, key, sink);
    if (error != DEPUTY_OK)
        sealed_copy_drop(target);
    return error;
}
