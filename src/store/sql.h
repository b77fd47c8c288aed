/*
 * SQL spaces (spec/03 section 9): one durable SQLite file for each database that a space has, below sql/ in
 * the data directory, named by a hash. Each database belongs to one worker thread, which runs its requests
 * one after the other; a request is one transaction.
 *
 * Nothing that a request says is trusted: statements are admitted by kind, then held by an authorizer while
 * they are prepared and while they run, under limits of time, memory and size. Tokens are not known here:
 * what may be done comes in as rights and narrowings.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <stdatomic.h>

enum {
    SQL_NAME_BYTES = 32,
    SQL_ROWS_MAX = 1000,                 /* that a client may ask for */
    SQL_BYTES_MAX = 4 * 1024 * 1024,     /* likewise */
    SQL_RESPONSE_MAX = 10 * 1024 * 1024, /* of an answer without a limit of its own */
    SQL_LENGTH_MAX = 16 * 1024 * 1024,   /* of one value */
    SQL_MEMORY_MAX = 64 * 1024 * 1024,   /* that one request may take beside its answer */
    SQL_STATEMENT_MAX = 1000000,         /* bytes of one statement */
    SQL_ARENA_MAX = 128 * 1024 * 1024,   /* of the arena of a job: its request and its answer */
    SQL_QUEUE_MAX = 128,                 /* requests that may wait for one database */
    SQL_TABLES_MAX = 64                  /* written tables that one request tells of */
};

/* A database: the hash of its space and its full path (spec/03 section 9.1). */
struct sql_name {
    uint8_t bytes[SQL_NAME_BYTES];
};
void sql_name_make(struct sql_name *out, struct deputy_slice space, struct deputy_slice path);

enum sql_value_kind { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_value_kind kind;
    int64_t integer;
    double real;
    struct deputy_slice bytes; /* of a text or blob */
};

struct sql_statement {
    struct deputy_slice sql; /* UTF-8 */
    const struct sql_value *params;
    size_t param_count;
};

/* What is held on the database. A statement runs under one of them that allows it (section 9.2). */
struct sql_rights {
    bool read, write, schema, admin;
};

struct sql_names {
    bool given; /* else everything */
    const struct deputy_slice *names;
    size_t count;
};

/* What the invoker itself leaves out of its rights (section 9.7). */
struct sql_narrowing {
    bool read_only;
    struct sql_names tables, columns;
};

enum sql_action {
    SQL_QUERY,   /* one statement, its rows */
    SQL_EXECUTE, /* one statement, what it changed */
    SQL_NAMED,   /* one statement: its rows when it has any, else what it changed */
    SQL_BATCH,   /* what each changed */
    SQL_EXPORT   /* a copy of the database, as a file */
};

struct sql_request {
    struct sql_name database;
    enum sql_action action;
    const struct sql_statement *schema; /* run first, in the same transaction */
    size_t schema_count;
    const struct sql_statement *statements;
    size_t statement_count;
    struct sql_rights rights;
    struct sql_narrowing narrowing;
    size_t max_rows;  /* 0: no limit */
    size_t max_bytes; /* of the answer; 0: SQL_RESPONSE_MAX */
};

/* A change that is about to be committed. */
struct sql_effect {
    uint64_t bytes; /* of the database afterwards */
    const struct deputy_slice *tables;
    size_t table_count;
};

struct sql_job;

/*
 * Each on the worker's thread, where it may wait. begin: fills in the request, but for the database, which is
 * known when it is submitted. change: before the
 * first statement that writes runs. commit: all has run, and becomes durable when this succeeds; *mark (0:
 * none) is written with it, for sql_mark_read. committed: it is durable. An error undoes everything.
 */
struct sql_hooks {
    enum deputy_error (*begin)(struct sql_job *job);
    enum deputy_error (*change)(struct sql_job *job);
    enum deputy_error (*commit)(struct sql_job *job, const struct sql_effect *effect, int32_t *mark);
    void (*committed)(struct sql_job *job);
    void (*done)(struct sql_job *job); /* the job is the submitter's again */
};

/* The submitter keeps it alive, and away from others, until done. Results live in the arena. */
struct sql_job {
    struct sql_request request;
    const struct sql_hooks *hooks;
    struct deputy_arena *arena; /* at most SQL_ARENA_MAX */
    struct deputy_refusal refusal;
    struct deputy_slice answer; /* JSON, when nothing was refused */
    int image;                  /* of SQL_EXPORT: an open file, for the submitter to close; else -1 */
    uint64_t image_bytes;
    bool wrote;
    bool recorded;        /* the store knows of the change: the database stays, even if its commit fails */
    atomic_bool gone;     /* set by anybody: nobody waits for the answer, so it need not be found */
    struct sql_job *next; /* the pool's own, until done */
};

struct sql_pool;

struct sql_config {
    const char *directory; /* of the store */
    size_t workers;
    size_t handles;     /* open at once, of all workers */
    uint32_t time_ms;   /* that one request may run */
    uint32_t idle_ms;   /* after which an unused database is closed */
    uint64_t max_bytes; /* of one database */
};

enum deputy_error sql_pool_create(struct sql_pool **out, const struct sql_config *config);

/* Finishes what was submitted, and closes every database. NULL is allowed. */
void sql_pool_destroy(struct sql_pool *pool);

/* done is called exactly once; at once, with STORE_BUSY, when too much waits for the database. */
void sql_submit(struct sql_pool *pool, struct sql_job *job);

/* How many databases are open. */
size_t sql_pool_open(const struct sql_pool *pool);

/* In a store's directory: the mark of the last commit that had one; 0 when there is none, or no such
 * database. For a pool that runs nothing of that database. */
enum deputy_error sql_mark_read(int32_t *out, const char *directory, const struct sql_name *name);

#endif
