/* What signed capabilities grant, as permissions. */
#ifndef GRANT_AUTHORITY_H
#define GRANT_AUTHORITY_H

#include <deputy/session.h>
#include <deputy/token.h>

/*
 * One entry a capability, by space, service, path and ability: long service names, space ids in canonical
 * form (networks: the label "encryption"), caveats as signed. Left out is what no permission can express:
 * other URIs, and a path that is present but empty, which holds nothing that a client could ask for.
 */
enum deputy_error authority_permissions(struct deputy_arena *arena, struct deputy_permissions *out,
        const struct deputy_capability *capabilities, size_t count);

/* How many of the capabilities a permission can express. */
bool authority_expresses(const struct deputy_capability *capability);

/* The end of an authority has come: at its very moment it is over. */
bool authority_over(const struct deputy_authority *authority, struct deputy_time now);

/* An authority that ends before `margin_ms` from now is too short to pass on. */
bool authority_over_within(
        const struct deputy_authority *authority, struct deputy_time now, int64_t margin_ms);

/* The time plus whole milliseconds; a sum beyond the year 9999 ends there, a greater number is refused. */
enum deputy_error time_after_ms(struct deputy_time *out, struct deputy_time time, double ms);

/* ISO form with milliseconds, in the arena. */
enum deputy_error time_iso(struct deputy_arena *arena, struct deputy_slice *text, struct deputy_time time);

#endif
