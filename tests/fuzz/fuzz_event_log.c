/* Event logs, as JSON or, when the first byte is 0, in the binary form. What is read replays, and what it
 * says of the app lies within the limits. */
#include "attest/td_identity.h"
#include "property.h"

static void events_are_whole(const struct event_log *log)
{
    HOLDS(log->count <= EVENT_LOG_MAX_EVENTS);
    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        HOLDS(event->imr < RTMR_COUNT && event->payload.len <= EVENT_MAX_PAYLOAD);
        HOLDS((event->type == EVENT_TYPE_RUNTIME) <= (event->imr == RTMR_APP));
    }
}

static void app_is_whole(const struct event_log *log)
{
    struct app_events app;
    struct key_provider provider;
    if (event_log_app(&app, log, false) != DEPUTY_OK)
        return;
    HOLDS(app.app_id.len == 0 || app.app_id.len == APP_ID_BYTES);
    HOLDS(app.compose_hash.len == 0 || app.compose_hash.len == HASH_BYTES);
    HOLDS(app.init_scripts <= INIT_SCRIPTS_MAX);
    if (deputy_slice_present(app.key_provider))
        (void)key_provider_parse(fuzz_arena_kept(), &provider, app.key_provider);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    struct event_log log;
    struct rtmrs rtmrs;
    bool is_binary = size > 0 && data[0] == 0;
    if ((is_binary ? event_log_parse_ccel : event_log_parse)(fuzz_arena(), &log, input) != DEPUTY_OK)
        return 0;
    events_are_whole(&log);
    event_log_replay(&rtmrs, &log);
    HOLDS(event_log_check(&log, &rtmrs, RTMRS_ALL) == DEPUTY_OK);
    app_is_whole(&log);
    return 0;
}
