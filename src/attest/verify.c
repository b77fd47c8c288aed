/* The one entry: evidence and a question in, a verdict out. */
#include "attest/guest.h"
#include "attest/judge.h"
#include "attest/roots.h"
#include "attest/snp_verify.h"
#include "attest/statement.h"
#include "attest/tdx_verify.h"
#include "attest/verdict.h"

/* ---- TDX and SGX ---- */

static struct td_measurements measurements_of(const struct td_report *td)
{
    struct td_measurements out;
    memcpy(out.mr_td, td->mr_td.ptr, sizeof out.mr_td);
    memcpy(out.mr_config_id, td->mr_config_id.ptr, sizeof out.mr_config_id);
    memcpy(out.mr_owner, td->mr_owner.ptr, sizeof out.mr_owner);
    memcpy(out.mr_owner_config, td->mr_owner_config.ptr, sizeof out.mr_owner_config);
    for (size_t i = 0; i < RTMR_COUNT; i++)
        memcpy(out.rtmrs.value[i], td->rtmr[i].ptr, RTMR_BYTES);
    return out;
}

static enum deputy_error judge_guest(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct td_report *td, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_policy *policy)
{
    const struct td_measurements measurements = measurements_of(td);
    const struct guest_claims claims = {.event_log = evidence->event_log, .vm_config = evidence->vm_config};
    judge_td(v, policy, td);
    return guest_judge(arena, v, &claims, &measurements, policy);
}

/* What the policy says of a quote that is genuine. */
static enum deputy_error judge_quote(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct tdx_quote *quote, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_policy *policy)
{
    bool is_makers =
            !deputy_slice_present(evidence->root) || deputy_slice_equal(evidence->root, root_intel());
    judge_platform(v, policy);
    judge_root(v, policy, is_makers);
    judge_tcb(v, policy);
    if (quote->platform == DEPUTY_ATTEST_TDX)
        return judge_guest(arena, v, &quote->td, evidence, policy);
    judge_enclave(v, policy, &quote->enclave);
    judge_enclave_app(v, policy);
    return DEPUTY_OK;
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
    return judge_quote(arena, v, &quote, evidence, question->policy);
}

/* ---- SEV-SNP ---- */

static enum deputy_error verify_report(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    const struct snp_evidence shown = {.report = evidence->report,
            .key = evidence->vek,
            .intermediate = evidence->ask,
            .document = evidence->mr_config};
    const struct snp_question asked = {
            .policy = question->policy, .root = evidence->root, .now = question->now.sec};
    return snp_verify(arena, v, &shown, &asked);
}

/* ---- any ---- */

/* What is bound is told only when it is known who says it. */
static enum deputy_error judge_statement(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    struct deputy_slice report_data = v->measurements[DEPUTY_ATTEST_MEASURED_REPORT_DATA];
    if (!deputy_slice_present(report_data))
        return DEPUTY_OK;
    return statement_judge(arena, v, report_data, evidence, question);
}

enum deputy_error deputy_attest_verify(struct deputy_arena *arena, struct deputy_attest_verdict *verdict,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    enum deputy_error error = deputy_slice_present(evidence->report)
                                      ? verify_report(arena, verdict, evidence, question)
                                      : verify_quote(arena, verdict, evidence, question);
    if (error == DEPUTY_OK)
        error = judge_statement(arena, verdict, evidence, question);
    return verdict_end(verdict, error);
}
