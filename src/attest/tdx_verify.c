#include "attest/tdx_verify.h"
#include "attest/collateral.h"
#include "attest/pki.h"
#include "attest/roots.h"
#include "attest/take.h"
#include "attest/tcb.h"
#include "attest/verdict.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

enum { TCB_INFO_VERSION = 3, QE_IDENTITY_VERSION = 2, ATTRIBUTE_DEBUG = 0x02 };

/* What the steps hand on. */
struct run {
    struct deputy_arena *arena;
    struct deputy_attest_verdict *v;
    const struct tdx_quote *quote;
    struct pki pki;
    struct collateral collateral;
    struct tcb_info tcb_info;
    struct qe_identity qe_identity;
    const struct x509 *tcb_signer, *qe_signer;
    struct pki_platform platform;
    struct pck pck;
};

static enum deputy_error refuse(struct run *run, enum deputy_attest_check_name check,
        enum deputy_attest_code code, const char *expected)
{
    return verdict_refuse_for(run->v, check, code, expected, NULL);
}

/* ---- collateral: steps 1 and 2 ---- */

/* The signature over the exact text, and only then what the text says. */
static enum deputy_error verify_text(struct run *run, const struct signed_text *text,
        enum deputy_attest_check_name check, const struct x509 *signer)
{
    return verdict_hold(run->v, check, CODE(COLLATERAL_SIGNATURE), "the exact text that Intel signed",
            cache_verify_text(run->pki.cache, signer->key.point.ptr, text->text, text->signature));
}

static enum deputy_error check_dates(
        struct run *run, enum deputy_attest_check_name check, int64_t issued, int64_t next)
{
    if (run->pki.now < issued)
        return refuse(run, check, CODE(COLLATERAL_NOT_YET_VALID), "collateral that is valid already");
    if (run->pki.now > next)
        return verdict_refuse_for(run->v, check, CODE(COLLATERAL_EXPIRED), "collateral that has not expired",
                "fetch the collateral again, or ask about the time at which it was valid");
    return DEPUTY_OK;
}

static enum deputy_error take_tcb_info(struct run *run)
{
    const char *id = run->quote->platform == DEPUTY_ATTEST_TDX ? "TDX" : "SGX";
    const struct tcb_info *info = &run->tcb_info;
    TRY(pki_signer(&run->pki, &run->tcb_signer, CHECK(TCB), run->collateral.tcb_info.chain));
    TRY(verify_text(run, &run->collateral.tcb_info, CHECK(TCB), run->tcb_signer));
    TRY(verdict_hold(run->v, CHECK(TCB), CODE(PARSE), "a TCB info of Intel",
            tcb_info_parse(run->arena, &run->tcb_info, run->collateral.tcb_info.text)));
    if (!deputy_slice_equal(info->id, deputy_slice_text(id)) || info->version != TCB_INFO_VERSION)
        return refuse(
                run, CHECK(TCB), CODE(COLLATERAL_MISMATCH), "TCB info version 3 of this kind of platform");
    return check_dates(run, CHECK(TCB), info->issue_date, info->next_update);
}

/* Intel signs both texts with one key: that chain is verified already. */
static enum deputy_error take_qe_signer(struct run *run)
{
    struct deputy_slice chain = run->collateral.qe_identity.chain;
    if (!deputy_slice_equal(chain, run->collateral.tcb_info.chain))
        return pki_signer(&run->pki, &run->qe_signer, CHECK(QE_IDENTITY), chain);
    run->qe_signer = run->tcb_signer;
    return DEPUTY_OK;
}

static enum deputy_error take_qe_identity(struct run *run)
{
    const char *id = run->quote->platform == DEPUTY_ATTEST_TDX ? "TD_QE" : "QE";
    const struct qe_identity *identity = &run->qe_identity;
    TRY(take_qe_signer(run));
    TRY(verify_text(run, &run->collateral.qe_identity, CHECK(QE_IDENTITY), run->qe_signer));
    TRY(verdict_hold(run->v, CHECK(QE_IDENTITY), CODE(PARSE), "an enclave identity of Intel",
            qe_identity_parse(run->arena, &run->qe_identity, run->collateral.qe_identity.text)));
    if (!deputy_slice_equal(identity->id, deputy_slice_text(id)) || identity->version != QE_IDENTITY_VERSION)
        return refuse(run, CHECK(QE_IDENTITY), CODE(COLLATERAL_MISMATCH),
                "identity version 2 of this platform's quoting enclave");
    return check_dates(run, CHECK(QE_IDENTITY), identity->issue_date, identity->next_update);
}

/* ---- certificates: step 3 ---- */

/* The quote's own chain when it has one; which chain it is matters little, for the key behind it must have
 * signed this very quoting enclave (step 4). */
