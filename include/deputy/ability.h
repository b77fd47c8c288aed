/* Abilities and the registry of those that are known (spec/01 section 3, spec/02 section 2.4). */
#ifndef DEPUTY_ABILITY_H
#define DEPUTY_ABILITY_H

#include <deputy/error.h>
#include <deputy/export.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* namespace "/" name, ASCII; DEPUTY_E_ABILITY otherwise. The outputs may be NULL. */
DEPUTY_EXPORT enum deputy_error deputy_ability_parse(
        struct deputy_slice *space, struct deputy_slice *name, struct deputy_slice text);

/*
 * Whoever holds `held` may do `required`: the same ability, an alias of it, or one that the registry says it
 * implies. There are no wildcards but those of the registry.
 */
DEPUTY_EXPORT bool deputy_ability_matches(struct deputy_slice held, struct deputy_slice required);

enum deputy_ability_status {
    DEPUTY_ABILITY_UNKNOWN,
    DEPUTY_ABILITY_ACTIVE,
    DEPUTY_ABILITY_ALIAS,   /* deprecated name of another */
    DEPUTY_ABILITY_RESERVED /* accepted in a grant, not served */
};

/* What the registry says; `canonical` (may be NULL) is what an alias stands for, else the ability itself. */
DEPUTY_EXPORT enum deputy_ability_status deputy_ability_status(
        struct deputy_slice *canonical, struct deputy_slice ability);

#ifdef __cplusplus
}
#endif

#endif
