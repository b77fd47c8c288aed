/* Quotes and attestations over what the caller wants them to be bound to. */
#include "agent/attestation_write.h"
#include "agent/methods.h"
#include "base/try.h"

enum { ATTESTATION_MAX = 4 * 1024 * 1024 };

enum deputy_error quote_make(
        struct call *call, struct deputy_slice *quote, const uint8_t report_data[REPORT_DATA_BYTES])
{
    TRY(fixture_quote(call->arena, quote, &call->agent->fixture, report_data));
    return call->agent->mock == NULL ? DEPUTY_OK : mock_sign(call->arena, quote, call->agent->mock);
}

static enum deputy_error attestation_make(
        struct call *call, struct attestation *out, const uint8_t report_data[REPORT_DATA_BYTES])
{
    *out = call->agent->fixture.attestation;
    memcpy(out->report_data, report_data, REPORT_DATA_BYTES);
    return quote_make(call, &out->quote, report_data);
}

static enum deputy_error put_attestation(struct call *call, const struct attestation *attestation,
        void (*write)(struct buf *out, const struct attestation *attestation))
{
    struct buf out = buf_make(call->arena, ATTESTATION_MAX);
    struct deputy_slice bytes;
    write(&out, attestation);
    TRY(buf_finish(&out, &bytes));
    call_put_hex(call, "attestation", bytes);
    return DEPUTY_OK;
}

enum deputy_error put_quote(struct call *call, const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct attestation attestation;
    TRY(attestation_make(call, &attestation, report_data));
    call_put_hex(call, "quote", attestation.quote);
    TRY(put_event_log(call));
    call_put_hex(call, "report_data", deputy_slice_bytes(report_data, REPORT_DATA_BYTES));
    call_put_text(call, "vm_config", call->agent->fixture.vm_config);
    return put_attestation(call, &attestation, attestation_put_pack);
}

/* Shorter content is filled up with zeros. */
static enum deputy_error report_data_read(struct call *call, uint8_t out[REPORT_DATA_BYTES])
{
    struct deputy_slice bytes;
    TRY(call_bytes(call, "report_data", &bytes));
    if (bytes.len > REPORT_DATA_BYTES)
        return call_fail(call, "Report data is too long");
    memset(out, 0, REPORT_DATA_BYTES);
    memcpy(out, bytes.ptr, bytes.len);
    return DEPUTY_OK;
}

enum deputy_error guest_get_quote(struct call *call)
{
    uint8_t report_data[REPORT_DATA_BYTES];
    TRY(report_data_read(call, report_data));
    return put_quote(call, report_data);
}

enum deputy_error guest_attest(struct call *call)
{
    uint8_t report_data[REPORT_DATA_BYTES];
    struct attestation attestation;
    TRY(report_data_read(call, report_data));
    TRY(attestation_make(call, &attestation, report_data));
    return put_attestation(call, &attestation, attestation_put_scale);
}
