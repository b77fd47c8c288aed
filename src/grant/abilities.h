/* Rows of abilities: actions by service and path, merged (spec/05 section 5 step 3). */
#ifndef GRANT_ABILITIES_H
#define GRANT_ABILITIES_H

#include "base/json_write.h"
#include <deputy/request.h>

struct ability_rows {
    struct deputy_arena *arena;
    struct deputy_ability_row *rows;
    size_t count;
    size_t capacity;
};

struct ability_rows ability_rows_make(struct deputy_arena *arena);

/* Adds the actions that the row of that service and path does not have yet. */
enum deputy_error ability_rows_add(struct ability_rows *rows, struct deputy_slice service,
        struct deputy_slice path, const struct deputy_slice *actions, size_t count);

/* {service: {path: [action…]}}, each in the order of its first row. */
void ability_rows_put(struct json_writer *writer, const struct deputy_ability_row *rows, size_t count);

/* The resource URI of a row: <space>/<service>, and /<path> unless the path is "". */
enum deputy_error ability_row_uri(struct deputy_arena *arena, struct deputy_slice *uri,
        struct deputy_slice space, const struct deputy_ability_row *row);

#endif
