/* The digest of one runtime event of dstack (spec/08 section 6.1). */
#include "attest/event_log.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"

enum { PREIMAGE_OVERHEAD = 64 };

/* RFC 8785: the three members in the order of their names. */
enum deputy_error event_preimage(
        struct deputy_arena *arena, struct deputy_slice *out, const struct event *event)
{
    /* A control character of the name takes six bytes. */
    struct buf text = buf_make(arena, 6 * event->name.len + 2 * event->payload.len + PREIMAGE_OVERHEAD);
    buf_put_text(&text, "{\"name\":");
    json_put_text(&text, event->name);
    buf_put_text(&text, ",\"payload\":\"");
    hex_put(&text, event->payload);
    buf_put_text(&text, "\",\"type\":");
    buf_put_decimal(&text, EVENT_TYPE_RUNTIME);
    buf_put_text(&text, "}");
    return buf_finish(&text, out);
}

static void digest_v1(struct event *event)
{
    static const uint8_t type_le[] = {0x01, 0x00, 0x00, 0x08};
    const struct deputy_slice colon = deputy_slice_text(":");
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(type_le, sizeof type_le), colon, event->name, colon, event->payload};
    sha384_parts(event->digest, parts, sizeof parts / sizeof parts[0]);
}

enum deputy_error event_digest(struct deputy_arena *arena, struct event *event)
{
    if (event->version == EVENT_V1) {
        digest_v1(event);
        return DEPUTY_OK;
    }
    struct deputy_slice preimage;
    TRY(event_preimage(arena, &preimage, event));
    sha384_parts(event->digest, &preimage, 1);
    return DEPUTY_OK;
}

enum deputy_error event_preimage_check(
        struct deputy_arena *arena, const struct event *event, struct deputy_slice told)
{
    struct deputy_slice expected;
    bool is_told = deputy_slice_present(told);
    ENSURE(is_told == (event->version == EVENT_V2), DEPUTY_E_EVENT_LOG_FORM);
    if (!is_told)
        return DEPUTY_OK;
    TRY(event_preimage(arena, &expected, event));
    return deputy_slice_equal(told, expected) ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_DIGEST;
}

static enum deputy_error settle_boot(struct event *event, struct deputy_slice digest)
{
    ENSURE(event->imr != RTMR_APP, DEPUTY_E_EVENT_LOG_REGISTER);
    ENSURE(digest.len == RTMR_BYTES, DEPUTY_E_EVENT_LOG_FORM);
    memcpy(event->digest, digest.ptr, RTMR_BYTES);
    return DEPUTY_OK;
}

enum deputy_error event_settle(struct deputy_arena *arena, struct event *event, struct deputy_slice digest)
{
    ENSURE(event->payload.len <= EVENT_MAX_PAYLOAD, DEPUTY_E_LIMIT);
    if (event->type != EVENT_TYPE_RUNTIME)
        return settle_boot(event, digest);
    ENSURE(event->imr == RTMR_APP, DEPUTY_E_EVENT_LOG_REGISTER);
    TRY(event_digest(arena, event));
    ENSURE(digest.len == 0 || deputy_slice_equal(digest, deputy_slice_bytes(event->digest, RTMR_BYTES)),
            DEPUTY_E_EVENT_LOG_DIGEST);
    return DEPUTY_OK;
}

enum deputy_error event_settle_runtime(
        struct deputy_arena *arena, struct event *event, enum event_version version)
{
    event->imr = RTMR_APP;
    event->type = EVENT_TYPE_RUNTIME;
    event->version = version;
    return event_settle(arena, event, (struct deputy_slice){0});
}
