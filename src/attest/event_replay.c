/* What a log makes of the registers (spec/08 section 6.1). */
#include "attest/event_log.h"
#include "base/try.h"

void rtmr_extend(uint8_t rtmr[RTMR_BYTES], const uint8_t digest[RTMR_BYTES])
{
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(rtmr, RTMR_BYTES), deputy_slice_bytes(digest, RTMR_BYTES)};
    sha384_parts(rtmr, parts, 2);
}

void event_log_replay(struct rtmrs *out, const struct event_log *log)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < log->count; i++)
        rtmr_extend(out->value[log->events[i].imr], log->events[i].digest);
}

enum deputy_error event_log_check(const struct event_log *log, const struct rtmrs *quoted, uint8_t set)
{
    struct rtmrs replayed;
    event_log_replay(&replayed, log);
    for (size_t i = 0; i < RTMR_COUNT; i++)
        if ((set >> i & 1) != 0)
            ENSURE(memcmp(replayed.value[i], quoted->value[i], RTMR_BYTES) == 0, DEPUTY_E_EVENT_LOG_REPLAY);
    return DEPUTY_OK;
}
