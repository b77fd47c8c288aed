#include "corpus.h"

void corpus_intel(struct deputy_arena *arena, struct deputy_attest_verdict *verdict, const char *folder,
        const struct json_value *test)
{
    struct deputy_attest_policy policy = corpus_policy(arena, folder, test);
    const struct deputy_attest_evidence evidence = {
            .quote = corpus_file(arena, folder, test, "quote"),
            .collateral = corpus_file(arena, folder, test, "collateral"),
            .root = corpus_file(arena, folder, test, "root"),
    };
    struct deputy_attest_question question = {.policy = &policy, .cache = corpus_cache};
    assert_ok(json_to_int64(&question.now.sec, json_member(test, "time")));
    assert_ok(deputy_attest_verify(arena, verdict, &evidence, &question));
}
