#include "evidence/intel.h"
#include "attest/collateral.h"
#include "attest/pck.h"
#include "attest/tcb_info.h"
#include "attest/tdx_quote.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "evidence/maker.h"
#include "evidence/pcs.h"

/* ---- which platform ---- */

static bool contains(struct deputy_slice bytes, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= bytes.len; i++)
        if (memcmp(bytes.ptr + i, text, len) == 0)
            return true;
    return false;
}

/* What the first certificate of a chain says. */
static enum deputy_error leaf_read(
        struct deputy_arena *arena, struct intel_platform *out, struct pck *pck, struct deputy_slice chain)
{
    struct deputy_slice certificates[PCS_CHAIN_MAX];
    const struct x509 *leaf;
    size_t count;
    TRY(pem_certificates(arena, certificates, &count, PCS_CHAIN_MAX, chain));
    ENSURE(count > 0, DEPUTY_E_COLLATERAL_PLATFORM);
    TRY(x509_parse(arena, &leaf, certificates[0]));
    TRY(pck_read(pck, leaf));
    memcpy(out->fmspc, pck->fmspc, sizeof out->fmspc);
    out->processor_ca = contains(leaf->issuer, "Processor");
    return out->processor_ca || contains(leaf->issuer, "Platform") ? DEPUTY_OK : DEPUTY_E_COLLATERAL_PLATFORM;
}

static struct deputy_slice cut(struct deputy_slice *from, size_t len)
{
    struct deputy_slice part = deputy_slice_bytes(from->ptr, len);
    *from = deputy_slice_bytes(from->ptr + len, from->len - len);
    return part;
}

/* The encrypted id of the platform, and the security versions that its certificate was used at. */
static enum deputy_error machine_of(struct intel_machine *out, const struct tdx_quote *quote)
{
    enum { SHORT = 256, LONG = 384, SVN = 16, NUMBER = 2, USER_DATA = 28, BEHIND = SVN + 2 * NUMBER };
    size_t ppid = quote->certification == CERTIFICATION_PPID_2048 ? SHORT : LONG;
    struct deputy_slice from = quote->certification_data;
    ENSURE(quote->certification == CERTIFICATION_PPID_2048 || quote->certification == CERTIFICATION_PPID_3072,
            DEPUTY_E_COLLATERAL_PLATFORM);
    ENSURE(from.len == ppid + BEHIND, DEPUTY_E_COLLATERAL_PLATFORM);
    out->qe_id = deputy_slice_bytes(quote->signed_part.ptr + USER_DATA, SVN);
    out->encrypted_ppid = cut(&from, ppid);
    out->cpu_svn = cut(&from, SVN);
    out->pce_svn = cut(&from, NUMBER);
    out->pce_id = cut(&from, NUMBER);
    return DEPUTY_OK;
}

static enum deputy_error platform_of(
        struct deputy_arena *arena, struct intel_platform *out, const struct tdx_quote *quote)
{
    struct pck pck;
    *out = (struct intel_platform){.kind = quote->platform};
    if (quote->certification != CERTIFICATION_CHAIN)
        return machine_of(&out->machine, quote);
    return leaf_read(arena, out, &pck, quote->certification_data);
}

enum deputy_error intel_platform_of(
        struct deputy_arena *arena, struct intel_platform *out, struct deputy_slice quote)
{
    struct tdx_quote view;
    ENSURE(tdx_quote_parse(&view, quote) == DEPUTY_ATTEST_OK, DEPUTY_E_COLLATERAL_PLATFORM);
    enum deputy_error error = platform_of(arena, out, &view);
    bool memory = error == DEPUTY_E_NOMEM || error == DEPUTY_E_LIMIT;
    return error == DEPUTY_OK || memory ? error : DEPUTY_E_COLLATERAL_PLATFORM;
}

