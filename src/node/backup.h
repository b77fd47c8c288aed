/* Backups of a node: whole, checked copies, or none. */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "node/doctor.h"

struct backup_result {
    uint64_t files; /* of large values */
    struct doctor_result doctor;
};

/*
 * Copies a node's data, as of one moment, while the node may run, to a directory that is absent or empty; the
 * copy is checked as the doctor does before it takes its name. DEPUTY_E_STORE_EXISTS when the target holds
 * something; DEPUTY_E_STORE_UPKEEP beside a collection; DEPUTY_E_STORE_CORRUPT when the check found
 * something, which went to the sink: then there is no copy.
 */
enum deputy_error node_backup(struct backup_result *out, const char *directory, const char *target,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink);

/* The same the other way: from a backup into a node's data directory, sharing no file with the backup. */
enum deputy_error node_restore(struct backup_result *out, const char *directory, const char *source,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink);

#endif
