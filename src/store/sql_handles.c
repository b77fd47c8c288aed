#include "store/sql_handles.h"
#include "base/try.h"
#include <stdlib.h>

bool sql_name_equal(const struct sql_name *a, const struct sql_name *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

enum deputy_error sql_handles_begin(struct sql_handles *handles)
{
    TRY(sql_guards_open(&handles->guards));
    handles->all = calloc(handles->most, sizeof(struct sql_handle *));
    return handles->all != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

void sql_handles_end(struct sql_handles *handles)
{
    sql_guards_close(&handles->guards);
    free(handles->all);
}

static void handle_close(struct sql_handles *handles, size_t at)
{
    struct sql_handle *handle = handles->all[at];
    handles->count--;
    for (size_t i = at; i < handles->count; i++)
        handles->all[i] = handles->all[i + 1];
    sql_space_close(&handle->space);
    free(handle);
    atomic_fetch_sub(handles->open, 1);
}

static void handle_keep(struct sql_handles *handles, struct sql_handle *handle)
{
    handles->all[handles->count++] = handle;
    atomic_fetch_add(handles->open, 1);
}

/* The count when it is not open. */
static size_t handle_find(const struct sql_handles *handles, const struct sql_name *name)
{
    size_t at = 0;
    while (at < handles->count && !sql_name_equal(&handles->all[at]->name, name))
        at++;
    return at;
}

/* Makes it the one used last. */
static struct sql_handle *handle_use(struct sql_handles *handles, size_t at)
{
    struct sql_handle *handle = handles->all[at];
    for (size_t i = at; i + 1 < handles->count; i++)
        handles->all[i] = handles->all[i + 1];
    handles->all[handles->count - 1] = handle;
    return handle;
}

static enum deputy_error handle_open(
        struct sql_handles *handles, struct sql_handle **out, const struct sql_name *name, bool create)
{
    struct sql_handle *handle = calloc(1, sizeof *handle);
    ENSURE(handle != NULL, DEPUTY_E_NOMEM);
    while (handles->count >= handles->most)
        handle_close(handles, 0);
    enum deputy_error error = sql_space_open(&handle->space, handles->paths, name, &handles->guards, create);
    if (error != DEPUTY_OK) {
        sql_space_close(&handle->space);
        free(handle);
        return error;
    }
    handle->name = *name;
    handle_keep(handles, handle);
    *out = handle;
    return DEPUTY_OK;
}

/* Only these can begin a database: everything else needs something that is there. */
static bool begins(const struct sql_statement *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum sql_kind kind = sql_kind_of(statements[i].sql);
        if (kind == SQL_KIND_DEFINE || kind == SQL_KIND_PRAGMA)
            return true;
    }
    return false;
}

/* May the request make the database, when it is not there yet? */
static bool may_create(const struct sql_request *request)
{
    const struct sql_rights *rights = &request->rights;
    if (request->action == SQL_EXPORT || !(rights->write || rights->schema || rights->admin))
        return false;
    return begins(request->schema, request->schema_count) ||
           begins(request->statements, request->statement_count);
}

/* An empty one that was shown in place of a file is not kept: the file may come. */
enum deputy_error sql_handles_take(
        struct sql_handles *handles, struct sql_handle **out, const struct sql_request *request)
{
    size_t at = handle_find(handles, &request->database);
    if (at < handles->count && !handles->all[at]->space.stored) {
        handle_close(handles, at);
        at = handles->count;
    }
    if (at == handles->count)
        return handle_open(handles, out, &request->database, may_create(request));
    *out = handle_use(handles, at);
    return DEPUTY_OK;
}

void sql_handles_leave(struct sql_handles *handles, struct sql_handle *handle, bool recorded)
{
    bool made = handle->space.made;
    handle->used_ns = sql_monotonic_ns();
    handle->space.made = false;
    if (!made || recorded)
        return;
    struct sql_name name = handle->name;
    handle_close(handles, handle_find(handles, &name));
    sql_space_remove(handles->paths, &name);
}

uint64_t sql_handles_close_idle(struct sql_handles *handles)
{
    uint64_t now = sql_monotonic_ns();
    while (handles->count > 0 && handles->all[0]->used_ns + handles->idle_ns <= now)
        handle_close(handles, 0);
    return handles->count > 0 ? handles->all[0]->used_ns + handles->idle_ns : UINT64_MAX;
}

void sql_handles_close(struct sql_handles *handles)
{
    while (handles->count > 0)
        handle_close(handles, handles->count - 1);
}
