#include "backend/attestation.h"
#include "attest/attestation.h"
#include "attest/statement.h"
#include "backend/errand.h"
#include "backend/origin.h"
#include "backend/public.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "evidence/source.h"
#include <deputy/did.h>

enum { ANSWER_MAX = 32 * 1024 * 1024 };

struct attesting {
    struct errand errand;
    struct deputy_attest_binding binding;
    struct deputy_slice statement;
    uint8_t report_data[REPORT_DATA_BYTES];
    struct source_evidence evidence;
    struct attestation packed; /* when the agent gives its evidence in one piece */
    struct agent_info info;
    bool informed; /* the agent said of itself what it is */
    enum deputy_error result;
};

/* ---- what is asked ---- */

static bool is_nonce(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.len % 2 == 0 && text.len >= 32 && text.len <= 128;
}

/* Printable ASCII without what ends a text somewhere. */
static bool is_plain(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '"' || text.ptr[i] == '\'')
            return false;
    }
    return true;
}

static bool is_audience(struct deputy_slice text)
{
    struct deputy_did did;
    return text.len > 0 && text.len <= ATTESTATION_AUD_MAX && is_plain(text) &&
           (is_origin(text) || deputy_did_parse(&did, text) == DEPUTY_OK);
}

/* NULL: both are as they should be. Asked in every mode, so that a bad one is bad everywhere. */
static const struct frame_error *question_read(struct http_exchange *x, struct deputy_attest_binding *out)
{
    static const struct frame_error bad_nonce = {400, "invalid nonce", NULL, DEPUTY_E_ARGUMENT};
    static const struct frame_error bad_aud = {400, "invalid aud", NULL, DEPUTY_E_ARGUMENT};
    out->nonce = http_query(x, "nonce");
    if (http_query_count(x, "nonce") != 1 || !is_nonce(out->nonce))
        return &bad_nonce;
    size_t audiences = http_query_count(x, "aud");
    out->aud = http_query(x, "aud");
    return audiences == 0 || (audiences == 1 && is_audience(out->aud)) ? NULL : &bad_aud;
}

/* ---- what is answered ---- */

static void put(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    json_text(writer, text);
}

static void put_hex(struct json_writer *writer, const char *name, struct deputy_slice bytes)
{
    json_key(writer, name);
    json_hex(writer, bytes);
}

static void put_bound(struct json_writer *writer, const struct attesting *attesting, const char *mode)
{
    json_key(writer, "mode");
    json_text_z(writer, mode);
    put(writer, "statement", attesting->statement);
    put_hex(writer, "report_data", deputy_slice_bytes(attesting->report_data, sizeof attesting->report_data));
}

static void put_snp(struct json_writer *writer, struct deputy_slice report,
        const struct deputy_slice *certificates, size_t count, struct deputy_slice mr_config)
{
    put_hex(writer, "report", report);
    json_key(writer, "cert_chain");
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        json_hex(writer, certificates[i]);
    json_array_end(writer);
    if (deputy_slice_present(mr_config))
        put(writer, "mr_config", mr_config);
}

static void put_kernel(struct json_writer *writer, const struct attesting *attesting)
{
    const struct kernel_evidence *kernel = &attesting->evidence.kernel;
    bool snp = deputy_slice_present(kernel->report);
    put_bound(writer, attesting, snp ? "sev-snp" : "tdx");
    if (snp)
        put_snp(writer, kernel->report, &kernel->certificates,
                deputy_slice_present(kernel->certificates) ? 1 : 0, (struct deputy_slice){NULL, 0});
    else
        put_hex(writer, "quote", kernel->quote);
}

static void put_agent(struct json_writer *writer, const struct attesting *attesting)
{
    const struct agent_quote *agent = &attesting->evidence.agent;
    const struct attestation *packed = &attesting->packed;
    bool piece = agent->quote.len == 0;
    if (piece && packed->platform == ATTESTATION_SNP) {
        put_bound(writer, attesting, "sev-snp");
        put_snp(writer, packed->report, packed->certificates, packed->certificate_count, packed->mr_config);
    } else {
        put_bound(writer, attesting, "dstack");
        put_hex(writer, "quote", piece ? packed->quote : agent->quote);
        put(writer, "event_log", agent->event_log);
    }
    if (deputy_slice_present(agent->attestation))
        put_hex(writer, "attestation", agent->attestation);
    if (deputy_slice_present(agent->vm_config))
        put(writer, "vm_config", agent->vm_config);
}

