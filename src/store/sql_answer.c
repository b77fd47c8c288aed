#include "store/sql_answer.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>

enum { ANSWER_MAX = 2 * SQL_RESPONSE_MAX, NUMBER_BYTES = 32 };

/* --- values --- */

/* A number as the shortest text that reads back as it, and never as an integer. */
static void put_real(struct buf *out, double number)
{
    size_t start = out->len;
    if (!isfinite(number)) {
        buf_put_text(out, "null");
        return;
    }
    json_put_double(out, number);
    for (size_t i = start; i < out->len; i++) {
        if (out->ptr[i] == '.' || out->ptr[i] == 'e')
            return;
    }
    buf_put_text(out, ".0");
}

static void put_integer(struct buf *out, int64_t number)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%lld", (long long)number);
    buf_put_text(out, text);
}

static void put_blob(struct buf *out, struct deputy_slice bytes)
{
    buf_put_byte(out, '[');
    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0)
            buf_put_byte(out, ',');
        buf_put_decimal(out, bytes.ptr[i]);
    }
    buf_put_byte(out, ']');
}

static struct deputy_slice column_slice(struct sqlite3_stmt *raw, int column)
{
    const void *ptr = sqlite3_column_blob(raw, column);
    size_t len = (size_t)sqlite3_column_bytes(raw, column);
    return deputy_slice_bytes(ptr != NULL ? ptr : "", ptr != NULL ? len : 0);
}

static enum deputy_error put_text(struct buf *out, struct deputy_refusal *refusal, struct deputy_slice text)
{
    if (!utf8_valid(text)) {
        *refusal = (struct deputy_refusal){DEPUTY_E_SQL_ENGINE,
                {deputy_slice_text("a text of the result is not UTF-8: select it as a BLOB")}};
        return refusal->code;
    }
    json_put_text(out, text);
    return DEPUTY_OK;
}

static enum deputy_error put_column(
        struct buf *out, struct deputy_refusal *refusal, struct sqlite3_stmt *raw, int column)
{
    switch (sqlite3_column_type(raw, column)) {
    case SQLITE_INTEGER:
        put_integer(out, sqlite3_column_int64(raw, column));
        return DEPUTY_OK;
    case SQLITE_FLOAT:
        put_real(out, sqlite3_column_double(raw, column));
        return DEPUTY_OK;
    case SQLITE_TEXT:
        return put_text(out, refusal, column_slice(raw, column));
    case SQLITE_BLOB:
        put_blob(out, column_slice(raw, column));
        return DEPUTY_OK;
    default:
        buf_put_text(out, "null");
        return DEPUTY_OK;
    }
}

/* --- rows --- */

static void put_count(struct buf *out, const struct sql_rows *rows)
{
    buf_put_text(out, ",\"rowCount\":");
    buf_put_decimal(out, rows->count);
    buf_put_text(out, ",\"rows\":[");
}

/* The bytes of the whole answer as far as it goes. */
static size_t rows_size(const struct sql_rows *rows)
{
    char count[NUMBER_BYTES];
    int digits = snprintf(count, sizeof count, "%zu", rows->count);
    return rows->head.len + rows->body.len + sizeof(",\"rowCount\":,\"rows\":[]}") - 1 + (size_t)digits;
}

static enum deputy_error rows_check(struct sql_rows *rows, struct deputy_refusal *refusal)
{
    bool fails = rows->body.error != DEPUTY_OK || rows->head.error != DEPUTY_OK;
    bool fits = rows_size(rows) <= rows->max_bytes && (rows->max_rows == 0 || rows->count <= rows->max_rows);
    if (fits && !fails)
        return DEPUTY_OK;
    struct buf size = buf_make(rows->arena, NUMBER_BYTES);
    buf_put_decimal(&size, fails ? rows->max_bytes + 1 : rows_size(rows));
    refusal->code = DEPUTY_E_SQL_TOO_LARGE;
    TRY(buf_finish(&size, &refusal->args[0]));
    return refusal->code;
}

enum deputy_error sql_rows_begin(struct sql_rows *rows, struct deputy_refusal *refusal,
        const struct sql_job *job, struct sqlite3_stmt *raw)
{
    const struct sql_request *request = &job->request;
    size_t max = request->max_bytes != 0 ? request->max_bytes : SQL_RESPONSE_MAX;
    *rows = (struct sql_rows){
            .head = buf_make(job->arena, SQL_RESPONSE_MAX),
            .body = buf_make(job->arena, max),
            .max_rows = request->max_rows,
            .max_bytes = max,
            .columns = (size_t)sqlite3_column_count(raw),
            .arena = job->arena,
    };
    buf_put_text(&rows->head, "{\"columns\":[");
    for (size_t i = 0; i < rows->columns; i++) {
        const char *name = sqlite3_column_name(raw, (int)i);
        if (i > 0)
            buf_put_byte(&rows->head, ',');
        TRY(put_text(&rows->head, refusal, deputy_slice_text(name != NULL ? name : "")));
    }
    buf_put_byte(&rows->head, ']');
    return DEPUTY_OK;
}

enum deputy_error sql_rows_take(
        struct sql_rows *rows, struct deputy_refusal *refusal, struct sqlite3_stmt *raw)
{
    if (rows->count++ > 0)
        buf_put_byte(&rows->body, ',');
    buf_put_byte(&rows->body, '[');
    for (size_t i = 0; i < rows->columns; i++) {
        if (i > 0)
            buf_put_byte(&rows->body, ',');
        TRY(put_column(&rows->body, refusal, raw, (int)i));
    }
    buf_put_byte(&rows->body, ']');
    return rows_check(rows, refusal);
}

enum deputy_error sql_rows_end(struct sql_rows *rows, struct sql_answer *answer)
{
    struct deputy_slice head, body;
    TRY(buf_finish(&rows->head, &head));
    TRY(buf_finish(&rows->body, &body));
    if (!buf_reserve(&answer->out, rows_size(rows)))
        return answer->out.error;
    buf_put(&answer->out, head);
    put_count(&answer->out, rows);
    buf_put(&answer->out, body);
    buf_put_text(&answer->out, "]}");
    return DEPUTY_OK;
}

/* --- whole answers --- */

void sql_answer_begin(struct sql_answer *answer, const struct sql_job *job)
{
    *answer = (struct sql_answer){
            .out = buf_make(job->arena, ANSWER_MAX), .batch = job->request.action == SQL_BATCH};
    if (answer->batch)
        buf_put_text(&answer->out, "{\"results\":[");
}

void sql_answer_change(struct sql_answer *answer, struct sql_change change)
{
    if (answer->some)
        buf_put_byte(&answer->out, ',');
    answer->some = true;
    buf_put_text(&answer->out, "{\"changes\":");
    put_integer(&answer->out, change.changes);
    buf_put_text(&answer->out, ",\"lastInsertRowId\":");
    if (change.inserts)
        put_integer(&answer->out, change.last_id);
    else
        buf_put_text(&answer->out, "null");
    buf_put_byte(&answer->out, '}');
}

enum deputy_error sql_answer_end(struct sql_answer *answer, struct sql_job *job)
{
    if (answer->batch)
        buf_put_text(&answer->out, "]}");
    return buf_finish(&answer->out, &job->answer);
}
