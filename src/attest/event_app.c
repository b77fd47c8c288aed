/*
 * What the launch says of the app (spec/08 section 6.3). Three ways to say something else are closed here:
 * an app that writes `compose-hash` after its launch, a log in which a name stands twice, and a log that
 * moves the colon: the digest of the first form is over "name:payload", so `key-provider` with the payload
 * `a:b` could be told as `key-provider:a` with the payload `b`, and be found missing.
 */
#include "attest/event_log.h"
#include "base/codec.h"
#include "base/try.h"

static bool is_plain(uint8_t character)
{
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
           (character >= 'a' && character <= 'z') || character == '.' || character == '_' || character == '-';
}

static bool name_is_plain(struct deputy_slice name)
{
    enum { NAME_MAX_BYTES = 64 };
    for (size_t i = 0; i < name.len; i++)
        if (!is_plain(name.ptr[i]))
            return false;
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static bool name_is(const struct event *event, const char *name)
{
    return deputy_slice_equal(event->name, deputy_slice_text(name));
}

/* A name that may stand once. */
static enum deputy_error once(struct deputy_slice *out, const struct event *event)
{
    ENSURE(!deputy_slice_present(*out), DEPUTY_E_EVENT_LOG_TWICE);
    *out = event->payload;
    return DEPUTY_OK;
}

static enum deputy_error once_of_length(struct deputy_slice *out, const struct event *event, size_t len)
{
    ENSURE(event->payload.len == len, DEPUTY_E_EVENT_LOG_PAYLOAD);
    return once(out, event);
}

static enum deputy_error mark(bool *out, const struct event *event)
{
    ENSURE(!*out, DEPUTY_E_EVENT_LOG_TWICE);
    ENSURE(event->payload.len == 0, DEPUTY_E_EVENT_LOG_PAYLOAD);
    *out = true;
    return DEPUTY_OK;
}

static enum deputy_error init_script(struct app_events *out, const struct event *event)
{
    ENSURE(event->payload.len == HASH_BYTES, DEPUTY_E_EVENT_LOG_PAYLOAD);
    ENSURE(out->init_scripts < INIT_SCRIPTS_MAX, DEPUTY_E_EVENT_LOG_TWICE);
    out->init_script_hashes[out->init_scripts++] = event->payload;
    return DEPUTY_OK;
}

static enum deputy_error event_note(struct app_events *out, const struct event *event)
{
    if (name_is(event, "app-id"))
        return once_of_length(&out->app_id, event, APP_ID_BYTES);
    if (name_is(event, "compose-hash"))
        return once_of_length(&out->compose_hash, event, HASH_BYTES);
    if (name_is(event, "instance-id"))
        return once_of_length(&out->instance_id, event, event->payload.len == 0 ? 0 : APP_ID_BYTES);
    if (name_is(event, "key-provider"))
        return once(&out->key_provider, event);
    if (name_is(event, "os-image-hash"))
        return once_of_length(&out->os_image_hash, event, HASH_BYTES);
    if (name_is(event, "init-script-hash"))
        return init_script(out, event);
    if (name_is(event, "boot-mr-done"))
        return mark(&out->booted, event);
    if (name_is(event, "system-ready"))
        return mark(&out->ready, event);
    return DEPUTY_OK;
}

enum deputy_error event_log_app(struct app_events *out, const struct event_log *log, bool require_ready)
{
    *out = (struct app_events){0};
    for (size_t i = 0; i < log->count && !out->ready; i++) {
        const struct event *event = &log->events[i];
        if (event->type != EVENT_TYPE_RUNTIME)
            continue;
        ENSURE(name_is_plain(event->name), DEPUTY_E_EVENT_LOG_NAME);
        TRY(event_note(out, event));
    }
    ENSURE(out->ready || !require_ready, DEPUTY_E_EVENT_LOG_UNFINISHED);
    return DEPUTY_OK;
}

static bool id_is_hex(struct deputy_slice id)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] == 0 || strchr(digits, id.ptr[i]) == NULL)
            return false;
    return id.len % 2 == 0;
}

static bool provider_is_known(struct deputy_slice name)
{
    static const char *const names[] = {"kms", "local-sgx", "tpm", "none"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (deputy_slice_equal(name, deputy_slice_text(names[i])))
            return true;
    return false;
}

enum deputy_error key_provider_parse(
        struct deputy_arena *arena, struct key_provider *out, struct deputy_slice payload)
{
    const struct json_value *object;
    enum deputy_error error = json_parse(arena, &object, payload);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_EVENT_LOG_PAYLOAD);
    ENSURE(json_to_text(&out->name, json_member(object, "name")) == DEPUTY_OK, DEPUTY_E_EVENT_LOG_PAYLOAD);
    ENSURE(json_to_text(&out->id, json_member(object, "id")) == DEPUTY_OK, DEPUTY_E_EVENT_LOG_PAYLOAD);
    ENSURE(provider_is_known(out->name) && id_is_hex(out->id), DEPUTY_E_EVENT_LOG_PAYLOAD);
    return DEPUTY_OK;
}
