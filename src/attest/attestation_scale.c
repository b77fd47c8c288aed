/*
 * The first form: SCALE. Integers are little-endian, a list or text is its length and then its content, and a
 * length says in its two lowest bits how many bytes it takes itself.
 *
 *     0 | platform | evidence | list of {name, payload} | report_data[64] | config
 */
#include "attest/attestation.h"
#include "attest/take.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

enum { PLATFORM_TDX = 0, PLATFORM_GCP = 1, PLATFORM_NITRO = 2, PLATFORM_SNP = 3, PLATFORM_NITRO_TPM = 4 };

/* A length in its one shortest form. Lengths of 2^30 and more have a fourth form, which is never needed. */
static enum deputy_error take_length(struct deputy_slice *from, size_t *out)
{
    enum { ONE = 0, TWO = 1, FOUR = 2 };
    ENSURE(from->len > 0, DEPUTY_E_EVIDENCE_FORM);
    uint8_t first = 0;
    uint16_t two = 0;
    uint32_t four = 0;
    switch (from->ptr[0] & 3) {
    case ONE:
        ENSURE(take_byte(from, &first), DEPUTY_E_EVIDENCE_FORM);
        *out = first >> 2;
        return DEPUTY_OK;
    case TWO:
        ENSURE(take_le16(from, &two) && two >> 8 != 0, DEPUTY_E_EVIDENCE_FORM);
        *out = two >> 2;
        return DEPUTY_OK;
    case FOUR:
        ENSURE(take_le32(from, &four) && four >> 16 != 0, DEPUTY_E_EVIDENCE_FORM);
        *out = four >> 2;
        return DEPUTY_OK;
    default:
        return DEPUTY_E_EVIDENCE_FORM;
    }
}

static enum deputy_error take_list(struct deputy_slice *from, struct deputy_slice *out)
{
    size_t len;
    TRY(take_length(from, &len));
    ENSURE(take_bytes(from, out, len), DEPUTY_E_EVIDENCE_FORM);
    return DEPUTY_OK;
}

static enum deputy_error take_text(struct deputy_slice *from, struct deputy_slice *out)
{
    TRY(take_list(from, out));
    ENSURE(utf8_valid(*out), DEPUTY_E_EVIDENCE_FORM);
    return DEPUTY_OK;
}

/* The number of events, for which there must be bytes, and room for them. */
static enum deputy_error take_events(
        struct deputy_arena *arena, struct deputy_slice *from, struct event **events, size_t *count)
{
    TRY(take_length(from, count));
    ENSURE(*count <= EVENT_LOG_MAX_EVENTS, DEPUTY_E_LIMIT);
    ENSURE(*count <= from->len, DEPUTY_E_EVIDENCE_FORM);
    *events = ARENA_ARRAY(arena, struct event, *count);
    return *events != NULL ? DEPUTY_OK : arena_error(arena);
}

static enum deputy_error take_event(
        struct deputy_arena *arena, struct deputy_slice *from, struct event *event)
{
    uint32_t imr;
    struct deputy_slice digest;
    ENSURE(take_le32(from, &imr) && imr < RTMR_COUNT && take_le32(from, &event->type),
            DEPUTY_E_EVIDENCE_FORM);
    TRY(take_list(from, &digest));
    TRY(take_text(from, &event->name));
    TRY(take_list(from, &event->payload));
    event->imr = (uint8_t)imr;
    event->version = EVENT_V1;
    return event_settle(arena, event, digest);
}

static enum deputy_error take_log(
        struct deputy_arena *arena, struct deputy_slice *from, struct event_log *out)
{
    struct event *events;
    size_t count;
    TRY(take_events(arena, from, &events, &count));
    for (size_t i = 0; i < count; i++)
        TRY(take_event(arena, from, &events[i]));
    *out = (struct event_log){events, count};
    return DEPUTY_OK;
}

static enum deputy_error take_runtime(
        struct deputy_arena *arena, struct deputy_slice *from, struct event_log *out)
{
    struct event *events;
    size_t count;
    TRY(take_events(arena, from, &events, &count));
    for (size_t i = 0; i < count; i++) {
        struct event *event = &events[i];
        TRY(take_text(from, &event->name));
        TRY(take_list(from, &event->payload));
        TRY(event_settle_runtime(arena, event, EVENT_V1));
    }
    *out = (struct event_log){events, count};
    return DEPUTY_OK;
}

static enum deputy_error take_tdx(
        struct deputy_arena *arena, struct deputy_slice *from, struct attestation *out)
{
    out->platform = ATTESTATION_TDX;
    TRY(take_list(from, &out->quote));
    return take_log(arena, from, &out->log);
}

static enum deputy_error take_snp(struct deputy_slice *from, struct attestation *out)
{
    out->platform = ATTESTATION_SNP;
    TRY(take_list(from, &out->report));
    TRY(take_length(from, &out->certificate_count));
    ENSURE(out->certificate_count <= ATTESTATION_MAX_CERTIFICATES, DEPUTY_E_LIMIT);
    for (size_t i = 0; i < out->certificate_count; i++)
        TRY(take_list(from, &out->certificates[i]));
    return take_text(from, &out->mr_config);
}

static enum deputy_error take_platform(
        struct deputy_arena *arena, struct deputy_slice *from, struct attestation *out)
{
    uint8_t platform;
    ENSURE(take_byte(from, &platform), DEPUTY_E_EVIDENCE_FORM);
    switch (platform) {
    case PLATFORM_TDX:
        return take_tdx(arena, from, out);
    case PLATFORM_SNP:
        return take_snp(from, out);
    case PLATFORM_GCP:
    case PLATFORM_NITRO:
    case PLATFORM_NITRO_TPM:
        return DEPUTY_E_EVIDENCE_UNSUPPORTED;
    default:
        return DEPUTY_E_EVIDENCE_FORM;
    }
}

enum deputy_error attestation_parse_scale(
        struct deputy_arena *arena, struct attestation *out, struct deputy_slice bytes)
{
    uint8_t version;
    struct deputy_slice report_data;
    ENSURE(take_byte(&bytes, &version) && version == 0, DEPUTY_E_EVIDENCE_FORM);
    TRY(take_platform(arena, &bytes, out));
    TRY(take_runtime(arena, &bytes, &out->runtime));
    ENSURE(take_bytes(&bytes, &report_data, REPORT_DATA_BYTES), DEPUTY_E_EVIDENCE_FORM);
    memcpy(out->report_data, report_data.ptr, REPORT_DATA_BYTES);
    TRY(take_text(&bytes, &out->config));
    return bytes.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}