/* ---- what collateral says of itself ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum deputy_error lists_read(
        struct deputy_arena *arena, struct intel_collateral *out, const struct collateral *collateral)
{
    const struct x509_crl *of_root;
    const struct x509_crl *of_platforms;
    TRY(x509_crl_parse(arena, &of_root, collateral->root_crl));
    TRY(x509_crl_parse(arena, &of_platforms, collateral->pck_crl));
    out->expires_at = least(out->expires_at, least(of_root->next_update, of_platforms->next_update));
    return DEPUTY_OK;
}

enum deputy_error intel_read(
        struct deputy_arena *arena, struct intel_collateral *out, struct deputy_slice json, bool processor_ca)
{
    struct collateral collateral;
    struct tcb_info info;
    struct qe_identity identity;
    TRY(collateral_parse(arena, &collateral, json));
    TRY(tcb_info_parse(arena, &info, collateral.tcb_info.text));
    TRY(qe_identity_parse(arena, &identity, collateral.qe_identity.text));
    bool tdx = deputy_slice_equal(info.id, deputy_slice_text("TDX"));
    ENSURE(tdx || deputy_slice_equal(info.id, deputy_slice_text("SGX")), DEPUTY_E_JSON_TYPE);
    ENSURE(deputy_slice_equal(identity.id, deputy_slice_text(tdx ? "TD_QE" : "QE")), DEPUTY_E_JSON_TYPE);
    *out = (struct intel_collateral){.json = json,
            .platform = {.kind = tdx ? DEPUTY_ATTEST_TDX : DEPUTY_ATTEST_SGX, .processor_ca = processor_ca},
            .evaluation_number = least(info.evaluation_data_number, identity.evaluation_data_number),
            .expires_at = least(info.next_update, identity.next_update)};
    memcpy(out->platform.fmspc, info.fmspc, sizeof info.fmspc);
    return lists_read(arena, out, &collateral);
}

/* ---- fetching ---- */

/* What was fetched so far. */
struct parts {
    struct deputy_slice machine_chain; /* absent: nobody asked for it */
    struct deputy_slice pck_list_chain, pck_list, root_list;
    struct deputy_slice tcb_chain, qe_chain;
    struct pcs_signed tcb, qe;
};

struct run {
    struct deputy_arena *arena;
    struct deputy_refusal *refusal;
    const struct intel_service *service;
    const struct intel_platform *platform;
    struct deputy_slice base;
};

