/*
 * Holds what a backend has kept against its identity and its settings: the database's own integrity, who may
 * use its files, every record, and every grant as if it were handed in now (spec/07 section E13).
 */
#ifndef BACKEND_DOCTOR_H
#define BACKEND_DOCTOR_H

#include "backend/intake.h"
#include "store/sealed_audit.h"

/* What grants are judged by. */
struct doctor_rules {
    const struct backend_policy *policy;
    const struct intake_rules *intake;
    struct deputy_time now;
};

struct backend_doctor_result {
    uint64_t findings;
    uint64_t grants;
    uint64_t expired; /* of them: over, and removed when the owner or the sweep next comes by */
    uint64_t stale;   /* of them: given for another policy */
};

/*
 * Checks the database at the path, whether its backend runs or not. Each finding goes to the sink and is
 * counted; a check that could not be ended is a finding too. Without rules (NULL) it is a copy: grants are
 * read and not judged, and who may use its files is not asked. An error: nothing could be told.
 */
enum deputy_error backend_doctor(struct backend_doctor_result *out, const char *database,
        const uint8_t key[SEALED_KEY_BYTES], const struct doctor_rules *rules, const struct audit_sink *sink);

#endif
