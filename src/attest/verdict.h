/*
 * Making a verdict, a question at a time. What verifies evidence is written as steps that either go on or
 * return the refusal that they wrote down:
 *
 *     verdict_begin(v, DEPUTY_ATTEST_TDX, now);
 *     if (!signed_by(...))
 *         return verdict_refuse(v, DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE, DEPUTY_ATTEST_QUOTE_SIGNATURE,
 * detail); verdict_pass(v, DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE);
 *     ...
 *     return verdict_end(v, error);
 *
 * Questions of the policy are independent of each other: they write their refusal down and go on, so that a
 * verdict says everything that is wrong at once.
 */
#ifndef ATTEST_VERDICT_H
#define ATTEST_VERDICT_H

#include "base/try.h"
#include <deputy/attest_verdict.h>

/* Short for names that this room uses all over. */
#define CHECK(name) DEPUTY_ATTEST_CHECK_##name
#define CODE(name) DEPUTY_ATTEST_##name

/* What a failure says beside its code. Static texts, or slices that live as long as the verdict. */
struct verdict_detail {
    struct deputy_slice expected, found, fix;
};

/* An empty verdict: the questions of the platform are skipped as "not reached", the others not asked. */
void verdict_begin(struct deputy_attest_verdict *v, enum deputy_attest_platform platform, int64_t now);

/* Yes; a question that failed before stays failed. */
void verdict_pass(struct deputy_attest_verdict *v, enum deputy_attest_check_name name);

/* Not asked, and why; a question that failed before stays failed. */
void verdict_skip(struct deputy_attest_verdict *v, enum deputy_attest_check_name name, const char *why);

/*
 * No. The first failure of all is the verdict's error, the first of a question is the question's. After a
 * code of kind UNPROVEN the verdict tells nothing of what the evidence says. Returns DEPUTY_E_EVIDENCE, for
 * TRY.
 */
enum deputy_error verdict_refuse(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, struct verdict_detail detail);

/* The same where a text says it all. */
enum deputy_error verdict_refuse_for(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, const char *expected, const char *fix);

/* OK, or the refusal with that code when the call did not succeed: for readers that know nothing of verdicts.
 * Lack of memory stays what it is. */
enum deputy_error verdict_hold(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, const char *expected, enum deputy_error result);

/* Each text once; beyond DEPUTY_ATTEST_WARNINGS_MAX they are dropped. Static text. */
void verdict_warn(struct deputy_attest_verdict *v, const char *warning);

bool verdict_failed(const struct deputy_attest_verdict *v, enum deputy_attest_check_name name);

/*
 * Sets ok. A question that must be answered and was not is a failure, and so is a DEPUTY_E_LIMIT of the
 * steps. Takes what the steps returned and gives what the caller of the library gets: OK when there is a
 * verdict, good or bad; else why there is none.
 */
enum deputy_error verdict_end(struct deputy_attest_verdict *v, enum deputy_error steps);

#endif