/* What the agent says of the guest is for people: verifiers take it from the evidence. */
static void put_names(struct json_writer *writer, const struct attesting *attesting)
{
    if (!attesting->informed)
        return;
    put(writer, "app_id", attesting->info.app_id);
    put(writer, "compose_hash", attesting->info.compose_hash);
    put(writer, "instance_id", attesting->info.instance_id);
}

static void answer_write(struct attesting *attesting, struct buf *out)
{
    const struct backend *backend = attesting->errand.on->backend;
    struct json_writer writer = json_writer_make(out);
    struct buf time = buf_make(attesting->errand.arena, 64);
    struct deputy_slice text = {NULL, 0};
    time_put_utc(&time, (struct deputy_time){.sec = attesting->errand.now.sec});
    if (buf_finish(&time, &text) != DEPUTY_OK)
        buf_fail(out, time.error);
    json_object_begin(&writer);
    if (attesting->evidence.from_agent)
        put_agent(&writer, attesting);
    else
        put_kernel(&writer, attesting);
    put_names(&writer, attesting);
    put(&writer, "enforcer_did", backend_identity_did(backend->identity));
    put(&writer, "key_binding", attesting->statement);
    put(&writer, "report_data_hash", deputy_slice_text(STATEMENT_TAG));
    put(&writer, "timestamp", text);
    if (backend->public_of->attestation.simulated) {
        json_key(&writer, "simulator");
        json_bool(&writer, true);
    }
    json_object_end(&writer);
}

static void attest_told(void *ctx)
{
    static const struct frame_error unavailable = {
            503, "attestation unavailable", NULL, DEPUTY_E_SOURCE_FAILED};
    static const char classic[] =
            "{\"mode\":\"classic\",\"message\":\"This instance is not running in a TEE\"}";
    struct attesting *attesting = ctx;
    struct http_exchange *x = attesting->errand.x;
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    if (attesting->result == DEPUTY_E_SOURCE_NONE) {
        http_reply(x, 200, FRAME_JSON, deputy_slice_text(classic));
    } else if (attesting->result != DEPUTY_OK) {
        frame_refuse_for(x, &unavailable, attesting->result);
    } else {
        struct buf out = buf_make(attesting->errand.arena, ANSWER_MAX);
        answer_write(attesting, &out);
        frame_answer(x, 200, &out);
    }
    errand_end(&attesting->errand);
}

/* ---- asking for evidence ---- */

static enum deputy_error statement_make(struct attesting *attesting)
{
    const struct errand *errand = &attesting->errand;
    attesting->binding.did = backend_identity_did(errand->on->backend->identity);
    attesting->binding.key = errand->on->backend->session.did;
    attesting->binding.purpose = deputy_slice_text("grant");
    attesting->binding.iat = errand->now.sec;
    attesting->binding.exp = errand->now.sec + ATTESTATION_LIFE_S;
    TRY(statement_write(errand->arena, &attesting->statement, &attesting->binding));
    deputy_attest_report_data(attesting->report_data, attesting->statement);
    return DEPUTY_OK;
}

static enum deputy_error attest(struct attesting *attesting)
{
    struct deputy_arena *arena = attesting->errand.arena;
    const struct source *source = attesting->errand.on->backend->public_of->attestation.source;
    struct source_evidence *evidence = &attesting->evidence;
    struct deputy_refusal refusal;
    TRY(statement_make(attesting));
    TRY(source_ask(arena, evidence, &refusal, source, attesting->report_data));
    if (!evidence->from_agent)
        return DEPUTY_OK;
    if (evidence->agent.quote.len == 0)
        TRY(attestation_parse(arena, &attesting->packed, evidence->agent.attestation));
    attesting->informed = agent_get_info(arena, &attesting->info, &refusal, &source->agent) == DEPUTY_OK;
    return DEPUTY_OK;
}

/* On the pool, and one at a time: the source sees to that. */
static void attest_work(void *ctx)
{
    struct attesting *attesting = ctx;
    attesting->result = attest(attesting);
}

static enum http_flow answer_attestation(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct deputy_attest_binding binding = {.present = true};
    const struct frame_error *refusal = question_read(x, &binding);
    if (refusal != NULL)
        return frame_refuse(x, refusal);
    struct attesting *attesting = errand_begin(x, on, request, sizeof *attesting);
    if (attesting == NULL)
        return HTTP_DONE;
    attesting->binding = binding;
    return errand_run(&attesting->errand, attest_work, attest_told);
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_GET, "/attestation", FRAME_ATTEST, FRAME_PAGES, 0, answer_attestation},
        {HTTP_METHOD_GET, "/api/attestation", FRAME_ATTEST, FRAME_PAGES, 0, answer_attestation},
};

const struct frame_table attestation_routes = {routes, sizeof routes / sizeof routes[0]};
