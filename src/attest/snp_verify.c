#include "attest/snp_verify.h"
#include "attest/app.h"
#include "attest/keys.h"
#include "attest/mr_config.h"
#include "attest/policy.h"
#include "attest/take.h"
#include "attest/verdict.h"
#include "base/arena.h"

/* All that is known of one piece of evidence on the way. */
struct snp {
    struct deputy_arena *arena;
    struct deputy_attest_verdict *v;
    const struct snp_evidence *evidence;
    const struct snp_question *question;
    struct snp_report report;
    struct snp_key key;
    struct snp_tcbs tcbs;
};

/* ---- is it genuine ---- */

static enum deputy_error report_read(struct snp *s)
{
    enum deputy_error error = snp_report_parse(&s->report, s->evidence->report);
    if (error == DEPUTY_E_EVIDENCE_UNSUPPORTED)
        return verdict_refuse_for(s->v, CHECK(SNP_SIGNATURE), CODE(UNSUPPORTED),
                "a report of version 2 to 5, signed with P-384 by a VCEK or VLEK of a known processor", NULL);
    return verdict_hold(
            s->v, CHECK(SNP_SIGNATURE), CODE(PARSE), "a report of 1184 bytes, reserved ones zero", error);
}

static enum deputy_error refuse_chain(struct snp *s, const char *expected)
{
    return verdict_refuse_for(s->v, CHECK(SNP_CHAIN), CODE(CERT_CHAIN), expected, NULL);
}

/* The certificate is of the key that the report names, and of the processor. */
static enum deputy_error key_read(struct snp *s)
{
    TRY(verdict_hold(s->v, CHECK(SNP_CHAIN), CODE(CERT_CHAIN),
            "a certificate of a VCEK or VLEK, as AMD issues it",
            snp_key_parse(s->arena, &s->key, s->evidence->key)));
    if (s->key.kind != s->report.signer)
        return refuse_chain(s, "a certificate of the kind of key that the report names");
    if (s->report.product != DEPUTY_ATTEST_NO_PRODUCT && s->report.product != s->key.product)
        return refuse_chain(s, "a certificate for the processor that the report names");
    return DEPUTY_OK;
}

static struct snp_chain chain_of(const struct snp *s)
{
    bool is_ours = deputy_slice_present(s->question->root);
    return (struct snp_chain){is_ours ? s->question->root : snp_root(s->key.product),
            s->evidence->intermediate, &s->key, s->question->now, s->question->cache};
}

static enum deputy_error chain_verify(struct snp *s)
{
    struct snp_chain chain = chain_of(s);
    enum snp_chain_error error;
    TRY(snp_chain_check(s->arena, &error, &chain));
    if (error == SNP_CHAIN_BROKEN)
        return refuse_chain(s, "ARK signs ASK signs VCEK, or ARK signs ASVK signs VLEK");
    if (error == SNP_CHAIN_EXPIRED)
        return verdict_refuse_for(
                s->v, CHECK(SNP_CHAIN), CODE(CERT_EXPIRED), "certificates that have not expired", NULL);
    if (error == SNP_CHAIN_EARLY)
        return verdict_refuse_for(s->v, CHECK(SNP_CHAIN), CODE(CERT_NOT_YET_VALID),
                "certificates that are valid already", NULL);
    verdict_pass(s->v, CHECK(SNP_CHAIN));
    return DEPUTY_OK;
}

static enum deputy_error refuse_list(
        struct snp *s, enum deputy_attest_code code, const char *expected, const char *fix)
{
    return verdict_refuse_for(s->v, CHECK(REVOCATION), code, expected, fix);
}

/* Nobody has to bring a list; one that is brought counts. */
static enum deputy_error list_verify(struct snp *s)
{
    struct snp_chain chain = chain_of(s);
    enum snp_list_error error;
    if (!deputy_slice_present(s->evidence->list))
        return DEPUTY_OK;
    TRY(snp_list_check(s->arena, &error, &chain, s->evidence->list));
    if (error == SNP_LIST_UNUSABLE)
        return refuse_list(s, CODE(CRL), "a revocation list that the root of this processor signed",
                "fetch AMD's list of this product");
    if (error == SNP_LIST_UNTIMELY)
        return refuse_list(s, CODE(CRL), "a list that is valid now", "fetch it again");
    if (error == SNP_LIST_REVOKES)
        return refuse_list(s, CODE(REVOKED), "certificates that nobody revoked", NULL);
    verdict_pass(s->v, CHECK(REVOCATION));
    return DEPUTY_OK;
}