static struct deputy_slice without(struct deputy_slice text, const char *end)
{
    size_t len = strlen(end);
    if (text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0)
        text.len -= len;
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

/* Bases are often written with the path of one of the two services behind them. */
static enum deputy_error base_of(struct run *run)
{
    TRY(maker_base(&run->base, run->refusal, run->service->base));
    run->base = without(without(run->base, "/sgx/certification/v4"), "/tdx/certification/v4");
    return DEPUTY_OK;
}

static enum deputy_error url_of(struct run *run, const char **url, const char *const *parts, size_t count)
{
    struct buf out = buf_make(run->arena, MAKER_URL_MAX);
    struct deputy_slice text;
    buf_put(&out, run->base);
    for (size_t i = 0; i < count; i++)
        buf_put_text(&out, parts[i]);
    buf_put_byte(&out, '\0');
    TRY(buf_finish(&out, &text));
    *url = (const char *)text.ptr;
    return DEPUTY_OK;
}

/* An answer that was not readable, said with the URL that it came from. */
static enum deputy_error held(struct run *run, const char *url, const char *why, enum deputy_error result)
{
    ENSURE(result != DEPUTY_E_NOMEM, result);
    return result == DEPUTY_OK ? DEPUTY_OK : maker_refuse(run->refusal, url, why);
}

/* In capital digits, as the services want them; empty when there is no memory, which url_of finds again. */
static const char *digits_of(struct run *run, struct deputy_slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    struct buf out = buf_make(run->arena, MAKER_URL_MAX);
    struct deputy_slice text;
    for (size_t i = 0; i < bytes.len; i++) {
        buf_put_byte(&out, (uint8_t)digits[bytes.ptr[i] >> 4]);
        buf_put_byte(&out, (uint8_t)digits[bytes.ptr[i] & 15]);
    }
    buf_put_byte(&out, '\0');
    return buf_finish(&out, &text) == DEPUTY_OK ? (const char *)text.ptr : "";
}

/* ---- the certificate of a machine ---- */

/* TCBm: the versions that the certificate is of, in hexadecimal digits of either case. */
static bool is_at_versions(
        struct deputy_arena *arena, const struct http_response *answer, const struct intel_machine *machine)
{
    struct deputy_slice digits = http_response_header(answer, "SGX-TCBm"), bytes;
    size_t len = machine->cpu_svn.len;
    return deputy_slice_present(digits) && hex_read(arena, &bytes, digits) == DEPUTY_OK &&
           bytes.len == len + machine->pce_svn.len &&
           deputy_slice_equal(deputy_slice_bytes(bytes.ptr, len), machine->cpu_svn) &&
           deputy_slice_equal(deputy_slice_bytes(bytes.ptr + len, machine->pce_svn.len), machine->pce_svn);
}

/* What the certificate itself says must be that, too. */
static bool is_of_machine(const struct pck *pck, const struct intel_machine *machine)
{
    const uint8_t pce_svn[] = {(uint8_t)pck->pce_svn, (uint8_t)(pck->pce_svn >> 8)};
    return deputy_slice_equal(
                   deputy_slice_bytes(pck->components, sizeof pck->components), machine->cpu_svn) &&
           deputy_slice_equal(deputy_slice_bytes(pce_svn, sizeof pce_svn), machine->pce_svn) &&
           deputy_slice_equal(deputy_slice_bytes(pck->pce_id, sizeof pck->pce_id), machine->pce_id);
}

/* The leaf is the body, those above it are in a header. */
static enum deputy_error chain_of(
        struct run *run, struct deputy_slice *out, const char *url, const struct http_response *answer)
{
    struct deputy_slice leaf, above;
    size_t count;
    TRY(held(run, url, "its body is not one certificate",
            pem_certificates(run->arena, &leaf, &count, 1, answer->body)));
    TRY(held(run, url, "its header SGX-PCK-Certificate-Issuer-Chain holds no certificates",
            pcs_chain_read(
                    run->arena, &above, http_response_header(answer, "SGX-PCK-Certificate-Issuer-Chain"))));
    struct buf text = buf_make(run->arena, COLLATERAL_MAX_BYTES);
    buf_put(&text, answer->body);
    if (answer->body.ptr[answer->body.len - 1] != '\n')
        buf_put_byte(&text, '\n');
    buf_put(&text, above);
    return buf_finish(&text, out);
}

/* Tells of which platform the machine is. */
static enum deputy_error fetch_machine(struct run *run, struct parts *parts, struct intel_platform *platform)
{
    const struct intel_machine *machine = &platform->machine;
    const char *url;
    struct http_response answer;
    struct pck pck = {.pce_svn = 0};
    const char *path[] = {"/sgx/certification/v4/pckcert?qeid=", digits_of(run, machine->qe_id),
            "&encrypted_ppid=", digits_of(run, machine->encrypted_ppid),
            "&cpusvn=", digits_of(run, machine->cpu_svn), "&pcesvn=", digits_of(run, machine->pce_svn),
            "&pceid=", digits_of(run, machine->pce_id)};
    TRY(url_of(run, &url, path, sizeof path / sizeof path[0]));
    TRY(maker_get(run->arena, &answer, run->refusal, url));
    if (!is_at_versions(run->arena, &answer, machine))
        return maker_refuse(
                run->refusal, url, "its header SGX-TCBm is not of the versions that were asked for");
    TRY(chain_of(run, &parts->machine_chain, url, &answer));
    TRY(held(run, url, "its certificate is of no platform",
            leaf_read(run->arena, platform, &pck, parts->machine_chain)));
    return is_of_machine(&pck, machine) ? DEPUTY_OK
                                        : maker_refuse(run->refusal, url,
                                                  "its certificate is of other versions than were asked for");
}

/* ---- what is published of platforms ---- */

static const char *service_of(const struct run *run)
{
    return run->platform->kind == DEPUTY_ATTEST_TDX ? "/tdx" : "/sgx";
}

static enum deputy_error fetch_pck_list(struct run *run, struct parts *parts)
{
    const char *url;
    struct http_response answer;
    const char *path[] = {"/sgx/certification/v4/pckcrl?ca=",
            run->platform->processor_ca ? "processor" : "platform", "&encoding=der"};
    TRY(url_of(run, &url, path, 3));
    TRY(maker_get(run->arena, &answer, run->refusal, url));
    TRY(held(run, url, "its body is no revocation list",
            pcs_list_read(run->arena, &parts->pck_list, answer.body)));
    return held(run, url, "its header SGX-PCK-CRL-Issuer-Chain holds no certificates",
            pcs_chain_read(run->arena, &parts->pck_list_chain,
                    http_response_header(&answer, "SGX-PCK-CRL-Issuer-Chain")));
}

/* Mirrors have the root's list too; Intel's own service has it on another host. */
static enum deputy_error fetch_root_list(struct run *run, struct parts *parts)
{
    const char *url = run->service->root_list;
    const char *path[] = {"/sgx/certification/v4/rootcacrl"};
    struct http_response answer;
    struct deputy_slice base;
    if (url == NULL && deputy_slice_equal(run->base, deputy_slice_text(INTEL_SERVICE)))
        url = INTEL_ROOT_LIST;
    if (url == NULL)
        TRY(url_of(run, &url, path, 1));
    TRY(maker_base(&base, run->refusal, deputy_slice_text(url)));
    TRY(maker_get(run->arena, &answer, run->refusal, url));
    return held(run, url, "its body is no revocation list",
            pcs_list_read(run->arena, &parts->root_list, answer.body));
}

static struct deputy_slice tcb_chain_of(const struct http_response *answer)
{
    struct deputy_slice chain = http_response_header(answer, "TCB-Info-Issuer-Chain");
    return deputy_slice_present(chain) ? chain : http_response_header(answer, "SGX-TCB-Info-Issuer-Chain");
}

static enum deputy_error fetch_tcb_info(struct run *run, struct parts *parts)
{
    const char *url;
    struct http_response answer;
    const char *path[] = {service_of(run), "/certification/v4/tcb?fmspc=",
            digits_of(run, deputy_slice_bytes(run->platform->fmspc, sizeof run->platform->fmspc)),
            run->service->early ? "&update=early" : ""};
    TRY(url_of(run, &url, path, 4));
    TRY(maker_get(run->arena, &answer, run->refusal, url));
    TRY(held(run, url, "its body is no signed TCB info",
            pcs_signed_read(run->arena, &parts->tcb, answer.body, "tcbInfo")));
    return held(run, url, "its header TCB-Info-Issuer-Chain holds no certificates",
            pcs_chain_read(run->arena, &parts->tcb_chain, tcb_chain_of(&answer)));
}

static enum deputy_error fetch_identity(struct run *run, struct parts *parts)
{
    const char *url;
    struct http_response answer;
    const char *path[] = {service_of(run),
            "/certification/v4/qe/identity?update=", run->service->early ? "early" : "standard"};
    TRY(url_of(run, &url, path, 3));
    TRY(maker_get(run->arena, &answer, run->refusal, url));
    TRY(held(run, url, "its body is no signed enclave identity",
            pcs_signed_read(run->arena, &parts->qe, answer.body, "enclaveIdentity")));
    return held(run, url, "its header SGX-Enclave-Identity-Issuer-Chain holds no certificates",
            pcs_chain_read(run->arena, &parts->qe_chain,
                    http_response_header(&answer, "SGX-Enclave-Identity-Issuer-Chain")));
}

static void put_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

static void put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    json_hex(json, bytes);
}

