/*
 * Constrained statements (spec/03 section 9.7): whoever acts under them runs what was granted, word for word,
 * with the granted values in the pinned places. Refusals come in the order of the specification's table.
 */
#include "base/arena.h"
#include "base/try.h"
#include "grant/sql_caveat.h"
#include "node/sql.h"

/* One granted statement. */
struct granted {
    struct deputy_slice sql;
    const struct json_value *pins; /* array, or NULL */
};

static const enum deputy_error raw_refusals[] = {
        [SQL_QUERY] = DEPUTY_E_SQL_RAW_QUERY,
        [SQL_EXECUTE] = DEPUTY_E_SQL_RAW_EXECUTE,
        [SQL_BATCH] = DEPUTY_E_SQL_RAW_BATCH,
        [SQL_EXPORT] = DEPUTY_E_SQL_RAW_EXPORT,
};

/* --- which statement --- */

static bool find_in(struct granted *out, const struct sql_caveat *caveat, struct deputy_slice name)
{
    JSON_EACH (statement, json_member(caveat->profile, "statements")) {
        const struct json_value *text = json_member(statement, "name");
        if (!deputy_slice_equal(text->text, name))
            continue;
        out->sql = json_member(statement, "sql")->text;
        out->pins = json_member(statement, "fixedParams");
        return true;
    }
    return false;
}

/* Of the caveats under which the capabilities were admitted, and of no other. */
static enum deputy_error granted_find(struct deputy_arena *arena, struct granted *out,
        const struct sql_target *target, struct deputy_slice name)
{
    for (size_t i = 0; i < target->caveat_count; i++) {
        const struct json_value *list;
        struct sql_caveat caveat;
        TRY(json_parse(arena, &list, target->caveats[i]));
        ENSURE(sql_caveat_find(&caveat, list), DEPUTY_E_INTERNAL);
        if (find_in(out, &caveat, name))
            return DEPUTY_OK;
    }
    return DEPUTY_E_SQL_UNNAMED;
}

/* --- its text --- */

static bool is_word(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_';
}

static uint8_t upper(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - ('a' - 'A')) : byte;
}

/* Does the text begin with this one, in any case? The sought one is in capitals. */
static bool begins_with(struct deputy_slice text, const char *sought)
{
    size_t i = 0;
    while (sought[i] != '\0' && i < text.len && upper(text.ptr[i]) == (uint8_t)sought[i])
        i++;
    return sought[i] == '\0';
}

static struct deputy_slice from(struct deputy_slice text, size_t at)
{
    return deputy_slice_bytes(text.ptr + at, text.len - at);
}

static bool has_word(struct deputy_slice text, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= text.len; at++) {
        bool starts = at == 0 || !is_word(text.ptr[at - 1]);
        bool ends = at + len == text.len || !is_word(text.ptr[at + len]);
        if (starts && ends && begins_with(from(text, at), word))
            return true;
    }
    return false;
}

static bool may_write(struct deputy_slice sql)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "CREATE", "DROP",
            "ALTER", "TRUNCATE", "ATTACH", "DETACH", "PRAGMA", "VACUUM", "ANALYZE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has_word(sql, words[i]))
            return true;
    }
    return false;
}

