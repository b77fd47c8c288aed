/*
 * What the invoker itself leaves out of its rights, in a fact of its token (spec/03 section 9.7). No
 * boundary: the invoker chooses it. It also holds the texts of named statements.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "node/sql.h"

static bool is_texts(const struct json_value *list)
{
    if (list == NULL || list->kind == JSON_NULL)
        return true;
    if (list->kind != JSON_ARRAY)
        return false;
    JSON_EACH (text, list) {
        if (text->kind != JSON_STRING)
            return false;
    }
    return true;
}

static bool is_statements(const struct json_value *list)
{
    if (list == NULL || list->kind == JSON_NULL)
        return true;
    if (list->kind != JSON_ARRAY)
        return false;
    JSON_EACH (statement, list) {
        if (!json_is(json_member(statement, "name"), JSON_STRING) ||
                !json_is(json_member(statement, "sql"), JSON_STRING))
            return false;
    }
    return true;
}

static bool is_flag(const struct json_value *flag)
{
    return flag == NULL || flag->kind == JSON_NULL || flag->kind == JSON_TRUE || flag->kind == JSON_FALSE;
}

static bool is_narrowing(const struct json_value *value)
{
    return json_is(value, JSON_OBJECT) && is_texts(json_member(value, "tables")) &&
           is_texts(json_member(value, "columns")) && is_statements(json_member(value, "statements")) &&
           is_flag(json_member(value, "readOnly"));
}

/* The first fact that is one; NULL when there is none. */
static enum deputy_error narrowing_find(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice facts)
{
    const struct json_value *list;
    *out = NULL;
    if (!deputy_slice_present(facts))
        return DEPUTY_OK;
    TRY(json_parse(arena, &list, facts));
    if (list->kind != JSON_ARRAY)
        return DEPUTY_OK;
    JSON_EACH (fact, list) {
        const struct json_value *value = json_member(fact, "sqlCaveats");
        if (is_narrowing(value)) {
            *out = value;
            return DEPUTY_OK;
        }
    }
    return DEPUTY_OK;
}

static enum deputy_error names_take(
        struct deputy_arena *arena, struct sql_names *out, const struct json_value *list)
{
    if (!json_is(list, JSON_ARRAY))
        return DEPUTY_OK;
    struct deputy_slice *names = ARENA_ARRAY(arena, struct deputy_slice, list->count);
    ENSURE(names != NULL || list->count == 0, DEPUTY_E_NOMEM);
    JSON_EACH (name, list)
        names[out->count++] = name->text;
    out->names = names;
    out->given = true;
    return DEPUTY_OK;
}

static enum deputy_error refuse(struct deputy_refusal *refusal, struct deputy_slice what)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_SQL_INVALID, {what}};
    return refusal->code;
}

static enum deputy_error refuse_unnamed(
        struct deputy_arena *arena, struct deputy_refusal *refusal, struct deputy_slice name)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, name.len + 64);
    buf_put_text(&out, "Statement '");
    buf_put(&out, name);
    buf_put_text(&out, "' not found");
    TRY(buf_finish(&out, &text));
    return refuse(refusal, text);
}

/* The text that the name stands for, with the parameters that were sent. */
static enum deputy_error statement_take(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct json_value *narrowing, const struct sql_asking *asking)
{
    struct sql_statement *statement = ARENA_NEW(arena, struct sql_statement);
    ENSURE(statement != NULL, DEPUTY_E_NOMEM);
    if (narrowing == NULL)
        return refuse(refusal, deputy_slice_text("No caveats found"));
    const struct json_value *list = json_member(narrowing, "statements");
    const struct json_value *one = json_is(list, JSON_ARRAY) ? list->first : NULL;
    while (one != NULL && !deputy_slice_equal(json_member(one, "name")->text, asking->name))
        one = one->next;
    if (one == NULL)
        return refuse_unnamed(arena, refusal, asking->name);
    *statement = (struct sql_statement){json_member(one, "sql")->text, asking->params, asking->param_count};
    out->statements = statement;
    out->statement_count = 1;
    return DEPUTY_OK;
}

enum deputy_error sql_narrowing_apply(struct deputy_arena *arena, struct sql_request *out,
        struct deputy_refusal *refusal, const struct sql_target *target, const struct sql_asking *asking)
{
    const struct json_value *narrowing;
    TRY(narrowing_find(arena, &narrowing, target->facts));
    if (asking->named)
        TRY(statement_take(arena, out, refusal, narrowing, asking));
    TRY(names_take(arena, &out->narrowing.tables, json_member(narrowing, "tables")));
    TRY(names_take(arena, &out->narrowing.columns, json_member(narrowing, "columns")));
    out->narrowing.read_only = json_is(json_member(narrowing, "readOnly"), JSON_TRUE);
    return DEPUTY_OK;
}