static enum deputy_error json_of(
        struct deputy_arena *arena, struct deputy_slice *out, const struct parts *parts)
{
    struct buf text = buf_make(arena, COLLATERAL_MAX_BYTES);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    put_text(&json, "pck_crl_issuer_chain", parts->pck_list_chain);
    put_hex(&json, "root_ca_crl", parts->root_list);
    put_hex(&json, "pck_crl", parts->pck_list);
    put_text(&json, "tcb_info_issuer_chain", parts->tcb_chain);
    put_text(&json, "tcb_info", parts->tcb.text);
    put_text(&json, "tcb_info_signature", parts->tcb.signature);
    put_text(&json, "qe_identity_issuer_chain", parts->qe_chain);
    put_text(&json, "qe_identity", parts->qe.text);
    put_text(&json, "qe_identity_signature", parts->qe.signature);
    if (deputy_slice_present(parts->machine_chain))
        put_text(&json, "pck_certificate_chain", parts->machine_chain);
    json_object_end(&json);
    return buf_finish(&text, out);
}

/* A service that answers for another platform would be found out by the verdict, but only there. */
static enum deputy_error asked_for(struct run *run, const struct intel_collateral *out, const char *base)
{
    const struct intel_platform *platform = run->platform;
    bool same = out->platform.kind == platform->kind &&
                memcmp(out->platform.fmspc, platform->fmspc, sizeof platform->fmspc) == 0;
    return same ? DEPUTY_OK : maker_refuse(run->refusal, base, "it answers for another platform");
}

enum deputy_error intel_fetch(struct deputy_arena *arena, struct intel_collateral *out,
        struct deputy_refusal *refusal, const struct intel_service *service,
        const struct intel_platform *platform)
{
    struct intel_platform known = *platform;
    struct run run = {.arena = arena, .refusal = refusal, .service = service, .platform = &known};
    struct parts parts = {.pck_list = {0}};
    struct deputy_slice json;
    const char *base;
    TRY(base_of(&run));
    TRY(url_of(&run, &base, NULL, 0));
    if (deputy_slice_present(known.machine.encrypted_ppid))
        TRY(fetch_machine(&run, &parts, &known));
    TRY(fetch_tcb_info(&run, &parts));
    TRY(fetch_identity(&run, &parts));
    TRY(fetch_pck_list(&run, &parts));
    TRY(fetch_root_list(&run, &parts));
    TRY(json_of(arena, &json, &parts));
    TRY(held(&run, base, "what it publishes is not collateral of the versions that are known",
            intel_read(arena, out, json, known.processor_ca)));
    out->has_machine = deputy_slice_present(parts.machine_chain);
    return asked_for(&run, out, base);
}
