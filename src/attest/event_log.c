/* The JSON form of an event log (spec/08 section 6.1). */
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

static enum deputy_error preimage_read(
        struct deputy_arena *arena, const struct event *event, const struct json_value *object)
{
    struct deputy_slice preimage = {0};
    if (json_member(object, "preimage") != NULL)
        TRY(bytes_read(arena, &preimage, object, "preimage"));
    return event_preimage_check(arena, event, preimage);
}

/* The form of a digest is a matter of runtime events. */
static enum deputy_error form_read(
        struct deputy_arena *arena, struct event *event, const struct json_value *object)
{
    bool is_runtime = event->type == EVENT_TYPE_RUNTIME;
    ENSURE(is_runtime || json_member(object, "version") == NULL, DEPUTY_E_EVENT_LOG_FORM);
    TRY(version_read(&event->version, json_member(object, "version")));
    return preimage_read(arena, event, object);
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
    TRY(form_read(arena, event, object));
    return event_settle(arena, event, digest);
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
