/* Bodies of SQL requests. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "node/sql.h"
#include "store/sql_admit.h"

static enum deputy_error refuse(struct deputy_refusal *refusal, enum deputy_error code, const char *what)
{
    *refusal = (struct deputy_refusal){code, {deputy_slice_text(what)}};
    return code;
}

static enum deputy_error refuse_form(struct deputy_refusal *refusal, const char *what)
{
    return refuse(refusal, DEPUTY_E_SQL_FORM, what);
}

/* --- parameters --- */

/* Integers that fit 64 bits without a sign only are most likely meant as integers: not turned into reals. */
static bool is_unsigned_64(struct deputy_slice text)
{
    static const char most[] = "18446744073709551615";
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len < sizeof most - 1 ||
           (text.len == sizeof most - 1 && memcmp(text.ptr, most, text.len) <= 0);
}

static enum deputy_error number_read(
        struct sql_value *out, struct deputy_refusal *refusal, const struct json_value *value)
{
    out->kind = SQL_INTEGER;
    if (json_to_int64(&out->integer, value) == DEPUTY_OK)
        return DEPUTY_OK;
    if (is_unsigned_64(value->raw))
        return refuse(refusal, DEPUTY_E_SQL_INTEGER, "");
    out->kind = SQL_REAL;
    return json_to_double(&out->real, value) == DEPUTY_OK ? DEPUTY_OK
                                                          : refuse_form(refusal, "a number is out of range");
}

static enum deputy_error blob_read(struct deputy_arena *arena, struct sql_value *out,
        struct deputy_refusal *refusal, const struct json_value *value)
{
    uint8_t *bytes = arena_alloc_bytes(arena, value->count + 1);
    size_t len = 0;
    ENSURE(bytes != NULL, refuse_form(refusal, "the request is too large"));
    JSON_EACH (element, value) {
        int64_t byte;
        if (json_to_int64(&byte, element) != DEPUTY_OK || byte < 0 || byte > UINT8_MAX)
            return refuse_form(refusal, "a BLOB is an array of integers from 0 to 255");
        bytes[len++] = (uint8_t)byte;
    }
    *out = (struct sql_value){.kind = SQL_BLOB, .bytes = deputy_slice_bytes(bytes, len)};
    return DEPUTY_OK;
}

static enum deputy_error value_read(struct deputy_arena *arena, struct sql_value *out,
        struct deputy_refusal *refusal, const struct json_value *value)
{
    switch (value->kind) {
    case JSON_NULL:
        out->kind = SQL_NULL;
        return DEPUTY_OK;
    case JSON_FALSE:
    case JSON_TRUE:
        *out = (struct sql_value){.kind = SQL_INTEGER, .integer = value->kind == JSON_TRUE};
        return DEPUTY_OK;
    case JSON_NUMBER:
        return number_read(out, refusal, value);
    case JSON_STRING:
        *out = (struct sql_value){.kind = SQL_TEXT, .bytes = value->text};
        return DEPUTY_OK;
    case JSON_ARRAY:
        return blob_read(arena, out, refusal, value);
    default:
        return refuse_form(refusal, "a parameter is null, a boolean, a number, a text or an array of bytes");
    }
}

enum deputy_error sql_params_read(struct deputy_arena *arena, const struct sql_value **out, size_t *count,
        struct deputy_refusal *refusal, const struct json_value *params)
{
    *out = NULL;
    *count = 0;
    if (params == NULL)
        return DEPUTY_OK;
    if (params->kind != JSON_ARRAY)
        return refuse_form(refusal, "params is an array");
    struct sql_value *values = ARENA_ARRAY(arena, struct sql_value, params->count);
    ENSURE(values != NULL || params->count == 0, refuse_form(refusal, "the request is too large"));
    JSON_EACH (param, params)
        TRY(value_read(arena, &values[(*count)++], refusal, param));
    *out = values;
    return DEPUTY_OK;
}

/* --- statements --- */

static enum deputy_error statement_read(struct deputy_arena *arena, struct sql_statement *out,
        struct deputy_refusal *refusal, const struct json_value *object)
{
    if (json_to_text(&out->sql, json_member(object, "sql")) != DEPUTY_OK)
        return refuse_form(refusal, "sql is a text");
    return sql_params_read(arena, &out->params, &out->param_count, refusal, json_member(object, "params"));
}

static enum deputy_error statements_read(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct json_value *list)
{
    if (!json_is(list, JSON_ARRAY))
        return refuse_form(refusal, "statements is an array of objects with sql and params");
    struct sql_statement *statements = ARENA_ARRAY(arena, struct sql_statement, list->count);
    ENSURE(statements != NULL || list->count == 0, refuse_form(refusal, "the request is too large"));
    JSON_EACH (object, list)
        TRY(statement_read(arena, &statements[out->statement_count++], refusal, object));
    out->statements = statements;
    return DEPUTY_OK;
}

static enum deputy_error statement_single(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct json_value *body)
{
    struct sql_statement *statement = ARENA_NEW(arena, struct sql_statement);
    ENSURE(statement != NULL, refuse_form(refusal, "the request is too large"));
    TRY(statement_read(arena, statement, refusal, body));
    out->statements = statement;
    out->statement_count = 1;
    return DEPUTY_OK;
}

