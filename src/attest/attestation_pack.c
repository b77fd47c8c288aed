/*
 * The second form: a MessagePack map.
 *
 *     {version: 1, platform: {kind, data: {quote, event_log} or {report, cert_chain, mr_config}},
 *      stack: {kind, data: {report_data, runtime_events, config, report_data_payload}}}
 */
#include "attest/attestation.h"
#include "attest/pack.h"
#include "base/arena.h"
#include "base/try.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool text_is(struct deputy_slice text, const char *expected)
{
    return deputy_slice_equal(text, deputy_slice_text(expected));
}

/* ---- events ---- */

static enum deputy_error version_of(enum event_version *out, struct deputy_slice value)
{
    uint64_t number = EVENT_V1;
    if (deputy_slice_present(value))
        TRY(pack_uint(&number, value, EVENT_V2));
    ENSURE(number == EVENT_V1 || number == EVENT_V2, DEPUTY_E_EVIDENCE_FORM);
    *out = (enum event_version)number;
    return DEPUTY_OK;
}

static enum deputy_error preimage_check(
        struct deputy_arena *arena, const struct event *event, struct deputy_slice value)
{
    struct deputy_slice preimage = {0};
    if (deputy_slice_present(value))
        TRY(pack_bytes(arena, &preimage, value));
    return event_preimage_check(arena, event, preimage);
}

static enum deputy_error event_of(struct deputy_arena *arena, struct event *event, struct deputy_slice value)
{
    enum { IMR, TYPE, DIGEST, NAME, PAYLOAD, VERSION, PREIMAGE };
    struct pack_member m[] = {{"imr", {0}}, {"event_type", {0}}, {"digest", {0}}, {"event", {0}},
            {"event_payload", {0}}, {"version", {0}}, {"preimage", {0}}};
    uint64_t imr, type;
    struct deputy_slice digest;
    TRY(pack_map(m, COUNT(m), value));
    TRY(pack_uint(&imr, m[IMR].value, RTMR_COUNT - 1));
    TRY(pack_uint(&type, m[TYPE].value, UINT32_MAX));
    TRY(pack_bytes(arena, &digest, m[DIGEST].value));
    TRY(pack_text(&event->name, m[NAME].value));
    TRY(pack_bytes(arena, &event->payload, m[PAYLOAD].value));
    TRY(version_of(&event->version, m[VERSION].value));
    TRY(preimage_check(arena, event, m[PREIMAGE].value));
    event->imr = (uint8_t)imr;
    event->type = (uint32_t)type;
    return event_settle(arena, event, digest);
}

static enum deputy_error runtime_of(
        struct deputy_arena *arena, struct event *event, struct deputy_slice value)
{
    enum { NAME, PAYLOAD, VERSION };
    struct pack_member m[] = {{"event", {0}}, {"payload", {0}}, {"version", {0}}};
    enum event_version version;
    TRY(pack_map(m, COUNT(m), value));
    TRY(pack_text(&event->name, m[NAME].value));
    TRY(pack_bytes(arena, &event->payload, m[PAYLOAD].value));
    TRY(version_of(&version, m[VERSION].value));
    return event_settle_runtime(arena, event, version);
}

typedef enum deputy_error event_reader(
        struct deputy_arena *arena, struct event *event, struct deputy_slice value);

static enum deputy_error log_of(
        struct deputy_arena *arena, struct event_log *out, struct deputy_slice value, event_reader *read)
{
    struct deputy_slice elements, element;
    size_t count;
    TRY(pack_array(&elements, &count, value));
    ENSURE(count <= EVENT_LOG_MAX_EVENTS, DEPUTY_E_LIMIT);
    struct event *events = ARENA_ARRAY(arena, struct event, count);
    ENSURE(events != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++) {
        TRY(pack_next(&element, &elements));
        TRY(read(arena, &events[i], element));
    }
    *out = (struct event_log){events, count};
    return elements.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

/* ---- platform ---- */

static enum deputy_error tdx_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    enum { QUOTE, LOG };
    struct pack_member m[] = {{"quote", {0}}, {"event_log", {0}}};
    out->platform = ATTESTATION_TDX;
    TRY(pack_map(m, COUNT(m), value));
    TRY(pack_bytes(arena, &out->quote, m[QUOTE].value));
    return log_of(arena, &out->log, m[LOG].value, event_of);
}

