/* The one entry: evidence and a question in, a verdict out. */
#include "attest/judge.h"
#include "attest/roots.h"
#include "attest/statement.h"
#include "attest/tdx_verify.h"
#include "attest/verdict.h"

/* What the policy says of a quote that is genuine. */
static enum deputy_error judge_quote(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct tdx_quote *quote, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question)
{
    bool is_tdx = quote->platform == DEPUTY_ATTEST_TDX;
    bool is_makers =
            !deputy_slice_present(evidence->root) || deputy_slice_equal(evidence->root, root_intel());
    judge_platform(v, question->policy);
    judge_root(v, question->policy, is_makers);
    judge_tcb(v, question->policy);
    if (is_tdx)
        judge_td(v, question->policy, &quote->td);
    else
        judge_enclave(v, question->policy, &quote->enclave);
    judge_measured(v, question->policy);
    return statement_judge(
            arena, v, is_tdx ? quote->td.report_data : quote->enclave.report_data, evidence, question);
}

static enum deputy_error verify_quote(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    struct tdx_quote quote;
    enum deputy_attest_code code = tdx_quote_parse(&quote, evidence->quote);
    verdict_begin(v, quote.platform, question->now.sec);
    if (code != CODE(OK))
        return verdict_refuse_for(v, CHECK(QUOTE_SIGNATURE), code,
                "a quote of TDX (version 4 or 5) or SGX (version 3) with a P-256 key", NULL);
    TRY(tdx_verify(arena, v, &quote, evidence, question->now.sec));
    return judge_quote(arena, v, &quote, evidence, question);
}

enum deputy_error deputy_attest_verify(struct deputy_arena *arena, struct deputy_attest_verdict *verdict,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    return verdict_end(verdict, verify_quote(arena, verdict, evidence, question));
}
