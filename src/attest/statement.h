/* The statement that evidence is bound to: spec/08 section 2.2. */
#ifndef ATTEST_STATEMENT_H
#define ATTEST_STATEMENT_H

#include <deputy/attest.h>

#define STATEMENT_TAG "tinycloud-tee-backend/v1"

enum { STATEMENT_LIFETIME_S = 600 };

/*
 * The statement's one text (RFC 8785), in the arena. Texts that are absent are left out. DEPUTY_E_ARGUMENT
 * for what no verifier takes: no DID, an empty text or one that is no UTF-8, a nonce other than 16 to 64
 * bytes in lower-case hexadecimal digits, a lifetime of more than STATEMENT_LIFETIME_S, more than
 * DEPUTY_ATTEST_STATEMENT_MAX bytes.
 */
enum deputy_error statement_write(
        struct deputy_arena *arena, struct deputy_slice *out, const struct deputy_attest_binding *statement);

/*
 * Answers the question whether the evidence is bound to what the asker knows: report_data is the digest of
 * the statement's exact bytes, and the statement is of its time, for the asker, and has the asker's nonce.
 */
enum deputy_error statement_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        struct deputy_slice report_data, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question);

#endif
