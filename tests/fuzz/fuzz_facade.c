/*
 * Requests as dstack's verifier service is sent them: whatever is asked, the answer is JSON that says yes
 * only of a verdict that does, and never of evidence without collateral.
 */
#include "base/json.h"
#include "evidence/facade.h"
#include "property.h"

static void check_answer(struct deputy_arena *arena, struct deputy_slice json, bool valid)
{
    const struct json_value *answer;
    HOLDS(json_parse(arena, &answer, json) == DEPUTY_OK);
    HOLDS(json_is(json_member(answer, "is_valid"), valid ? JSON_TRUE : JSON_FALSE));
    HOLDS(json_is(json_member(answer, "details"), JSON_OBJECT));
    HOLDS(json_is(json_member(answer, "reason"), valid ? JSON_NULL : JSON_STRING));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_attest_evidence evidence;
    struct deputy_attest_policy policy;
    struct deputy_attest_verdict verdict;
    struct deputy_slice json;
    const struct deputy_attest_question question = {.now = {.sec = 1752919234}, .policy = &policy};
    if (facade_request_read(arena, &evidence, deputy_slice_bytes(data, size)) != DEPUTY_OK)
        return 0;
    HOLDS(deputy_slice_present(evidence.attestation) != deputy_slice_present(evidence.quote));
    if (facade_policy(arena, &policy, &evidence) != DEPUTY_OK ||
            deputy_attest_verify(arena, &verdict, &evidence, &question) != DEPUTY_OK)
        return 0; /* memory */
    HOLDS(facade_answer(arena, &json, &verdict, false) == DEPUTY_OK);
    check_answer(arena, json, false);
    HOLDS(facade_answer(arena, &json, &verdict, true) == DEPUTY_OK);
    check_answer(arena, json, verdict.ok);
    return 0;
}
