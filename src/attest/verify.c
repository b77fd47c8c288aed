/* The one entry: evidence and a question in, a verdict out. */
#include "attest/guest.h"
#include "attest/judge.h"
#include "attest/roots.h"
#include "attest/snp_verify.h"
#include "attest/statement.h"
#include "attest/tdx_verify.h"
#include "attest/unpack.h"
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

/* What a piece says beside its quote or report must be of the same moment. */
static enum deputy_error judge_piece(
        struct deputy_attest_verdict *v, const struct unpacked *shown, const struct rtmrs *quoted)
{
    struct deputy_slice report_data = v->measurements[DEPUTY_ATTEST_MEASURED_REPORT_DATA];
    enum deputy_error error = attestation_check(&shown->attestation, report_data.ptr, quoted);
    if (error == DEPUTY_E_EVENT_LOG_REPLAY)
        return verdict_refuse_for(v, CHECK(EVENT_LOG), CODE(EVENT_LOG),
                "runtime events that replay to the quote", deputy_error_info(error)->text);
    return verdict_hold(v, CHECK(REPORT_DATA), CODE(REPORT_DATA),
            "an attestation that says the report_data of its evidence", error);
}

static enum deputy_error judge_guest(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct td_report *td, const struct unpacked *shown, const struct deputy_attest_policy *policy)
{
    const struct deputy_attest_evidence *evidence = &shown->evidence;
    const struct td_measurements measurements = measurements_of(td);
    const struct guest_claims claims = {.event_log = evidence->event_log,
            .log = shown->is_packed ? &shown->attestation.log : NULL,
            .vm_config = evidence->vm_config,
            .document = evidence->mr_config,
            .app_key = evidence->app_key};
    judge_td(v, policy, td);
    TRY(guest_judge(arena, v, &claims, &measurements, policy));
    return shown->is_packed ? judge_piece(v, shown, &measurements.rtmrs) : DEPUTY_OK;
}

/* What the policy says of a quote that is genuine. */
static enum deputy_error judge_quote(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct tdx_quote *quote, const struct unpacked *shown,
        const struct deputy_attest_policy *policy)
{
    struct deputy_slice root = shown->evidence.root;
    bool is_makers = !deputy_slice_present(root) || deputy_slice_equal(root, root_intel());
    judge_platform(v, policy);
    judge_root(v, policy, is_makers);
    judge_tcb(v, policy);
    if (quote->platform == DEPUTY_ATTEST_TDX)
        return judge_guest(arena, v, &quote->td, shown, policy);
    judge_enclave(v, policy, &quote->enclave);
    judge_enclave_app(v, policy);
    return DEPUTY_OK;
}

static enum deputy_error verify_quote(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct unpacked *shown, const struct deputy_attest_question *question)
{
    struct tdx_quote quote;
    enum deputy_attest_code code = tdx_quote_parse(&quote, shown->evidence.quote);
    verdict_begin(v, quote.platform, question->now.sec);
    if (code != CODE(OK))
        return verdict_refuse_for(v, CHECK(QUOTE_SIGNATURE), code,
                "a quote of TDX (version 4 or 5) or SGX (version 3) with a P-256 key", NULL);
    TRY(tdx_verify(arena, v, &quote, &shown->evidence, question));
    return judge_quote(arena, v, &quote, shown, question->policy);
}

/* ---- SEV-SNP ---- */

static enum deputy_error verify_report(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct unpacked *shown, const struct deputy_attest_question *question)
{
    const struct deputy_attest_evidence *evidence = &shown->evidence;
    const struct snp_evidence parts = {.report = evidence->report,
            .key = evidence->vek,
            .intermediate = evidence->ask,
            .list = evidence->crl,
            .document = evidence->mr_config,
            .app_key = evidence->app_key};
    const struct snp_question asked = {.policy = question->policy,
            .root = evidence->root,
            .now = question->now.sec,
            .cache = question->cache};
    TRY(snp_verify(arena, v, &parts, &asked));
    bool is_genuine = deputy_slice_present(v->measurements[DEPUTY_ATTEST_MEASURED_REPORT_DATA]);
    return shown->is_packed && is_genuine ? judge_piece(v, shown, NULL) : DEPUTY_OK;
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

/* Evidence in one piece that is no such piece says not even of which platform it is. */
static enum deputy_error refuse_piece(struct deputy_attest_verdict *v,
        const struct deputy_attest_question *question, enum deputy_error error)
{
    bool is_foreign = error == DEPUTY_E_EVIDENCE_UNSUPPORTED;
    verdict_begin(v, DEPUTY_ATTEST_NO_PLATFORM, question->now.sec);
    return verdict_hold(v, CHECK(QUOTE_SIGNATURE), is_foreign ? CODE(UNSUPPORTED) : CODE(PARSE),
            "an attestation of dstack from a TDX or SEV-SNP guest", error);
}

static enum deputy_error verify_unpacked(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct unpacked *shown, const struct deputy_attest_question *question)
{
    TRY(deputy_slice_present(shown->evidence.report) ? verify_report(arena, v, shown, question)
                                                     : verify_quote(arena, v, shown, question));
    return judge_statement(arena, v, &shown->evidence, question);
}

enum deputy_error deputy_attest_verify(struct deputy_arena *arena, struct deputy_attest_verdict *verdict,
        const struct deputy_attest_evidence *evidence, const struct deputy_attest_question *question)
{
    struct unpacked shown;
    enum deputy_error error = evidence_unpack(arena, &shown, evidence);
    ENSURE(error != DEPUTY_E_ARGUMENT, error);
    error = error == DEPUTY_OK ? verify_unpacked(arena, verdict, &shown, question)
                               : refuse_piece(verdict, question, error);
    return verdict_end(verdict, error);
}
