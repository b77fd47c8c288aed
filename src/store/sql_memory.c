#include "store/sql_memory.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What allocates, once it was asked whether it may. */
static sqlite3_mem_methods base;

/* Memory freed by another thread makes the counts of both drift, so they are signed and only differences
 * matter. */
static _Thread_local int64_t held;
static _Thread_local int64_t most;
static _Thread_local bool bounded;

static bool memory_fits(int64_t more)
{
    return !bounded || held + more <= most;
}

static void *memory_take(int size)
{
    if (!memory_fits(size))
        return NULL;
    void *memory = base.xMalloc(size);
    held += memory != NULL ? base.xSize(memory) : 0;
    return memory;
}

static void memory_free(void *memory)
{
    held -= base.xSize(memory);
    base.xFree(memory);
}

static void *memory_resize(void *old, int size)
{
    int64_t before = base.xSize(old);
    if (!memory_fits(size - before))
        return NULL;
    void *memory = base.xRealloc(old, size);
    held += memory != NULL ? base.xSize(memory) - before : 0;
    return memory;
}

void sql_memory_install(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &base) != SQLITE_OK)
        return; /* somebody used the library before us, and it keeps to no bound */
    sqlite3_mem_methods methods = base;
    methods.xMalloc = memory_take;
    methods.xFree = memory_free;
    methods.xRealloc = memory_resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void sql_memory_bound(size_t bytes)
{
    bounded = bytes != 0;
    most = held + (int64_t)bytes;
}
