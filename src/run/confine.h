/* Entering the sandbox with what every daemon needs, beside what its owner asks for. */
#ifndef RUN_CONFINE_H
#define RUN_CONFINE_H

#include "run/sandbox.h"

enum { CONFINE_MAX_PATHS = 64 };

/* Paths for a sandbox, with the memory of their names. Begins as zero. */
struct confine_paths {
    struct sandbox_path list[CONFINE_MAX_PATHS];
    size_t count;
    char *names[CONFINE_MAX_PATHS]; /* those that are ours */
    size_t name_count;
    enum deputy_error error; /* LIMIT, NOMEM: a path is missing */
};

/* The name must live as long as the paths. NULL is passed over. */
void confine_add(struct confine_paths *paths, const char *name, enum sandbox_use use);

/*
 * The directory of a file, and the one in which it lies when the name is a link: what is put there in its
 * place is found under the same name. NULL is passed over.
 */
void confine_add_directory(struct confine_paths *paths, const char *file, enum sandbox_use use);

/* Enters the sandbox with the paths of the plan and these: sandbox_enter. */
enum deputy_error confine_enter(
        struct sandbox_state *out, const struct sandbox_plan *plan, struct confine_paths *paths);

void confine_end(struct confine_paths *paths);

#endif
