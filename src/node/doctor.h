/*
 * Holds everything that a node has stored against what was signed: the database's own integrity, every token
 * against its id, every delegation's signature, seal and columns against its signed bytes, the chain of
 * revocations, every value against its hash (spec/02 section 11, H18).
 */
#ifndef NODE_DOCTOR_H
#define NODE_DOCTOR_H

#include "store/audit.h"

struct doctor_result {
    uint64_t findings;
    uint64_t orphans; /* files that no current value refers to */
};

/*
 * Checks the store in the directory, whether its node runs or not. Each finding goes to the sink and is
 * counted; a check that could not be ended is a finding too. An error: nothing could be told.
 */
enum deputy_error node_doctor(struct doctor_result *out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink);

#endif
