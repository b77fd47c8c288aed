/* Keeping SQL databases: checking, copying and collecting them from beside the node. For this room alone. */
#ifndef STORE_SQL_UPKEEP_H
#define STORE_SQL_UPKEEP_H

#include "store/audit_state.h"

/* Copies every recorded database into sql/ of the directory, which is made; *count is how many. */
enum deputy_error sql_copy_all(struct store_audit *audit, const char *directory, uint64_t *count);

/* Removes what such a copy made. */
void sql_copy_drop(int root);

/* Removes files below sql/ that belong to no recorded database and were last written before that moment. */
enum deputy_error sql_collect(struct db *db, int root, int64_t before, uint64_t *files, uint64_t *bytes);

#endif
