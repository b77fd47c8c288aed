/* One open SQL database: its connection, set up so that nothing in the file or in a statement can reach
 * beyond it. Used by one worker alone. */
#ifndef STORE_SQL_SPACE_H
#define STORE_SQL_SPACE_H

#include "store/sql_authorize.h"
#include "store/sql_functions.h"

struct sqlite3;

struct sql_space {
    struct sqlite3 *handle;
    bool stored; /* else an empty one in memory: there is no file */
    bool made;   /* the file was made by this opening */
    struct sql_authorizer authorizer;
    struct sql_counts counts;
    uint64_t deadline_ns;    /* of the running request, on the monotonic clock */
    const atomic_bool *gone; /* its job's; NULL when nothing may stop what runs */
};

struct sql_paths {
    const char *directory; /* sql/ in the data directory */
    uint64_t max_bytes;    /* of one database */
};

/* "<directory>/<hex>.db"; false when it is too long. */
enum { SQL_PATH_MAX = 4096 };
bool sql_path(char out[SQL_PATH_MAX], const char *directory, const struct sql_name *name);

/*
 * Opens the database; create makes its file when there is none, else the space is an empty one in memory.
 * Close also after a failure. The space stays at its address.
 */
enum deputy_error sql_space_open(struct sql_space *space, const struct sql_paths *paths,
        const struct sql_name *name, struct sql_guards *guards, bool create);
void sql_space_close(struct sql_space *space);

/* Removes the file of a closed database. */
void sql_space_remove(const struct sql_paths *paths, const struct sql_name *name);

uint64_t sql_monotonic_ns(void);

/* Is the time of the running request up, or nobody left who waits for it? */
bool sql_space_expired(const struct sql_space *space);

/* The store's error for a result of SQLite that is not the statement's fault; DEPUTY_OK when it is. */
enum deputy_error sql_fault(int result);

enum deputy_error sql_exec(struct sql_space *space, const char *sql);
enum deputy_error sql_int(struct sql_space *space, int64_t *out, const char *sql);

/* Runs the job's request. Its answer or refusal is then in the job; the space is as before, or committed. */
void sql_run(struct sql_space *space, struct sql_job *job);

/* A copy of the database into an unnamed file (job->image). */
enum deputy_error sql_export(struct sql_space *space, const struct sql_paths *paths, struct sql_job *job);

#endif
