/* Capability maps, the `att` of UCANs and ReCaps (spec/01 section 4). */
#ifndef TOKEN_CAPS_H
#define TOKEN_CAPS_H

#include "base/json_write.h"
#include <deputy/ucan.h>

enum caps_caveats {
    CAPS_ALLOW_CAVEATS, /* any non-empty array of objects */
    CAPS_NO_CAVEATS     /* [{}] alone: a ReCap cannot say more (spec/02 section 2.5) */
};

/*
 * Reads {"<resource>": {"<ability>": caveats}}. The result is sorted by resource as written, then ability,
 * both bytewise. The same capability twice, where only the letters of an address differ, becomes one when the
 * caveats are equal (spec/02 D72).
 */
enum deputy_error caps_from_json(struct deputy_arena *arena, const struct deputy_capability **out,
        size_t *count, const struct json_value *att, enum caps_caveats caveats);

/*
 * Writes the map in canonical order, whatever the order of the grants; a grant given twice with equal caveats
 * is written once. What caps_from_json would not read is not written.
 */
enum deputy_error caps_put(struct json_writer *writer, const struct deputy_ucan_grant *grants, size_t count,
        enum caps_caveats caveats);

/* Writes JSON text in canonical form; DEPUTY_E_JSON_NUMBER when that would change a number. */
enum deputy_error caps_put_json(struct json_writer *writer, struct deputy_slice json);

#endif
