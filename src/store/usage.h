/* What a space holds: each content counts once (spec/03 section 14.1). For this room alone. */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "store/db.h"
#include "store/store.h"

/* Counts a value that is being stored in the space with this row id. */
enum deputy_error usage_add(struct db *db, int64_t space, const struct store_value *value);

#endif