static enum deputy_error take_platform(struct run *run, bool has_collateral)
{
    struct deputy_slice chain = run->quote->certification_data;
    if (run->quote->certification != CERTIFICATION_CHAIN)
        chain = has_collateral ? run->collateral.pck_chain : (struct deputy_slice){0};
    if (!deputy_slice_present(chain))
        return verdict_refuse_for(run->v, CHECK(PCK_CHAIN), CODE(UNSUPPORTED),
                "a quote that carries its certificates, or collateral with pck_certificate_chain",
                "fetch the platform's certificates and put them into the collateral");
    TRY(pki_platform(&run->pki, &run->platform, chain));
    TRY(verdict_hold(run->v, CHECK(PCK_CHAIN), CODE(CERT_CHAIN),
            "the extension that Intel certifies platforms with", pck_read(&run->pck, run->platform.leaf)));
    verdict_pass(run->v, CHECK(PCK_CHAIN));
    return DEPUTY_OK;
}

/* The root's list is of authorities and signers, an authority's of platforms; the root must not list itself.
 */
static enum deputy_error check_revocation(struct run *run)
{
    const struct x509_crl *of_root;
    const struct x509_crl *of_platforms;
    TRY(pki_list(&run->pki, &of_root, run->collateral.root_crl, run->pki.root));
    TRY(pki_list(&run->pki, &of_platforms, run->collateral.pck_crl, run->platform.authority));
    TRY(pki_not_revoked(&run->pki, of_root, run->pki.root));
    TRY(pki_not_revoked(&run->pki, of_root, run->tcb_signer));
    TRY(pki_not_revoked(&run->pki, of_root, run->qe_signer));
    TRY(pki_not_revoked(&run->pki, of_root, run->platform.authority));
    TRY(pki_not_revoked(&run->pki, of_platforms, run->platform.leaf));
    verdict_pass(run->v, CHECK(REVOCATION));
    int64_t expires = run->tcb_info.next_update;
    const int64_t others[] = {run->qe_identity.next_update, of_root->next_update, of_platforms->next_update};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        expires = others[i] < expires ? others[i] : expires;
    run->v->tcb.collateral_expires_at = expires;
    return DEPUTY_OK;
}

/* ---- signatures: steps 4, 5 and 7 ---- */

/* The platform vouches for the enclave, the enclave for the key, the key for the quote. */
static enum deputy_error check_signatures(struct run *run)
{
    const struct tdx_quote *quote = run->quote;
    const struct deputy_slice vouched[] = {quote->attestation_key, quote->qe_auth_data};
    uint8_t digest[HASH_BYTES];
    TRY(verdict_hold(run->v, CHECK(QUOTE_SIGNATURE), CODE(QE_REPORT_SIGNATURE),
            "the quoting enclave's report signed by the platform's certified key",
            p256_verify_point(run->platform.leaf->key.point.ptr, quote->qe_report, quote->qe_signature.ptr)));
    sha256_parts(digest, vouched, 2);
    const uint8_t *report_data = quote->qe.report_data.ptr;
    if (!bytes_equal_secret(report_data, digest, sizeof digest) ||
            !bytes_are_zero(report_data + HASH_BYTES, QUOTE_REPORT_DATA_BYTES - HASH_BYTES))
        return refuse(run, CHECK(QUOTE_SIGNATURE), CODE(QE_REPORT_DATA),
                "an attestation key that the quoting enclave vouches for");
    TRY(verdict_hold(run->v, CHECK(QUOTE_SIGNATURE), CODE(QUOTE_SIGNATURE),
            "a quote that nobody changed after it was signed",
            p256_verify_point(quote->attestation_key.ptr, quote->signed_part, quote->signature.ptr)));
    verdict_pass(run->v, CHECK(QUOTE_SIGNATURE));
    return DEPUTY_OK;
}

/* ---- the quoting enclave: step 6 ---- */

static bool equal_masked(const uint8_t *a, const uint8_t *b, const uint8_t *mask, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((a[i] & mask[i]) != (b[i] & mask[i]))
            return false;
    return true;
}

static bool is_published_enclave(const struct qe_identity *identity, const struct enclave_report *qe)
{
    return deputy_slice_equal(
                   qe->mr_signer, deputy_slice_bytes(identity->mr_signer, sizeof identity->mr_signer)) &&
           le16(qe->isv_prod_id.ptr) == identity->isv_prod_id &&
           equal_masked(qe->misc_select.ptr, identity->misc_select, identity->misc_mask,
                   sizeof identity->misc_mask) &&
           equal_masked(qe->attributes.ptr, identity->attributes, identity->attributes_mask,
                   sizeof identity->attributes_mask);
}

/* A quoting enclave that can be debugged signs anything: no policy allows it. */
static enum deputy_error check_qe(struct run *run, const struct tcb_worth **worth)
{
    const struct enclave_report *qe = &run->quote->qe;
    if (!is_published_enclave(&run->qe_identity, qe) || (qe->attributes.ptr[0] & ATTRIBUTE_DEBUG) != 0)
        return refuse(run, CHECK(QE_IDENTITY), CODE(QE_IDENTITY), "Intel's quoting enclave");
    *worth = tcb_svn_match(&run->qe_identity.levels, le16(qe->isv_svn.ptr));
    if (*worth == NULL)
        return refuse(
                run, CHECK(QE_IDENTITY), CODE(QE_IDENTITY), "a version of the quoting enclave that is known");
    verdict_pass(run->v, CHECK(QE_IDENTITY));
    return DEPUTY_OK;
}

