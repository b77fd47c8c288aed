/* Who runs inside, against the policy's lists (spec/08 section 8.1, `app`). */
#ifndef ATTEST_APP_H
#define ATTEST_APP_H

#include <deputy/attest_policy.h>

/*
 * Puts the app into the verdict and answers the question `app`: every list that the policy has must hold what
 * the app says, and what is not said is in no list. An app that is not present has said nothing; the question
 * is skipped when no list asks.
 */
void app_judge(struct deputy_attest_verdict *v, const struct deputy_attest_app *app,
        const struct deputy_attest_app_policy *policy);

#endif
