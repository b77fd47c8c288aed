#include "agent/attestation_write.h"

static struct deputy_slice digest_of(const struct event *event)
{
    return deputy_slice_bytes(event->digest, RTMR_BYTES);
}

/* ---- SCALE ---- */

static void scale_le(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_put_byte(out, (uint8_t)(number >> 8 * i));
}

static void scale_length(struct buf *out, size_t len)
{
    if (len < 1 << 6)
        scale_le(out, len << 2, 1);
    else if (len < 1 << 14)
        scale_le(out, len << 2 | 1, 2);
    else if (len < 1 << 30)
        scale_le(out, len << 2 | 2, 4);
    else
        buf_fail(out, DEPUTY_E_LIMIT);
}

static void scale_bytes(struct buf *out, struct deputy_slice bytes)
{
    scale_length(out, bytes.len);
    buf_put(out, bytes);
}

void attestation_put_scale(struct buf *out, const struct attestation *a)
{
    buf_put_byte(out, 0); /* the form */
    buf_put_byte(out, 0); /* TDX */
    scale_bytes(out, a->quote);
    scale_length(out, a->log.count);
    for (size_t i = 0; i < a->log.count; i++) {
        const struct event *event = &a->log.events[i];
        scale_le(out, event->imr, 4);
        scale_le(out, event->type, 4);
        scale_bytes(out, digest_of(event));
        scale_bytes(out, event->name);
        scale_bytes(out, event->payload);
    }
    scale_length(out, a->runtime.count);
    for (size_t i = 0; i < a->runtime.count; i++) {
        scale_bytes(out, a->runtime.events[i].name);
        scale_bytes(out, a->runtime.events[i].payload);
    }
    buf_put(out, deputy_slice_bytes(a->report_data, REPORT_DATA_BYTES));
    scale_bytes(out, a->config);
}

/* ---- MessagePack, every head in its shortest form ---- */

static void pack_be(struct buf *out, uint8_t head, uint64_t number, size_t bytes)
{
    buf_put_byte(out, head);
    for (size_t i = bytes; i > 0; i--)
        buf_put_byte(out, (uint8_t)(number >> 8 * (i - 1)));
}

static void pack_uint(struct buf *out, uint32_t number)
{
    if (number < 0x80)
        buf_put_byte(out, (uint8_t)number);
    else if (number <= UINT8_MAX)
        pack_be(out, 0xcc, number, 1);
    else if (number <= UINT16_MAX)
        pack_be(out, 0xcd, number, 2);
    else
        pack_be(out, 0xce, number, 4);
}

static void pack_text(struct buf *out, struct deputy_slice text)
{
    if (text.len < 0x20)
        buf_put_byte(out, (uint8_t)(0xa0 | text.len));
    else if (text.len <= UINT8_MAX)
        pack_be(out, 0xd9, text.len, 1);
    else if (text.len <= UINT16_MAX)
        pack_be(out, 0xda, text.len, 2);
    else
        pack_be(out, 0xdb, text.len, 4);
    buf_put(out, text);
}

static void pack_bytes(struct buf *out, struct deputy_slice bytes)
{
    if (bytes.len <= UINT8_MAX)
        pack_be(out, 0xc4, bytes.len, 1);
    else if (bytes.len <= UINT16_MAX)
        pack_be(out, 0xc5, bytes.len, 2);
    else
        pack_be(out, 0xc6, bytes.len, 4);
    buf_put(out, bytes);
}

static void pack_array(struct buf *out, size_t count)
{
    if (count < 0x10)
        buf_put_byte(out, (uint8_t)(0x90 | count));
    else if (count <= UINT16_MAX)
        pack_be(out, 0xdc, count, 2);
    else
        pack_be(out, 0xdd, count, 4);
}

static void pack_map(struct buf *out, uint8_t count)
{
    buf_put_byte(out, (uint8_t)(0x80 | count));
}

static void pack_key(struct buf *out, const char *key)
{
    pack_text(out, deputy_slice_text(key));
}

/* What dstack keeps as a plain list of bytes is an array of integers there. */
static void pack_list(struct buf *out, struct deputy_slice bytes)
{
    pack_array(out, bytes.len);
    for (size_t i = 0; i < bytes.len; i++)
        pack_uint(out, bytes.ptr[i]);
}

static void pack_event(struct buf *out, const struct event *event)
{
    pack_map(out, 5);
    pack_key(out, "imr");
    pack_uint(out, event->imr);
    pack_key(out, "event_type");
    pack_uint(out, event->type);
    pack_key(out, "digest");
    pack_bytes(out, digest_of(event));
    pack_key(out, "event");
    pack_text(out, event->name);
    pack_key(out, "event_payload");
    pack_bytes(out, event->payload);
}

static void pack_platform(struct buf *out, const struct attestation *a)
{
    pack_map(out, 2);
    pack_key(out, "kind");
    pack_key(out, "tdx");
    pack_key(out, "data");
    pack_map(out, 2);
    pack_key(out, "quote");
    pack_list(out, a->quote);
    pack_key(out, "event_log");
    pack_array(out, a->log.count);
    for (size_t i = 0; i < a->log.count; i++)
        pack_event(out, &a->log.events[i]);
}

static void pack_runtime(struct buf *out, const struct event_log *runtime)
{
    pack_array(out, runtime->count);
    for (size_t i = 0; i < runtime->count; i++) {
        pack_map(out, 2);
        pack_key(out, "event");
        pack_text(out, runtime->events[i].name);
        pack_key(out, "payload");
        pack_bytes(out, runtime->events[i].payload);
    }
}

static void pack_stack(struct buf *out, const struct attestation *a)
{
    pack_map(out, 2);
    pack_key(out, "kind");
    pack_key(out, "dstack");
    pack_key(out, "data");
    pack_map(out, 3);
    pack_key(out, "report_data");
    pack_list(out, deputy_slice_bytes(a->report_data, REPORT_DATA_BYTES));
    pack_key(out, "runtime_events");
    pack_runtime(out, &a->runtime);
    pack_key(out, "config");
    pack_text(out, a->config);
}

void attestation_put_pack(struct buf *out, const struct attestation *a)
{
    pack_map(out, 3);
    pack_key(out, "version");
    pack_uint(out, 1);
    pack_key(out, "platform");
    pack_platform(out, a);
    pack_key(out, "stack");
    pack_stack(out, a);
}