static enum deputy_error signature_verify(struct snp *s)
{
    enum deputy_error error =
            p384_verify_point(s->key.certificate->key.point.ptr, s->report.message, s->report.signature);
    TRY(verdict_hold(s->v, CHECK(SNP_SIGNATURE), CODE(SNP_SIGNATURE),
            "a signature by the key of the certificate", error));
    verdict_pass(s->v, CHECK(SNP_SIGNATURE));
    return DEPUTY_OK;
}

/*
 * A chip that hides its id cannot be told from another whose key leaked. The id of a Turin has 8 bytes, and
 * zeros behind them. The key of a provider is of no chip: whether it is trusted is the policy's question.
 */
static enum deputy_error chip_check(struct snp *s)
{
    const uint8_t *id = s->report.chip_id.ptr;
    size_t len = s->key.chip_id.len;
    bool is_chips = s->key.kind == SNP_SIGNED_BY_VCEK;
    bool is_told = !s->report.chip_masked && !bytes_are_zero(id, SNP_CHIP_ID_BYTES);
    bool is_same = deputy_slice_equal(s->key.chip_id, deputy_slice_bytes(id, len)) &&
                   bytes_are_zero(id + len, SNP_CHIP_ID_BYTES - len);
    if (is_chips && !(is_told && is_same))
        return verdict_refuse_for(s->v, CHECK(SNP_CHIP), CODE(SNP_CHIP), "the chip of the certificate",
                "fetch the certificate of this chip; a host that masks chip ids cannot be told from another");
    verdict_pass(s->v, CHECK(SNP_CHIP));
    return DEPUTY_OK;
}

