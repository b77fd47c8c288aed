/* Backups of what a backend has kept: one whole, checked file, or none. */
#ifndef BACKEND_BACKUP_H
#define BACKEND_BACKUP_H

#include "backend/doctor.h"

/*
 * Copies the database at `source`, as of one moment, while its backend may run, to `target`, where nothing
 * is: DEPUTY_E_STORE_EXISTS. The copy is checked as the doctor does, but that grants are not judged, before
 * it takes its name; DEPUTY_E_STORE_CORRUPT when the check found something, which went to the sink: then
 * there is no copy. The same function backs up and restores.
 */
enum deputy_error backend_copy(struct backend_doctor_result *out, const char *source, const char *target,
        const uint8_t key[SEALED_KEY_BYTES], const struct audit_sink *sink);

#endif
