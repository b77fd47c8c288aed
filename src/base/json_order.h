/* Members of an object in an order of their keys. */
#ifndef BASE_JSON_ORDER_H
#define BASE_JSON_ORDER_H

#include "base/json.h"

typedef int json_key_order(struct deputy_slice a, struct deputy_slice b);

/* A new array of the members, sorted; it takes n log n steps whatever the keys are. */
enum deputy_error json_members_sorted(struct deputy_arena *arena, const struct json_value *const **out,
        const struct json_value *object, json_key_order *order);

/* Refuses equal keys; fills object->sorted when the members are more than a few. */
enum deputy_error json_order_members(struct deputy_arena *arena, struct json_value *object);

/* The order of the keys' UTF-16 units (RFC 8785 section 3.2.3), told from their UTF-8. */
int json_order_utf16(struct deputy_slice a, struct deputy_slice b);

#endif