/* ---- the platform: steps 8 and 9 ---- */

static enum deputy_error check_about_platform(struct run *run)
{
    const struct tcb_info *info = &run->tcb_info;
    if (memcmp(info->fmspc, run->pck.fmspc, sizeof info->fmspc) != 0 ||
            memcmp(info->pce_id, run->pck.pce_id, sizeof info->pce_id) != 0)
        return verdict_refuse_for(run->v, CHECK(TCB), CODE(COLLATERAL_MISMATCH),
                "TCB info of the platform that the certificate names",
                "fetch the collateral of this platform");
    return DEPUTY_OK;
}

/* The module's own version counts from major version 1 on; before, only who signed it does. */
static enum deputy_error check_module(struct run *run, const struct tcb_worth **worth)
{
    const struct td_report *td = &run->quote->td;
    const struct tdx_module *module = tcb_module_match(&run->tcb_info, td);
    if (module == NULL || !bytes_are_zero(td->mr_signer_seam.ptr, td->mr_signer_seam.len))
        return refuse(run, CHECK(TCB), CODE(TDX_MODULE), "a TDX module that Intel published");
    if (!deputy_slice_present(module->id))
        return DEPUTY_OK;
    *worth = tcb_svn_match(&module->levels, td->tee_tcb_svn.ptr[0]);
    if (*worth == NULL)
        return refuse(run, CHECK(TCB), CODE(TCB_NOT_SUPPORTED), "a version of the TDX module that is known");
    return DEPUTY_OK;
}

/* The policy says whether the status will do; Revoked never does. */
static enum deputy_error check_tcb(struct run *run, const struct tcb_worth *qe)
{
    bool is_tdx = run->quote->platform == DEPUTY_ATTEST_TDX;
    struct deputy_attest_tcb *tcb = &run->v->tcb;
    struct tcb_parts parts = {.qe = qe};
    TRY(check_about_platform(run));
    memcpy(tcb->fmspc, run->tcb_info.fmspc, sizeof tcb->fmspc);
    int64_t number = run->tcb_info.evaluation_data_number;
    tcb->evaluation_data_number = number < run->qe_identity.evaluation_data_number
                                          ? number
                                          : run->qe_identity.evaluation_data_number;
    if (is_tdx)
        TRY(check_module(run, &parts.module));
    parts.platform = tcb_level_match(&run->tcb_info, &run->pck, is_tdx ? &run->quote->td : NULL);
    if (parts.platform == NULL)
        return refuse(run, CHECK(TCB), CODE(TCB_NOT_SUPPORTED), "a security version that some level covers");
    TRY(tcb_conclude(run->arena, tcb, &parts));
    tcb->present = true;
    return tcb->status != DEPUTY_ATTEST_STATUS_REVOKED
                   ? DEPUTY_OK
                   : refuse(run, CHECK(TCB), CODE(TCB_REVOKED), "a platform that Intel has not revoked");
}

/* ---- the whole ---- */

/* Signatures show what the hardware said, and not what its word is worth: without collateral it is refused.
 */
static enum deputy_error verify_bare(struct run *run)
{
    static const char expected[] = "collateral, which says what is revoked and what is out of date";
    static const char fix[] = "fetch the collateral of this platform";
    TRY(take_platform(run, false));
    TRY(check_signatures(run));
    (void)verdict_refuse_for(run->v, CHECK(REVOCATION), CODE(CRL), expected, fix);
    (void)verdict_refuse_for(run->v, CHECK(QE_IDENTITY), CODE(QE_IDENTITY), expected, fix);
    (void)verdict_refuse_for(run->v, CHECK(TCB), CODE(TCB_NOT_SUPPORTED), expected, fix);
    tdx_quote_measured(run->v->measurements, run->quote);
    return DEPUTY_OK;
}

static enum deputy_error verify_whole(struct run *run, struct deputy_slice collateral)
{
    const struct tcb_worth *qe = NULL;
    TRY(verdict_hold(run->v, CHECK(TCB), CODE(PARSE), "collateral as JSON with all its members",
            collateral_parse(run->arena, &run->collateral, collateral)));
    TRY(take_tcb_info(run));
    TRY(take_qe_identity(run));
    TRY(take_platform(run, true));
    TRY(check_revocation(run));
    TRY(check_signatures(run));
    TRY(check_qe(run, &qe));
    tdx_quote_measured(run->v->measurements, run->quote);
    return check_tcb(run, qe);
}

enum deputy_error tdx_verify(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct tdx_quote *quote, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question)
{
    struct run run = {.arena = arena,
            .v = v,
            .quote = quote,
            .pki = {.arena = arena, .verdict = v, .now = question->now.sec, .cache = question->cache}};
    bool is_pinned = !deputy_slice_present(evidence->root);
    TRY(pki_begin(&run.pki, is_pinned ? root_intel() : evidence->root));
    return deputy_slice_present(evidence->collateral) ? verify_whole(&run, evidence->collateral)
                                                      : verify_bare(&run);
}
