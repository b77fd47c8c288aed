/* Whether a key that is shown is the app's (spec/08 section 7). */
#ifndef ATTEST_KEYS_H
#define ATTEST_KEYS_H

#include <deputy/attest.h>

/*
 * Answers the question `keys`. A policy that pins keys of a KMS wants a key to be shown whose chain of
 * signatures ends in one of them, and for the app that the evidence names (app_id, absent when it names
 * none). For apps whose keys come from no KMS there is no such chain: their policies pin none.
 */
enum deputy_error keys_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct deputy_attest_app_key *key, struct deputy_slice app_id,
        const struct deputy_attest_app_policy *policy);

#endif