static enum deputy_error tcbs_read(struct snp *s)
{
    const struct {
        struct deputy_attest_snp_tcb *out;
        const uint8_t *raw;
    } rows[] = {{&s->tcbs.current, s->report.current_tcb}, {&s->tcbs.reported, s->report.reported_tcb},
            {&s->tcbs.committed, s->report.committed_tcb}, {&s->tcbs.launch, s->report.launch_tcb}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        TRY(verdict_hold(s->v, CHECK(SNP_TCB), CODE(SNP_TCB),
                "security versions without bytes that are not known",
                snp_tcb_read(rows[i].out, s->key.product, rows[i].raw)));
    return DEPUTY_OK;
}

/* ---- what it says ---- */

static enum deputy_error digest_note(
        struct snp *s, enum deputy_attest_measurement place, const struct deputy_slice *parts, size_t count)
{
    uint8_t *digest = arena_alloc_bytes(s->arena, HASH_BYTES);
    ENSURE(digest != NULL, arena_error(s->arena));
    sha256_parts(digest, parts, count);
    s->v->measurements[place] = deputy_slice_bytes(digest, HASH_BYTES);
    return DEPUTY_OK;
}

static enum deputy_error measurements_note(struct snp *s)
{
    const struct deputy_slice parts[] = {s->report.measurement, s->report.host_data};
    snp_report_measured(s->v->measurements, &s->report);
    TRY(digest_note(s, DEPUTY_ATTEST_MEASURED_MR_SYSTEM, parts, 1));
    return digest_note(s, DEPUTY_ATTEST_MEASURED_MR_AGGREGATED, parts, 2);
}

static void tcb_note(struct snp *s)
{
    const struct snp_tcbs *t = &s->tcbs;
    s->v->tcb.present = true;
    s->v->tcb.product = s->key.product;
    s->v->tcb.reported = t->reported;
    s->v->tcb.dstack_up_to_date = snp_tcb_equal(t->current, t->reported) &&
                                  snp_tcb_equal(t->current, t->committed) &&
                                  snp_tcb_equal(t->current, t->launch);
}

/* ---- is it acceptable ---- */

static void judge_root(struct snp *s)
{
    bool is_makers = !deputy_slice_present(s->question->root) ||
                     deputy_slice_equal(s->question->root, snp_root(s->key.product));
    if (!is_makers && !s->question->policy->allow_simulator)
        (void)verdict_refuse_for(s->v, CHECK(ROOT), CODE(SIMULATOR), "the root key of AMD", NULL);
    if (!is_makers)
        verdict_warn(s->v, "simulator");
    verdict_pass(s->v, CHECK(ROOT));
}

static void judge_platform(struct snp *s)
{
    if (!policy_allows(s->question->policy->platforms, DEPUTY_ATTEST_SEV_SNP))
        (void)verdict_refuse_for(
                s->v, CHECK(PLATFORM), CODE(POLICY_PLATFORMS), "one of the platforms of the policy", NULL);
    verdict_pass(s->v, CHECK(PLATFORM));
}

static void judge_measurement(struct snp *s)
{
    const struct deputy_attest_list *list = &s->question->policy->snp.measurements;
    if (!list->present) {
        verdict_skip(s->v, CHECK(SNP_MEASUREMENT), "the policy names no launch measurement");
        return;
    }
    if (!policy_list_has(list, s->report.measurement))
        (void)verdict_refuse(s->v, CHECK(SNP_MEASUREMENT), CODE(POLICY_MEASUREMENTS),
                (struct verdict_detail){.found = s->report.measurement});
    verdict_pass(s->v, CHECK(SNP_MEASUREMENT));
}

static void judge_report_data(struct snp *s)
{
    struct deputy_slice expected = s->question->report_data;
    if (!deputy_slice_present(expected)) {
        verdict_skip(s->v, CHECK(REPORT_DATA), "nothing was said that it should be bound to");
        return;
    }
    bool is_same = expected.len == s->report.report_data.len &&
                   bytes_equal_secret(expected.ptr, s->report.report_data.ptr, expected.len);
    if (!is_same)
        (void)verdict_refuse_for(
                s->v, CHECK(REPORT_DATA), CODE(REPORT_DATA), "a report that is bound to what was said", NULL);
    verdict_pass(s->v, CHECK(REPORT_DATA));
}

static enum deputy_error device_id_note(struct snp *s, struct deputy_attest_app *app)
{
    uint8_t *digest = arena_alloc_bytes(s->arena, HASH_BYTES);
    ENSURE(digest != NULL, arena_error(s->arena));
    sha256(digest, s->report.chip_id);
    app->device_id = deputy_slice_bytes(digest, HASH_BYTES);
    return DEPUTY_OK;
}

/* Who runs inside is in a document, and the report holds its digest. The events that come along with a report
 * are bound to nothing. */
static enum deputy_error document_read(struct snp *s, struct mr_config *config)
{
    uint8_t digest[HASH_BYTES];
    mr_config_v3_digest(digest, s->evidence->document);
    if (!deputy_slice_equal(s->report.host_data, deputy_slice_bytes(digest, HASH_BYTES)))
        return verdict_refuse_for(s->v, CHECK(EVENT_LOG), CODE(EVENT_LOG),
                "the document whose digest is the report's HOST_DATA", NULL);
    return verdict_hold(s->v, CHECK(EVENT_LOG), CODE(EVENT_LOG), "a document of dstack, version 3",
            mr_config_parse(s->arena, config, s->evidence->document));
}

/* Nobody, when no document came along. */
static enum deputy_error app_read(struct snp *s, struct deputy_attest_app *app)
{
    struct mr_config config = {0};
    *app = (struct deputy_attest_app){.present = deputy_slice_present(s->evidence->document)};
    if (!app->present) {
        verdict_skip(s->v, CHECK(EVENT_LOG), "no document came with the report");
        return DEPUTY_OK;
    }
    TRY(document_read(s, &config));
    verdict_pass(s->v, CHECK(EVENT_LOG));
    app->app_id = config.app_id;
    app->compose_hash = config.compose_hash;
    app->instance_id = config.instance_id;
    app->key_provider_name = config.key_provider;
    app->key_provider_id = config.key_provider_id;
    return device_id_note(s, app);
}

static enum deputy_error judge_app(struct snp *s)
{
    const struct deputy_attest_app_policy *policy = &s->question->policy->app;
    struct deputy_attest_app app;
    TRY(app_read(s, &app));
    app_judge(s->v, &app, policy);
    return keys_judge(s->arena, s->v, &s->evidence->app_key, app.app_id, policy);
}

static enum deputy_error steps(struct snp *s)
{
    TRY(report_read(s));
    TRY(key_read(s));
    TRY(chain_verify(s));
    TRY(list_verify(s));
    TRY(signature_verify(s));
    TRY(chip_check(s));
    TRY(tcbs_read(s));
    TRY(measurements_note(s));
    tcb_note(s);
    judge_root(s);
    judge_platform(s);
    snp_judge_tcb(s->v, &s->report, &s->tcbs, &s->key, &s->question->policy->snp);
    snp_judge_guest(s->v, &s->report, &s->key, s->question->policy);
    judge_measurement(s);
    judge_report_data(s);
    verdict_skip(s->v, CHECK(OS_IMAGE), "the launch measurement covers it");
    return judge_app(s);
}

enum deputy_error snp_verify(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct snp_evidence *evidence, const struct snp_question *question)
{
    struct snp s = {.arena = arena, .v = v, .evidence = evidence, .question = question};
    verdict_begin(v, DEPUTY_ATTEST_SEV_SNP, question->now);
    return verdict_end(v, steps(&s));
}
