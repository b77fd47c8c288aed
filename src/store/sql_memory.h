/*
 * How much memory SQLite may take for one request. SQLite's own limit holds for the whole process and needs a
 * lock at every allocation; here each thread counts what it took, since a connection stays on its thread.
 */
#ifndef STORE_SQL_MEMORY_H
#define STORE_SQL_MEMORY_H

#include <stddef.h>

/* Before SQLite is used for the first time. */
void sql_memory_install(void);

/* From now on this thread may take so many bytes more than it holds now; 0: as many as there are. */
void sql_memory_bound(size_t bytes);

#endif
