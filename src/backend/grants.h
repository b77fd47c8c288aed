/*
 * The grants that owners have handed in: one an owner, sealed under a key of the identity, durable (spec/07
 * sections A9, E13 and E16). What is kept is the text that the owner sent; it is judged again whenever it is
 * taken into use.
 */
#ifndef BACKEND_GRANTS_H
#define BACKEND_GRANTS_H

#include "backend/identity.h"
#include "backend/policy.h"
#include <deputy/time.h>

enum grant_state {
    GRANT_NONE,    /* also: its end had come, and its owner knows */
    GRANT_EXPIRED, /* its end had come */
    GRANT_STALE,   /* it was given for another policy */
    GRANT_ACTIVE
};

struct grant {
    enum grant_state state;
    struct deputy_time expires; /* also of what has expired */
    struct deputy_time granted;
    struct deputy_slice serialized; /* of an active one: as it was taken */
    bool returned;                  /* grants_tidy: its owner had been told that it was over */
};

struct grants;

/* Opens the store in the directory. Errors as sealed_open. Several threads may use it; never on a loop. */
enum deputy_error grants_open(
        struct grants **out, const char *directory, const struct backend_identity *identity);
/* No attempt may be under way. NULL is allowed. */
void grants_close(struct grants *grants);

/*
 * One grant on its way in, from before it is judged until it is kept or given up. The caller's memory; the
 * members are the store's.
 */
struct grant_attempt {
    struct grants *grants;
    struct grant_attempt *next;
    uint8_t owner[20];
    bool overtaken;
};

/* Every begin is ended, kept or not. */
void grants_begin(struct grants *grants, struct grant_attempt *attempt, const uint8_t owner[20]);
void grants_end(struct grant_attempt *attempt);

/*
 * Keeps the grant in the place of any other of the owner of `wants`, for whom the attempt was begun.
 * DEPUTY_E_GRANT_OVERTAKEN, and nothing is kept, when a grant whose attempt began later was kept before, or
 * when the owner withdrew since the attempt began: a withdrawal wins over all that came before it.
 */
enum deputy_error grants_keep(struct grant_attempt *attempt, const struct backend_wants *wants,
        struct deputy_slice serialized, struct deputy_time expires, struct deputy_time now);

/*
 * How the owner of `wants` stands. What has expired is told once and is none from then on; what was given for
 * another policy is removed once it has been told. Failing to read says nothing about the grant, and removes
 * nothing: DEPUTY_E_GRANT_RECORD for one that does not open. Slices in the arena.
 *
 * A clock that is wrong loses no grant: what it has made look over stays where it is until GRANTS_TOLD_KEPT_S
 * have gone by since its owner was told, on the clock of that moment. If the clock is set back before, the
 * grant is in force again; and its owner, who was told by a moment that is still to come, will be told again.
 */
enum deputy_error grants_find(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now);

enum { GRANTS_TOLD_KEPT_S = 3600 };

/*
 * The same for somebody who only looks: nothing is removed, so that the owner still learns of it.
 */
enum deputy_error grants_look(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now);

/* Likewise for whoever tidies up: what has been told for long enough is removed, and `returned` says once of
 * a grant in force that its owner had been told otherwise. */
enum deputy_error grants_tidy(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now);

enum { GRANTS_PAGE = 1000 };

/*
 * Owners of whom something is kept, in whatever state, in the order of their addresses: at most `limit`
 * (GRANTS_PAGE) behind `after` (NULL: from the first). Fewer than that: there are no more. In the arena.
 */
enum deputy_error grants_list(struct deputy_arena *arena, const uint8_t (**owners)[20], size_t *count,
        struct grants *grants, const uint8_t *after, size_t limit);

/*
 * For those who look at what is kept from beside (backend/doctor.h): whose grant a record of that name is,
 * false for nobody's; and what the record says, as grants_look tells it. Without `wants` (NULL) it is read
 * and not judged. DEPUTY_E_GRANT_RECORD for one that cannot be read.
 */
bool grants_name_read(uint8_t owner[20], struct deputy_slice name);
enum deputy_error grants_record_judge(struct deputy_arena *arena, struct grant *out, struct deputy_slice text,
        const struct backend_wants *wants, struct deputy_time now);

/* Withdraws the owner's grant, and what is on its way in. Fine when there is none. */
enum deputy_error grants_drop(struct grants *grants, const uint8_t owner[20]);

#endif
