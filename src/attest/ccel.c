/*
 * The boot log of a confidential guest (ACPI table CCEL), in the crypto-agile form of the TCG PC Client
 * platform firmware profile: one record of the old form that tells the hash algorithms, then records with one
 * digest for each of them (spec/08 section 6.2).
 */
#include "attest/event_log.h"
#include "attest/take.h"
#include "base/arena.h"
#include "base/try.h"

enum {
    ALG_SHA384 = 0x000c,
    ALGS_MAX = 8,
    EV_NO_ACTION = 3,
    SHA1_BYTES = 20,
    ALGS_OFFSET = 24, /* of their number, in the first record's data */
    LEAST_RECORD = 16 /* bytes of a record without digests or data */
};

#define CCEL_END UINT32_C(0xffffffff)

/* The digest lengths that the first record tells. */
struct algorithms {
    uint16_t id[ALGS_MAX];
    uint16_t bytes[ALGS_MAX];
    uint32_t count;
};

static bool algorithm_find(const struct algorithms *algorithms, uint16_t id, uint16_t *bytes)
{
    for (uint32_t i = 0; i < algorithms->count; i++)
        if (algorithms->id[i] == id) {
            *bytes = algorithms->bytes[i];
            return true;
        }
    return false;
}

/* Each once; SHA-384 is among them and has its own length. */
static enum deputy_error algorithms_take(struct algorithms *out, struct deputy_slice *data)
{
    uint16_t bytes;
    uint32_t count;
    ENSURE(take_le32(data, &count) && count <= ALGS_MAX, DEPUTY_E_EVENT_LOG_FORM);
    for (out->count = 0; out->count < count; out->count++) {
        uint16_t *id = &out->id[out->count];
        ENSURE(take_le16(data, id) && take_le16(data, &out->bytes[out->count]), DEPUTY_E_EVENT_LOG_FORM);
        ENSURE(!algorithm_find(out, *id, &bytes), DEPUTY_E_EVENT_LOG_FORM);
    }
    ENSURE(algorithm_find(out, ALG_SHA384, &bytes) && bytes == SHA384_BYTES, DEPUTY_E_EVENT_LOG_FORM);
    return DEPUTY_OK;
}

static enum deputy_error first_record_take(struct algorithms *out, struct deputy_slice *log)
{
    static const char signature[] = "Spec ID Event03"; /* with its NUL */
    uint32_t index, type, size;
    struct deputy_slice sha1, data, head;
    ENSURE(take_le32(log, &index) && take_le32(log, &type) && take_bytes(log, &sha1, SHA1_BYTES) &&
                    take_le32(log, &size) && take_bytes(log, &data, size),
            DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(type == EV_NO_ACTION && take_bytes(&data, &head, ALGS_OFFSET), DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(memcmp(head.ptr, signature, sizeof signature) == 0, DEPUTY_E_EVENT_LOG_FORM);
    return algorithms_take(out, &data);
}

/* One digest for each algorithm, in any order: so there are no two of one. */
static enum deputy_error digests_take(
        struct event *event, struct deputy_slice *log, const struct algorithms *algorithms)
{
    uint32_t count;
    bool found = false;
    ENSURE(take_le32(log, &count) && count <= algorithms->count, DEPUTY_E_EVENT_LOG_FORM);
    for (; count > 0; count--) {
        uint16_t id, bytes;
        struct deputy_slice digest;
        ENSURE(take_le16(log, &id) && algorithm_find(algorithms, id, &bytes) &&
                        take_bytes(log, &digest, bytes),
                DEPUTY_E_EVENT_LOG_FORM);
        if (id != ALG_SHA384)
            continue;
        ENSURE(!found, DEPUTY_E_EVENT_LOG_FORM);
        found = true;
        memcpy(event->digest, digest.ptr, RTMR_BYTES);
    }
    return found ? DEPUTY_OK : DEPUTY_E_EVENT_LOG_FORM;
}

/* *index is the register's, counted from 1; 0 is the launch measurement, which no guest extends. */
static enum deputy_error record_take(
        struct event *event, uint32_t *index, struct deputy_slice *log, const struct algorithms *algorithms)
{
    uint32_t size;
    ENSURE(take_le32(log, &event->type), DEPUTY_E_EVENT_LOG_FORM);
    TRY(digests_take(event, log, algorithms));
    ENSURE(take_le32(log, &size), DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(size <= EVENT_MAX_PAYLOAD, DEPUTY_E_LIMIT);
    ENSURE(take_bytes(log, &event->payload, size), DEPUTY_E_EVENT_LOG_FORM);
    ENSURE(*index <= RTMR_COUNT, DEPUTY_E_EVENT_LOG_REGISTER);
    return DEPUTY_OK;
}

static enum deputy_error records_take(struct event_log *out, struct event *events, struct deputy_slice log,
        const struct algorithms *algorithms)
{
    uint32_t index;
    size_t count = 0, records = 0;
    for (; log.len > 0; records++) {
        struct event event = {.name = deputy_slice_text("")};
        ENSURE(take_le32(&log, &index), DEPUTY_E_EVENT_LOG_FORM);
        if (index == CCEL_END)
            break;
        ENSURE(records < EVENT_LOG_MAX_EVENTS, DEPUTY_E_LIMIT);
        TRY(record_take(&event, &index, &log, algorithms));
        if (index == 0 || event.type == EV_NO_ACTION)
            continue;
        event.imr = (uint8_t)(index - 1);
        events[count++] = event;
    }
    *out = (struct event_log){events, count};
    return DEPUTY_OK;
}

enum deputy_error event_log_parse_ccel(
        struct deputy_arena *arena, struct event_log *out, struct deputy_slice bytes)
{
    struct algorithms algorithms;
    ENSURE(bytes.len <= EVENT_LOG_MAX_CCEL, DEPUTY_E_LIMIT);
    TRY(first_record_take(&algorithms, &bytes));
    size_t most = bytes.len / LEAST_RECORD + 1;
    struct event *events =
            ARENA_ARRAY(arena, struct event, most < EVENT_LOG_MAX_EVENTS ? most : EVENT_LOG_MAX_EVENTS);
    ENSURE(events != NULL, arena_error(arena));
    return records_take(out, events, bytes, &algorithms);
}
