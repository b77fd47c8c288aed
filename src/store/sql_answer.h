/* Answers to SQL requests as JSON (spec/03 section 9.4), within the limits of the request. */
#ifndef STORE_SQL_ANSWER_H
#define STORE_SQL_ANSWER_H

#include "base/json_write.h"
#include "store/sql.h"

struct sqlite3_stmt;

/* What a statement changed. */
struct sql_change {
    int64_t changes;
    bool inserts; /* then last_id is the id of its last row */
    int64_t last_id;
};

struct sql_rows {
    struct buf head; /* {"columns":[...] */
    struct buf body; /* the rows, with a comma between them */
    size_t count;
    size_t max_rows;
    size_t max_bytes;
    size_t columns;
    struct deputy_arena *arena;
};

struct sql_answer {
    struct buf out;
    bool batch;
    bool some; /* a result stands in it */
    struct sql_rows rows;
};

void sql_answer_begin(struct sql_answer *answer, const struct sql_job *job);
void sql_answer_change(struct sql_answer *answer, struct sql_change change);
/* The whole of it, into the job. */
enum deputy_error sql_answer_end(struct sql_answer *answer, struct sql_job *job);

enum deputy_error sql_rows_begin(struct sql_rows *rows, struct deputy_refusal *refusal,
        const struct sql_job *job, struct sqlite3_stmt *raw);
/* The row at which the statement stands. SQL_TOO_LARGE beyond the limits; SQL_ENGINE for a text that is not
 * UTF-8. */
enum deputy_error sql_rows_take(
        struct sql_rows *rows, struct deputy_refusal *refusal, struct sqlite3_stmt *raw);
enum deputy_error sql_rows_end(struct sql_rows *rows, struct sql_answer *answer);

#endif