static enum deputy_error schema_read(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct json_value *list)
{
    if (list == NULL || list->kind == JSON_NULL)
        return DEPUTY_OK;
    if (list->kind != JSON_ARRAY)
        return refuse_form(refusal, "schema is an array of texts");
    struct sql_statement *statements = ARENA_ARRAY(arena, struct sql_statement, list->count);
    ENSURE(statements != NULL || list->count == 0, refuse_form(refusal, "the request is too large"));
    JSON_EACH (text, list) {
        if (json_to_text(&statements[out->schema_count++].sql, text) != DEPUTY_OK)
            return refuse_form(refusal, "schema is an array of texts");
    }
    out->schema = statements;
    return DEPUTY_OK;
}

static enum deputy_error limit_read(size_t *out, struct deputy_refusal *refusal,
        const struct json_value *value, size_t most, const char *range)
{
    int64_t limit;
    if (value == NULL || value->kind == JSON_NULL)
        return DEPUTY_OK;
    if (json_to_int64(&limit, value) != DEPUTY_OK || limit < 0)
        return refuse_form(refusal, "maxRows and maxBytes are integers");
    if (limit < 1 || (uint64_t)limit > most)
        return refuse(refusal, DEPUTY_E_SQL_INVALID, range);
    *out = (size_t)limit;
    return DEPUTY_OK;
}

static enum deputy_error query_read(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct json_value *body)
{
    TRY(statement_single(arena, out, refusal, body));
    TRY(limit_read(&out->max_rows, refusal, json_member(body, "maxRows"), SQL_ROWS_MAX,
            "maxRows must be between 1 and 1000"));
    return limit_read(&out->max_bytes, refusal, json_member(body, "maxBytes"), SQL_BYTES_MAX,
            "maxBytes must be between 1 and 4194304");
}

static enum deputy_error named_read(struct deputy_arena *arena, struct sql_asking *asking,
        struct deputy_refusal *refusal, const struct json_value *body)
{
    asking->named = true;
    if (json_to_text(&asking->name, json_member(body, "name")) != DEPUTY_OK)
        return refuse_form(refusal, "name is a text");
    return sql_params_read(
            arena, &asking->params, &asking->param_count, refusal, json_member(body, "params"));
}

/* --- the whole --- */

static enum deputy_error action_read(
        struct sql_asking *asking, struct deputy_refusal *refusal, const struct json_value *body)
{
    static const struct {
        const char *text;
        enum sql_action action;
    } actions[] = {
            {"query", SQL_QUERY},
            {"execute", SQL_EXECUTE},
            {"batch", SQL_BATCH},
            {"executeStatement", SQL_NAMED},
            {"execute_statement", SQL_NAMED},
            {"export", SQL_EXPORT},
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (json_text_is(json_member(body, "action"), actions[i].text)) {
            asking->action = actions[i].action;
            return DEPUTY_OK;
        }
    }
    return refuse_form(refusal, "action is one of query, execute, batch, executeStatement, export");
}

static enum deputy_error body_read(struct deputy_arena *arena, struct sql_request *out,
        struct sql_asking *asking, struct deputy_refusal *refusal, const struct json_value *body)
{
    TRY(action_read(asking, refusal, body));
    out->action = asking->action;
    switch (asking->action) {
    case SQL_QUERY:
        return query_read(arena, out, refusal, body);
    case SQL_EXECUTE:
        TRY(schema_read(arena, out, refusal, json_member(body, "schema")));
        return statement_single(arena, out, refusal, body);
    case SQL_BATCH:
        return statements_read(arena, out, refusal, json_member(body, "statements"));
    case SQL_NAMED:
        return named_read(arena, asking, refusal, body);
    default:
        return DEPUTY_OK;
    }
}

static bool any_pragma(const struct sql_statement *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sql_kind_of(statements[i].sql) == SQL_KIND_PRAGMA)
            return true;
    }
    return false;
}

/* Clients read from this refusal which permission to ask for. */
static enum deputy_error pragma_check(struct deputy_arena *arena, const struct sql_request *request,
        struct deputy_refusal *refusal, const struct sql_target *target)
{
    if (request->rights.admin || (!any_pragma(request->schema, request->schema_count) &&
                                         !any_pragma(request->statements, request->statement_count)))
        return DEPUTY_OK;
    struct buf resource = buf_make(arena, target->space.len + target->path.len + 16);
    buf_put(&resource, target->space);
    buf_put_text(&resource, "/sql/");
    buf_put(&resource, target->path);
    refusal->code = DEPUTY_E_UNAUTHORIZED_ACTION;
    refusal->args[1] = deputy_slice_text("tinycloud.sql/admin");
    TRY(buf_finish(&resource, &refusal->args[0]));
    return refusal->code;
}

enum deputy_error sql_request_read(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct sql_target *target, struct deputy_slice body)
{
    const struct json_value *json;
    struct sql_asking asking = {0};
    enum deputy_error error = json_parse(arena, &json, body);
    if (error != DEPUTY_OK)
        return refuse_form(refusal, deputy_error_info(error)->text);
    out->rights = target->rights;
    TRY(body_read(arena, out, &asking, refusal, json));
    TRY(pragma_check(arena, out, refusal, target));
    if (target->caveat_count > 0)
        return sql_profile_apply(arena, out, target, &asking);
    return sql_narrowing_apply(arena, out, refusal, target, &asking);
}
