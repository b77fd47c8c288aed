#include "run/confine.h"
#include "base/try.h"
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

void confine_add(struct confine_paths *paths, const char *name, enum sandbox_use use)
{
    if (name == NULL)
        return;
    if (paths->count == CONFINE_MAX_PATHS) {
        paths->error = DEPUTY_E_LIMIT;
        return;
    }
    paths->list[paths->count++] = (struct sandbox_path){name, use};
}

/* Takes the text over. */
static void add_parent(struct confine_paths *paths, char *file, enum sandbox_use use)
{
    if (file == NULL || paths->name_count == CONFINE_MAX_PATHS) {
        free(file);
        paths->error = file == NULL ? DEPUTY_E_NOMEM : DEPUTY_E_LIMIT;
        return;
    }
    paths->names[paths->name_count++] = file;
    confine_add(paths, dirname(file), use);
}

void confine_add_directory(struct confine_paths *paths, const char *file, enum sandbox_use use)
{
    if (file == NULL)
        return;
    char *target = realpath(file, NULL);
    add_parent(paths, strdup(file), use);
    if (target != NULL)
        add_parent(paths, target, use);
}

enum deputy_error confine_enter(
        struct sandbox_state *out, const struct sandbox_plan *plan, struct confine_paths *paths)
{
    struct sandbox_plan whole = *plan;
    for (size_t i = 0; i < plan->path_count; i++)
        confine_add(paths, plan->paths[i].path, plan->paths[i].use);
    TRY(paths->error);
    whole.paths = paths->list;
    whole.path_count = paths->count;
    return sandbox_enter(out, &whole);
}

void confine_end(struct confine_paths *paths)
{
    for (size_t i = 0; i < paths->name_count; i++)
        free(paths->names[i]);
    *paths = (struct confine_paths){.count = 0};
}
