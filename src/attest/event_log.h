/*
 * Event logs of a TDX guest: what was extended into its run-time measurement registers (RTMR), and what the
 * runtime events of dstack among them say of the app (spec/08 sections 6.1 to 6.3). A log proves nothing
 * until it replays to the registers of a verified quote.
 */
#ifndef ATTEST_EVENT_LOG_H
#define ATTEST_EVENT_LOG_H

#include "base/json.h"
#include "crypto/hash.h"
#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    RTMR_COUNT = 4,
    RTMR_APP = 3, /* the register of dstack's runtime events */
    RTMR_BYTES = SHA384_BYTES,
    EVENT_LOG_MAX_TEXT = 4 * 1024 * 1024, /* of JSON */
    EVENT_LOG_MAX_CCEL = 1024 * 1024,
    EVENT_LOG_MAX_EVENTS = 4096,
    EVENT_MAX_PAYLOAD = 256 * 1024
};

/* The type of dstack's runtime events, which stand in RTMR 3 and nowhere else. */
#define EVENT_TYPE_RUNTIME UINT32_C(0x08000001)

enum event_version { EVENT_V1 = 1, EVENT_V2 = 2 };

struct event {
    uint8_t imr; /* the register, 0 to 3 */
    uint32_t type;
    enum event_version version; /* of a runtime event: the form of its digest */
    uint8_t digest[RTMR_BYTES]; /* of a runtime event: always our own computation */
    struct deputy_slice name;   /* of a runtime event and of ACPI tables, else empty */
    struct deputy_slice payload;
};

struct event_log {
    const struct event *events;
    size_t count;
};

struct rtmrs {
    uint8_t value[RTMR_COUNT][RTMR_BYTES];
};

/* The JSON text of a log (which answers carry as a string inside JSON). Events live in the arena. */
enum deputy_error event_log_parse(
        struct deputy_arena *arena, struct event_log *out, struct deputy_slice json);
/* The same of an array that is parsed already. */
enum deputy_error event_log_read(
        struct deputy_arena *arena, struct event_log *out, const struct json_value *array);

/* The binary boot log that firmware and kernel leave (ACPI CCEL); payloads point into it. */
enum deputy_error event_log_parse_ccel(
        struct deputy_arena *arena, struct event_log *out, struct deputy_slice bytes);

/* Sets the digest of a runtime event from its version, name (valid UTF-8) and payload. */
enum deputy_error event_digest(struct deputy_arena *arena, struct event *event);
/* The bytes whose SHA-384 is the digest of a second-form event. */
enum deputy_error event_preimage(
        struct deputy_arena *arena, struct deputy_slice *out, const struct event *event);
/* An event of the second form tells its preimage, and it is the canonical one; others tell none (absent). */
enum deputy_error event_preimage_check(
        struct deputy_arena *arena, const struct event *event, struct deputy_slice told);

/*
 * What every reader of events ends with: the event (imr, type, version, name, payload) stands in a register
 * of its kind and gets its digest. That of a boot event is taken as it is told: its payload is of no use to
 * us, and the replay binds the digest. A runtime event is believed for its payload, so its digest is
 * computed; one that is told as well (48 bytes, or none in stripped logs) must agree, so that no two readers
 * see two logs.
 */
enum deputy_error event_settle(struct deputy_arena *arena, struct event *event, struct deputy_slice digest);
/* The same of an event that is known to be a runtime event: name and payload are there. */
enum deputy_error event_settle_runtime(
        struct deputy_arena *arena, struct event *event, enum event_version version);

/* R := SHA-384(R || digest), from R = 0, for each event of each register in order. */
void event_log_replay(struct rtmrs *out, const struct event_log *log);
/* One step of it. */
void rtmr_extend(uint8_t rtmr[RTMR_BYTES], const uint8_t digest[RTMR_BYTES]);

/* Sets of registers. Guests that strip the boot events from a log leave only that of the app to be replayed.
 */
enum { RTMRS_ALL = 0x0f, RTMRS_OF_APP = 1 << RTMR_APP };

/* DEPUTY_E_EVENT_LOG_REPLAY unless the log replays to exactly these registers of the set. */
enum deputy_error event_log_check(const struct event_log *log, const struct rtmrs *quoted, uint8_t set);

enum { APP_ID_BYTES = 20, INIT_SCRIPTS_MAX = 5 };

/* What the events before `system-ready` say. Slices are absent where there is no such event. */
struct app_events {
    struct deputy_slice app_id;        /* 20 bytes */
    struct deputy_slice compose_hash;  /* 32 bytes */
    struct deputy_slice instance_id;   /* 20 bytes, or empty: the app has none */
    struct deputy_slice key_provider;  /* JSON text */
    struct deputy_slice os_image_hash; /* 32 bytes; told by the KMS, proves nothing */
    struct deputy_slice init_script_hashes[INIT_SCRIPTS_MAX];
    size_t init_scripts;
    bool booted; /* boot-mr-done is there */
    bool ready;  /* system-ready is there */
};

/*
 * What the launch says of the app. Whatever stands after `system-ready` was written by the app itself and is
 * not looked at. Logs of dstack 0.3 have no such event; they are refused when require_ready is set, and read
 * whole otherwise.
 */
enum deputy_error event_log_app(struct app_events *out, const struct event_log *log, bool require_ready);

struct key_provider {
    struct deputy_slice name; /* kms, local-sgx, tpm or none */
    struct deputy_slice id;   /* hexadecimal text, may be empty */
};

/* The payload of a key-provider event. */
enum deputy_error key_provider_parse(
        struct deputy_arena *arena, struct key_provider *out, struct deputy_slice payload);

#endif
