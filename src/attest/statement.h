/* The statement that evidence is bound to: spec/08 section 2.2. */
#ifndef ATTEST_STATEMENT_H
#define ATTEST_STATEMENT_H

#include <deputy/attest.h>

#define STATEMENT_TAG "tinycloud-tee-backend/v1"

/*
 * Answers the question whether the evidence is bound to what the asker knows: report_data is the digest of
 * the statement's exact bytes, and the statement is of its time, for the asker, and has the asker's nonce.
 */
enum deputy_error statement_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        struct deputy_slice report_data, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question);

#endif
