/* The known-answer files below tests/data, read with the library's own JSON reader. */
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include "base/json.h"
#include "support/check.h"

/* The array vectors.<group> of a file; the test fails when it is not there or empty. */
const struct json_value *check_vectors(struct deputy_arena *arena, const char *file, const char *group);

/* A text member that must be there. */
struct deputy_slice check_text_of(const struct json_value *object, const char *name);

/* A text member, or an absent slice. */
struct deputy_slice check_optional_text_of(const struct json_value *object, const char *name);

/* The vector whose name is that. */
const struct json_value *check_vector_named(const struct json_value *list, const char *name);

/* A boolean member that must be there. */
bool check_bool_of(const struct json_value *object, const char *name);

#endif
