/*
 * How much a space may hold (spec/03 section 14): what the administrator said for it, else what the quota
 * service says when there is one, else the limit of the settings, else no limit; a public space has a limit
 * of its own. What was said for a space lives in memory alone. Safe from every thread.
 */
#ifndef NODE_QUOTA_H
#define NODE_QUOTA_H

#include "node/quota_service.h"
#include "store/store.h"

enum { QUOTA_OVERRIDES_MAX = 100000 };

struct quota;

struct quota_config {
    uint64_t standard, public_spaces;    /* bytes; 0: no limit */
    struct quota_service_config service; /* its url absent: there is none */
};

enum deputy_error quota_create(struct quota **out, const struct quota_config *config);
void quota_destroy(struct quota *quota);

/* Is there a quota service? */
bool quota_has_service(const struct quota *quota);

/* As quota_service_need: the space is about to be written to. False also when the service has no say: a
 * public space, or one that the administrator gave a limit. */
bool quota_need(struct quota *quota, struct deputy_slice space, struct quota_wait *wait);

/* Zeros without a service. */
struct quota_service_counts quota_counts(const struct quota *quota);

struct quota_limit quota_standard(const struct quota *quota);
struct quota_limit quota_override(struct quota *quota, struct deputy_slice space);
struct quota_limit quota_effective(struct quota *quota, struct deputy_slice space);

/* DEPUTY_E_LIMIT beyond QUOTA_OVERRIDES_MAX spaces. */
enum deputy_error quota_override_set(struct quota *quota, struct deputy_slice space, uint64_t bytes);
void quota_override_clear(struct quota *quota, struct deputy_slice space);

struct quota_override {
    struct deputy_slice space;
    uint64_t bytes;
};

/* A copy of all of them, by space. */
enum deputy_error quota_overrides(
        struct deputy_arena *arena, struct quota_override **out, size_t *count, struct quota *quota);

/* What is left of a space, as one state of the store has it. */
struct quota_room {
    struct quota_limit limit;
    uint64_t used; /* 0 where there is no limit */
};

/* DEPUTY_E_STORE_SPACE when there is a limit and the space is not hosted. */
enum deputy_error quota_room_of(
        struct quota_room *out, struct quota *quota, struct store_read *read, struct deputy_slice space);

/* May so many bytes be added? DEPUTY_E_QUOTA_EXCEEDED when nothing is left, DEPUTY_E_QUOTA_REMAINING when
 * less is; *refusal has the numbers, in the arena. */
enum deputy_error quota_room_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct quota_room *room, uint64_t bytes);

#endif
