/* Info, Version, and the event log as text. */
#include "agent/call.h"
#include "attest/td_identity.h"
#include "base/codec.h"
#include "base/try.h"

enum { JSON_MAX = 16 * 1024 * 1024 };

static void put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    struct buf out = buf_make(json->out->arena, JSON_MAX);
    struct deputy_slice text;
    hex_put(&out, bytes);
    enum deputy_error error = buf_finish(&out, &text);
    json_key(json, name);
    json_text(json, text);
    if (error != DEPUTY_OK)
        buf_fail(json->out, error);
}

static void put_event(struct json_writer *json, const struct event *event)
{
    json_object_begin(json);
    json_key(json, "imr");
    json_int(json, event->imr);
    json_key(json, "event_type");
    json_int(json, event->type);
    put_hex(json, "digest", deputy_slice_bytes(event->digest, RTMR_BYTES));
    json_key(json, "event");
    json_text(json, event->name);
    put_hex(json, "event_payload", event->payload);
    json_object_end(json);
}

static void put_events(struct json_writer *json, const struct event_log *log)
{
    json_array_begin(json);
    for (size_t i = 0; i < log->count; i++)
        put_event(json, &log->events[i]);
    json_array_end(json);
}

enum deputy_error put_event_log(struct call *call)
{
    struct buf out = buf_make(call->arena, JSON_MAX);
    struct json_writer inner = json_writer_make(&out);
    struct deputy_slice text;
    put_events(&inner, &call->agent->fixture.attestation.log);
    TRY(buf_finish(&out, &text));
    call_put_text(call, "event_log", text);
    return DEPUTY_OK;
}

enum deputy_error put_version(struct call *call)
{
    call_put_text(call, "version", deputy_slice_text("0.6.0"));
    call_put_text(call, "rev", deputy_slice_text("unknown"));
    return DEPUTY_OK;
}

/* The agent knows no hardware id: it tells the digest of nothing. */
static void device_id(uint8_t out[HASH_BYTES])
{
    sha256(out, deputy_slice_text(""));
}

static enum deputy_error tcb_info(
        struct call *call, struct deputy_slice *text, struct deputy_slice aggregated)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct fixture *fixture = &call->agent->fixture;
    struct td_measurements td = fixture_measurements(fixture);
    struct buf out = buf_make(call->arena, JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    uint8_t device[HASH_BYTES];
    device_id(device);
    json_object_begin(&json);
    put_hex(&json, "mrtd", deputy_slice_bytes(td.mr_td, RTMR_BYTES));
    for (size_t i = 0; i < RTMR_COUNT; i++)
        put_hex(&json, names[i], deputy_slice_bytes(td.rtmrs.value[i], RTMR_BYTES));
    put_hex(&json, "mr_aggregated", aggregated);
    put_hex(&json, "os_image_hash", fixture->app.os_image_hash);
    put_hex(&json, "compose_hash", fixture->app.compose_hash);
    put_hex(&json, "device_id", deputy_slice_bytes(device, HASH_BYTES));
    json_key(&json, "event_log");
    put_events(&json, &fixture->attestation.log);
    json_key(&json, "app_compose");
    json_text(&json, fixture->app_compose);
    json_object_end(&json);
    return buf_finish(&out, text);
}

enum deputy_error put_info(struct call *call)
{
    const struct fixture *fixture = &call->agent->fixture;
    struct td_measurements td = fixture_measurements(fixture);
    uint8_t aggregated[HASH_BYTES], device[HASH_BYTES];
    struct deputy_slice tcb;
    mr_aggregated(aggregated, &td);
    device_id(device);
    TRY(tcb_info(call, &tcb, deputy_slice_bytes(aggregated, HASH_BYTES)));
    call_put_hex(call, "app_id", fixture->app.app_id);
    call_put_hex(call, "instance_id", fixture->app.instance_id);
    call_put_text(call, "app_cert", deputy_slice_text("")); /* as before the KMS has answered */
    call_put_text(call, "tcb_info", tcb);
    call_put_text(call, "app_name", fixture->app_name);
    call_put_hex(call, "device_id", deputy_slice_bytes(device, HASH_BYTES));
    call_put_hex(call, "mr_aggregated", deputy_slice_bytes(aggregated, HASH_BYTES));
    call_put_hex(call, "os_image_hash", fixture->app.os_image_hash);
    call_put_text(call, "key_provider_info", fixture->app.key_provider);
    call_put_hex(call, "compose_hash", fixture->app.compose_hash);
    call_put_text(call, "vm_config", fixture->vm_config);
    call_put_text(call, "cloud_vendor", deputy_slice_text(""));
    call_put_text(call, "cloud_product", deputy_slice_text(""));
    return DEPUTY_OK;
}
