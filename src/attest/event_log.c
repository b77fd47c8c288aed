/*
 * The JSON form of an event log (spec/08 section 6.1). The digest of a boot event is taken as it stands: its
 * payload is of no use to us, and the replay binds the digest. A runtime event is believed for its payload,
 * so its digest is computed here; one that is told as well must agree, so that no two readers see two logs.
 */
#include "attest/event_log.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

static enum deputy_error small_read(uint64_t *out, const struct json_value *value, uint64_t max)
{
    int64_t number;
    ENSURE(json_to_int64(&number, value) == DEPUTY_OK, DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(number >= 0 && (uint64_t)number <= max, DEPUTY_E_EVENT_LOG_FORM);
    *out = (uint64_t)number;
    return DEPUTY_OK;
}

static enum deputy_error text_read(
        struct deputy_slice *out, const struct json_value *object, const char *name)
{
    return json_to_text(out, json_member(object, name)) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_FORM;
}

static enum deputy_error bytes_read(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    TRY(text_read(&text, object, name));
    ENSURE(text.len <= 2 * (size_t)EVENT_MAX_PAYLOAD, DEPUTY_E_LIMIT);
    enum deputy_error error = hex_read(arena, out, text);
    return error == DEPUTY_E_HEX ? DEPUTY_E_EVENT_LOG_FORM : error;
}

/* Absent means the first. */
static enum deputy_error version_read(enum event_version *out, const struct json_value *value)
{
    uint64_t number = EVENT_V1;
    if (value != NULL)
        TRY(small_read(&number, value, EVENT_V2));
    ENSURE(number == EVENT_V1 || number == EVENT_V2, DEPUTY_E_EVENT_LOG_FORM);
    *out = (enum event_version)number;
    return DEPUTY_OK;
}

/* An event of the second form tells the bytes that were hashed, and they must be the canonical ones. */
static enum deputy_error preimage_check(
        struct deputy_arena *arena, const struct event *event, const struct json_value *object)
{
    struct deputy_slice told, expected;
    if (event->version == EVENT_V1)
        return json_member(object, "preimage") == NULL ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_FORM;
    TRY(bytes_read(arena, &told, object, "preimage"));
    TRY(event_preimage(arena, &expected, event));
    return deputy_slice_equal(told, expected) ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_DIGEST;
}

static enum deputy_error runtime_read(struct deputy_arena *arena, struct event *event,
        const struct json_value *object, struct deputy_slice digest)
{
    ENSURE(event->imr == RTMR_COUNT - 1, DEPUTY_E_EVENT_LOG_REGISTER);
    TRY(version_read(&event->version, json_member(object, "version")));
    TRY(preimage_check(arena, event, object));
    TRY(event_digest(arena, event));
    ENSURE(digest.len == 0 || deputy_slice_equal(digest, deputy_slice_bytes(event->digest, RTMR_BYTES)),
            DEPUTY_E_EVENT_LOG_DIGEST);
    return DEPUTY_OK;
}

static enum deputy_error boot_read(
        struct event *event, const struct json_value *object, struct deputy_slice digest)
{
    ENSURE(event->imr < RTMR_COUNT - 1, DEPUTY_E_EVENT_LOG_REGISTER);
    ENSURE(json_member(object, "version") == NULL && json_member(object, "preimage") == NULL,
            DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(digest.len == RTMR_BYTES, DEPUTY_E_EVENT_LOG_FORM);
    memcpy(event->digest, digest.ptr, RTMR_BYTES);
    return DEPUTY_OK;
}

static enum deputy_error event_read(
        struct deputy_arena *arena, struct event *event, const struct json_value *object)
{
    uint64_t imr, type;
    struct deputy_slice digest;
    ENSURE(json_is(object, JSON_OBJECT), DEPUTY_E_EVENT_LOG_FORM);
    TRY(small_read(&imr, json_member(object, "imr"), RTMR_COUNT - 1));
    TRY(small_read(&type, json_member(object, "event_type"), UINT32_MAX));
    TRY(text_read(&event->name, object, "event"));
    TRY(bytes_read(arena, &event->payload, object, "event_payload"));
    TRY(bytes_read(arena, &digest, object, "digest"));
    event->imr = (uint8_t)imr;
    event->type = (uint32_t)type;
    return event->type == EVENT_TYPE_RUNTIME ? runtime_read(arena, event, object, digest)
                                             : boot_read(event, object, digest);
}

enum deputy_error event_log_read(
        struct deputy_arena *arena, struct event_log *out, const struct json_value *array)
{
    ENSURE(json_is(array, JSON_ARRAY), DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(array->count <= EVENT_LOG_MAX_EVENTS, DEPUTY_E_LIMIT);
    struct event *events = ARENA_ARRAY(arena, struct event, array->count);
    ENSURE(events != NULL, arena_error(arena));
    size_t count = 0;
    JSON_EACH (element, array)
        TRY(event_read(arena, &events[count++], element));
    *out = (struct event_log){events, count};
    return DEPUTY_OK;
}

enum deputy_error event_log_parse(struct deputy_arena *arena, struct event_log *out, struct deputy_slice json)
{
    const struct json_value *array;
    ENSURE(json.len <= EVENT_LOG_MAX_TEXT, DEPUTY_E_LIMIT);
    enum deputy_error error = json_parse(arena, &array, json);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_EVENT_LOG_FORM);
    return event_log_read(arena, out, array);
}