static bool is_ending(uint8_t byte)
{
    return byte == ';' || byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* A semicolon outside '...' with something behind it. */
static bool is_several(struct deputy_slice sql)
{
    bool quoted = false;
    while (sql.len > 0 && is_ending(sql.ptr[sql.len - 1]))
        sql.len--;
    for (size_t i = 0; i < sql.len; i++) {
        if (sql.ptr[i] == '\'')
            quoted = !quoted;
        else if (sql.ptr[i] == ';' && !quoted)
            return true;
    }
    return false;
}

/* --- its parameters --- */

static bool is_escape(struct deputy_slice text)
{
    static const char *const sought[] = {"\"", "'", ";", "--", "/*", "*/", " OR 1=1"};
    for (size_t at = 0; at < text.len; at++) {
        for (size_t i = 0; i < sizeof sought / sizeof sought[0]; i++) {
            if (begins_with(from(text, at), sought[i]))
                return true;
        }
    }
    return false;
}

static size_t pin_index(const struct json_value *pin)
{
    int64_t index = 0;
    (void)json_to_int64(&index, json_member(pin, "index"));
    return (size_t)index; /* 0 to SQL_CAVEAT_MAX_PIN: held by the chain decision */
}

/* How many parameters there are once the pins are in place; SQL_OVERRIDE when a pinned one was sent. */
static enum deputy_error pins_check(size_t *count, const struct granted *granted, size_t sent)
{
    *count = sent;
    for (const struct json_value *pin = granted->pins != NULL ? granted->pins->first : NULL; pin != NULL;
            pin = pin->next) {
        size_t index = pin_index(pin);
        ENSURE(index <= SQL_CAVEAT_MAX_PIN, DEPUTY_E_INTERNAL);
        ENSURE(index >= sent, DEPUTY_E_SQL_OVERRIDE);
        if (index + 1 > *count)
            *count = index + 1;
    }
    return DEPUTY_OK;
}

static enum deputy_error sent_check(const struct sql_asking *asking)
{
    for (size_t i = 0; i < asking->param_count; i++)
        ENSURE(asking->params[i].kind != SQL_TEXT || !is_escape(asking->params[i].bytes),
                DEPUTY_E_SQL_ESCAPE);
    for (size_t i = 0; i < asking->param_count; i++)
        ENSURE(asking->params[i].kind != SQL_BLOB, DEPUTY_E_SQL_BIND);
    return DEPUTY_OK;
}

static enum deputy_error pin_value(struct sql_value *out, const struct json_value *value)
{
    ENSURE(value->kind != JSON_ARRAY && value->kind != JSON_OBJECT, DEPUTY_E_SQL_BIND);
    if (value->kind == JSON_STRING)
        *out = (struct sql_value){.kind = SQL_TEXT, .bytes = value->text};
    else if (value->kind == JSON_TRUE || value->kind == JSON_FALSE)
        *out = (struct sql_value){.kind = SQL_INTEGER, .integer = value->kind == JSON_TRUE};
    else if (value->kind == JSON_NUMBER && json_to_int64(&out->integer, value) == DEPUTY_OK)
        out->kind = SQL_INTEGER;
    else if (value->kind == JSON_NUMBER) {
        out->kind = SQL_REAL;
        ENSURE(json_to_double(&out->real, value) == DEPUTY_OK, DEPUTY_E_SQL_BIND);
    }
    return DEPUTY_OK;
}

/* What was sent, then the pinned values in their places, and NULL in the gaps. */
static enum deputy_error params_fill(struct deputy_arena *arena, struct sql_statement *out,
        const struct granted *granted, const struct sql_asking *asking)
{
    TRY(pins_check(&out->param_count, granted, asking->param_count));
    TRY(sent_check(asking));
    struct sql_value *params = ARENA_ARRAY(arena, struct sql_value, out->param_count);
    ENSURE(params != NULL || out->param_count == 0, DEPUTY_E_NOMEM);
    for (size_t i = 0; i < asking->param_count; i++)
        params[i] = asking->params[i];
    for (const struct json_value *pin = granted->pins != NULL ? granted->pins->first : NULL; pin != NULL;
            pin = pin->next)
        TRY(pin_value(&params[pin_index(pin)], json_member(pin, "value")));
    out->params = params;
    return DEPUTY_OK;
}

enum deputy_error sql_profile_apply(struct deputy_arena *arena, struct sql_request *out,
        const struct sql_target *target, const struct sql_asking *asking)
{
    struct granted granted = {0};
    ENSURE(asking->named, raw_refusals[asking->action]);
    TRY(granted_find(arena, &granted, target, asking->name));
    ENSURE(!may_write(granted.sql), DEPUTY_E_SQL_WRITES);
    ENSURE(!is_several(granted.sql), DEPUTY_E_SQL_SEVERAL);
    struct sql_statement *statement = ARENA_NEW(arena, struct sql_statement);
    ENSURE(statement != NULL, DEPUTY_E_NOMEM);
    statement->sql = granted.sql;
    TRY(params_fill(arena, statement, &granted, asking));
    out->statements = statement;
    out->statement_count = 1;
    out->narrowing.read_only = true;
    out->rights =
            (struct sql_rights){.read = target->rights.read || target->rights.write || target->rights.admin,
                    .schema = target->rights.schema};
    return DEPUTY_OK;
}
