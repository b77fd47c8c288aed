/*
 * One SQLite connection and its prepared statements: the only place that sees the library. A connection is
 * used by one thread at a time.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>

struct sqlite3;
struct sqlite3_stmt;

/*
 * What a result of SQLite says of the file or its directory; DEPUTY_OK when it says nothing of them. The same
 * for the store and for users' databases, which differ in what a full disk, a failed read or write, and all
 * other results mean.
 */
enum deputy_error db_file_error(int result);

/* errno, after a failed read or write: does it say that there is no room? */
bool db_no_room(void);

/* A place for each statement that is prepared once a connection. */
enum db_slot {
    DB_BEGIN,
    DB_BEGIN_IMMEDIATE,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_SAVEPOINT,
    DB_RELEASE,
    DB_ROLLBACK_TO,
    DB_SEAL_FIND,
    DB_SEAL_INSERT,
    DB_SPACE_INSERT,
    DB_SPACE_FIND,
    DB_DELEGATION_INSERT,
    DB_DELEGATION_LOAD,
    DB_REVOCATION_INSERT,
    DB_REVOCATION_FIND,
    DB_REVOCATION_NEXT,
    DB_REVOCATION_LINK,
    DB_REVOCATION_LAST,
    DB_HEAD_FIND,
    DB_HEAD_SET,
    DB_INVOCATION_INSERT,
    DB_EVENT_INSERT,
    DB_CURRENT_SET,
    DB_CURRENT_FIND,
    DB_KV_GET,
    DB_KV_HEAD,
    DB_KV_LIST,
    DB_COUNT,
    DB_CONTENT_INSERT,
    DB_USAGE_ADD,
    DB_USAGE,
    DB_USAGE_LIST,
    DB_WEBHOOK_COUNT,
    DB_WEBHOOK_INSERT,
    DB_WEBHOOK_FIND,
    DB_WEBHOOK_LIST,
    DB_WEBHOOK_END,
    DB_DELIVERY_END,
    DB_DELIVERY_PRUNE,
    DB_DELIVERY_INSERT,
    DB_DELIVERY_NEXT,
    DB_DELIVERY_LOAD,
    DB_DELIVERY_DONE,
    DB_DELIVERY_RETRY,
    DB_DELIVERY_BURY,
    DB_DELIVERY_DROP,
    DB_DELIVERY_FORGET,
    DB_DELIVERY_PRUNE_ALL,
    DB_WAITING_ADD,
    DB_WAITING_FIND,
    DB_WAITING_MOST,
    DB_NETWORK_INSERT,
    DB_NETWORK_FIND,
    DB_NETWORK_REVOKE,
    DB_DECRYPTION_INSERT,
    DB_REPLAY_INSERT,
    DB_REPLAY_LOAD,
    DB_REPLAY_PRUNE,
    DB_REPLAY_PAGE_INSERT,
    DB_REPLAY_PAGE_LOAD,
    DB_REPLAY_PAGE_PRUNE,
    DB_CITED_INSERT,
    DB_FILE_NEEDED,
    DB_LISTING_INSERT,
    DB_LIST_BY_SPACE,
    DB_LIST_BY_PRINCIPAL,
    DB_LISTED_FIND,
    DB_AUDIT_LISTING,
    DB_REVOKED_BY,
    DB_TICKET_INSERT,
    DB_TICKET_FIND,
    DB_TICKET_PRUNE,
    DB_SQL_FIND,
    DB_SQL_SET,
    DB_SQL_INTENT_INSERT,
    DB_SQL_INTENT_END,
    DB_SQL_INTENT_NEXT,
    DB_SEALED_PUT,
    DB_SEALED_GET,
    DB_SEALED_DELETE,
    DB_SEALED_LIST,
    DB_SLOTS
};

struct db {
    struct sqlite3 *handle;
    struct sqlite3_stmt *statements[DB_SLOTS];
    int wal_pages; /* frames in the write-ahead log after the last commit */
};

enum db_mode { DB_WRITER, DB_READER };

/* Sets the library up, once a process: before anything else of it is used. */
void db_library_start(void);

/* Opens the file, which exists; nothing in it is trusted to run. Close also after a failure. */
enum deputy_error db_open(struct db *db, const char *path, enum db_mode mode);
void db_close(struct db *db);

/* Runs statements that return no rows and take no arguments. */
enum deputy_error db_exec(struct db *db, const char *sql);

/* The first column of the first row, as an integer. */
enum deputy_error db_query_int(struct db *db, int64_t *out, const char *sql);

/* Is a transaction open? A full disk can end one behind our back. */
bool db_in_transaction(const struct db *db);

/* A time as rows hold it: microseconds since 1970, cut; the nearest there is when it is out of range. */
int64_t db_time(const struct deputy_time *time);

/* Rows that the last statement inserted, changed or removed; and the id of the last inserted one. */
int64_t db_changes(const struct db *db);
int64_t db_last_id(const struct db *db);

/* Copies the state that the connection's transaction sees into a new file at the path, synced. */
enum deputy_error db_copy(struct db *db, const char *path);

/* Moves what is in the write-ahead log into the database, as far as readers allow. */
enum deputy_error db_checkpoint(struct db *db);

/*
 * A statement in use. Bind the arguments in order; the first failure sticks and is told by the step. Columns
 * are numbered from 0 and live until the next step.
 */
struct statement {
    struct db *db;
    struct sqlite3_stmt *raw;
    int bound;
    int failed; /* result code of the first bind that failed */
};

enum deputy_error statement_begin(
        struct statement *statement, struct db *db, enum db_slot slot, const char *sql);
/* A statement that is used once a connection; ended with statement_drop. */
enum deputy_error statement_once(struct statement *statement, struct db *db, const char *sql);
void statement_drop(struct statement *statement);
/* For DEFER: makes the statement ready for its next use. */
void statement_end(struct statement *statement);

void bind_int(struct statement *statement, int64_t value);
void bind_null(struct statement *statement);
/* The bytes must live until the statement ends. An absent slice binds as empty, not as NULL. */
void bind_blob(struct statement *statement, struct deputy_slice bytes);
void bind_text(struct statement *statement, struct deputy_slice text);
/* As db_time; NULL for no time. */
void bind_time(struct statement *statement, const struct deputy_time *time);

/* To the next row; *row is false behind the last. */
enum deputy_error statement_step(struct statement *statement, bool *row);
/* For statements without rows. */
enum deputy_error statement_run(struct statement *statement);

int64_t column_int(const struct statement *statement, int column);
bool column_null(const struct statement *statement, int column);
/* Bytes of a blob or text, never absent. A large one may be read from the disk here, and fail. */
enum deputy_error column_bytes(const struct statement *statement, int column, struct deputy_slice *out);
/* The same, kept in the arena. */
enum deputy_error column_copy(
        struct deputy_arena *arena, struct deputy_slice *out, const struct statement *statement, int column);

/* Begin, run and end in one, for the statements of transactions. */
enum deputy_error db_run(struct db *db, enum db_slot slot, const char *sql);

#endif