static enum deputy_error certificates_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    struct deputy_slice elements, element;
    TRY(pack_array(&elements, &out->certificate_count, value));
    ENSURE(out->certificate_count <= ATTESTATION_MAX_CERTIFICATES, DEPUTY_E_LIMIT);
    for (size_t i = 0; i < out->certificate_count; i++) {
        TRY(pack_next(&element, &elements));
        TRY(pack_bytes(arena, &out->certificates[i], element));
    }
    return elements.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

static enum deputy_error snp_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    enum { REPORT, CHAIN, CONFIG };
    struct pack_member m[] = {{"report", {0}}, {"cert_chain", {0}}, {"mr_config", {0}}};
    out->platform = ATTESTATION_SNP;
    TRY(pack_map(m, COUNT(m), value));
    TRY(pack_bytes(arena, &out->report, m[REPORT].value));
    TRY(certificates_of(arena, out, m[CHAIN].value));
    return pack_text(&out->mr_config, m[CONFIG].value);
}

static enum deputy_error platform_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    enum { KIND, DATA };
    struct pack_member m[] = {{"kind", {0}}, {"data", {0}}};
    struct deputy_slice kind;
    TRY(pack_map(m, COUNT(m), value));
    TRY(pack_text(&kind, m[KIND].value));
    if (text_is(kind, "tdx"))
        return tdx_of(arena, out, m[DATA].value);
    if (text_is(kind, "sev-snp"))
        return snp_of(arena, out, m[DATA].value);
    bool known = text_is(kind, "gcp-tdx") || text_is(kind, "nitro-enclave") || text_is(kind, "aws-nitro-tpm");
    return known ? DEPUTY_E_EVIDENCE_UNSUPPORTED : DEPUTY_E_EVIDENCE_FORM;
}

/* ---- stack ---- */

static enum deputy_error report_data_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    struct deputy_slice bytes;
    TRY(pack_bytes(arena, &bytes, value));
    ENSURE(bytes.len == REPORT_DATA_BYTES, DEPUTY_E_EVIDENCE_FORM);
    memcpy(out->report_data, bytes.ptr, REPORT_DATA_BYTES);
    return DEPUTY_OK;
}

/* Bytes, or text that stands for its own bytes. */
static enum deputy_error payload_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    if (pack_text(&out->payload, value) == DEPUTY_OK)
        return DEPUTY_OK;
    return pack_bytes(arena, &out->payload, value);
}

/* Only a pod tells what its report_data is the digest of, and it always does. */
static enum deputy_error stack_of(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice value)
{
    enum { KIND, DATA };
    enum { REPORT_DATA, EVENTS, CONFIG, PAYLOAD };
    struct pack_member outer[] = {{"kind", {0}}, {"data", {0}}};
    struct pack_member m[] = {
            {"report_data", {0}}, {"runtime_events", {0}}, {"config", {0}}, {"report_data_payload", {0}}};
    struct deputy_slice kind;
    TRY(pack_map(outer, COUNT(outer), value));
    TRY(pack_text(&kind, outer[KIND].value));
    ENSURE(text_is(kind, "dstack") || text_is(kind, "dstack-pod"), DEPUTY_E_EVIDENCE_FORM);
    TRY(pack_map(m, COUNT(m), outer[DATA].value));
    TRY(report_data_of(arena, out, m[REPORT_DATA].value));
    TRY(log_of(arena, &out->runtime, m[EVENTS].value, runtime_of));
    TRY(pack_text(&out->config, m[CONFIG].value));
    return text_is(kind, "dstack-pod") ? payload_of(arena, out, m[PAYLOAD].value) : DEPUTY_OK;
}

enum deputy_error attestation_parse_pack(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes)
{
    enum { VERSION, PLATFORM, STACK };
    struct pack_member m[] = {{"version", {0}}, {"platform", {0}}, {"stack", {0}}};
    uint64_t version;
    TRY(pack_map(m, COUNT(m), bytes));
    TRY(pack_uint(&version, m[VERSION].value, 1));
    ENSURE(version == 1, DEPUTY_E_EVIDENCE_FORM);
    TRY(platform_of(arena, out, m[PLATFORM].value));
    return stack_of(arena, out, m[STACK].value);
}
