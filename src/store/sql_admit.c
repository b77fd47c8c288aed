#include "store/sql_admit.h"
#include "base/try.h"

/* --- words --- */

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_word(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || byte >= 0x80;
}

static struct deputy_slice skip(struct deputy_slice text, size_t count)
{
    return deputy_slice_bytes(text.ptr + count, text.len - count);
}

/* Behind a comment that begins here; a block that does not end takes the rest, as SQLite has it. */
static struct deputy_slice skip_comment(struct deputy_slice text)
{
    bool block = text.ptr[0] == '/';
    size_t at = 2;
    if (!block) {
        while (at < text.len && text.ptr[at] != '\n')
            at++;
        return skip(text, at);
    }
    while (at < text.len && !(text.ptr[at - 1] == '*' && text.ptr[at] == '/' && at > 2))
        at++;
    return skip(text, at < text.len ? at + 1 : text.len);
}

static bool is_comment(struct deputy_slice text)
{
    return text.len >= 2 &&
           ((text.ptr[0] == '-' && text.ptr[1] == '-') || (text.ptr[0] == '/' && text.ptr[1] == '*'));
}

/* A byte order mark is white space to SQLite. */
static bool is_mark(struct deputy_slice text)
{
    return text.len >= 3 && text.ptr[0] == 0xef && text.ptr[1] == 0xbb && text.ptr[2] == 0xbf;
}

static struct deputy_slice skip_blank(struct deputy_slice text)
{
    while (text.len > 0) {
        if (is_space(text.ptr[0]))
            text = skip(text, 1);
        else if (is_mark(text))
            text = skip(text, 3);
        else if (is_comment(text))
            text = skip_comment(text);
        else
            break;
    }
    return text;
}

/* The next word, empty when something else comes; *rest is what follows it. */
static struct deputy_slice word_next(struct deputy_slice *rest)
{
    struct deputy_slice text = skip_blank(*rest);
    size_t len = 0;
    while (len < text.len && is_word(text.ptr[len]))
        len++;
    *rest = skip(text, len);
    return deputy_slice_bytes(text.ptr, len);
}

/* In any case; the keyword is in capitals. */
static bool word_is(struct deputy_slice word, const char *keyword)
{
    size_t i = 0;
    for (; i < word.len && keyword[i] != '\0'; i++) {
        uint8_t byte = word.ptr[i];
        if ((byte >= 'a' && byte <= 'z' ? byte - ('a' - 'A') : byte) != keyword[i])
            return false;
    }
    return i == word.len && keyword[i] == '\0';
}

/* Empty statements before the first one are nothing to SQLite. */
static struct deputy_slice skip_empty(struct deputy_slice sql)
{
    for (sql = skip_blank(sql); sql.len > 0 && sql.ptr[0] == ';';)
        sql = skip_blank(skip(sql, 1));
    return sql;
}

bool sql_is_blank(struct deputy_slice sql)
{
    return skip_empty(sql).len == 0;
}

/* --- kinds --- */

/* Of what follows CREATE. */
static enum sql_kind kind_of_create(struct deputy_slice rest)
{
    struct deputy_slice word = word_next(&rest);
    if (word_is(word, "TEMP") || word_is(word, "TEMPORARY"))
        word = word_next(&rest);
    return word_is(word, "VIRTUAL") || word_is(word, "TRIGGER") ? SQL_KIND_REFUSED : SQL_KIND_DEFINE;
}

enum sql_kind sql_kind_of(struct deputy_slice sql)
{
    static const struct {
        const char *word;
        enum sql_kind kind;
    } kinds[] = {
            {"SELECT", SQL_KIND_READ},
            {"VALUES", SQL_KIND_READ},
            {"WITH", SQL_KIND_WITH},
            {"INSERT", SQL_KIND_WRITE},
            {"REPLACE", SQL_KIND_WRITE},
            {"UPDATE", SQL_KIND_WRITE},
            {"DELETE", SQL_KIND_WRITE},
            {"ALTER", SQL_KIND_DEFINE},
            {"DROP", SQL_KIND_DEFINE},
            {"PRAGMA", SQL_KIND_PRAGMA},
            {"ATTACH", SQL_KIND_ATTACH},
            {"BEGIN", SQL_KIND_REFUSED},
            {"COMMIT", SQL_KIND_REFUSED},
            {"END", SQL_KIND_REFUSED},
            {"ROLLBACK", SQL_KIND_REFUSED},
            {"SAVEPOINT", SQL_KIND_REFUSED},
            {"RELEASE", SQL_KIND_REFUSED},
            {"EXPLAIN", SQL_KIND_REFUSED},
            {"VACUUM", SQL_KIND_REFUSED},
            {"ANALYZE", SQL_KIND_REFUSED},
            {"REINDEX", SQL_KIND_REFUSED},
            {"DETACH", SQL_KIND_REFUSED},
    };
    sql = skip_empty(sql);
    if (sql.len == 0)
        return SQL_KIND_EMPTY;
    struct deputy_slice word = word_next(&sql);
    if (word_is(word, "CREATE"))
        return kind_of_create(sql);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (word_is(word, kinds[i].word))
            return kinds[i].kind;
    }
    return SQL_KIND_UNKNOWN;
}

/* --- rights --- */

static enum deputy_error refuse(struct deputy_refusal *refusal, enum deputy_error code, const char *what)
{
    *refusal = (struct deputy_refusal){code, {deputy_slice_text(what)}};
    return code;
}

static enum deputy_error admit_read(
        enum sql_mode *out, struct deputy_refusal *refusal, const struct sql_rights *rights)
{
    *out = rights->write || rights->admin ? SQL_MODE_WRITE : SQL_MODE_READ;
    if (*out == SQL_MODE_WRITE || rights->read)
        return DEPUTY_OK;
    return refuse(refusal, DEPUTY_E_SQL_DENIED, "Schema ability only permits DDL operations");
}

static enum deputy_error admit_write(
        enum sql_mode *out, struct deputy_refusal *refusal, const struct sql_request *request)
{
    const struct sql_rights *rights = &request->rights;
    *out = SQL_MODE_WRITE;
    if (!rights->write && !rights->admin && rights->schema)
        return refuse(refusal, DEPUTY_E_SQL_DENIED, "Schema ability only permits DDL operations");
    if ((!rights->write && !rights->admin) || request->narrowing.read_only)
        return refuse(refusal, DEPUTY_E_SQL_READ_ONLY, "");
    return DEPUTY_OK;
}

static enum deputy_error admit_define(
        enum sql_mode *out, struct deputy_refusal *refusal, const struct sql_request *request)
{
    const struct sql_rights *rights = &request->rights;
    *out = rights->write || rights->admin ? SQL_MODE_WRITE : SQL_MODE_SCHEMA;
    if (*out == SQL_MODE_SCHEMA && !rights->schema)
        return refuse(refusal, DEPUTY_E_SQL_DENIED, "DDL operations require admin, schema, or write ability");
    return request->narrowing.read_only ? refuse(refusal, DEPUTY_E_SQL_READ_ONLY, "") : DEPUTY_OK;
}

/* A WITH in front of a read needs no more than a read; the authorizer stops what is not one. */
static enum deputy_error admit_with(
        enum sql_mode *out, struct deputy_refusal *refusal, const struct sql_request *request)
{
    TRY(admit_read(out, refusal, &request->rights));
    if (request->narrowing.read_only)
        *out = SQL_MODE_READ;
    return DEPUTY_OK;
}

enum deputy_error sql_admit(enum sql_mode *out, struct deputy_refusal *refusal, enum sql_kind kind,
        const struct sql_request *request, struct deputy_slice sql)
{
    switch (kind) {
    case SQL_KIND_EMPTY:
        return refuse(refusal, DEPUTY_E_SQL_PARSE, "Empty SQL statement");
    case SQL_KIND_ATTACH:
        return refuse(refusal, DEPUTY_E_SQL_DENIED, "ATTACH is not allowed");
    case SQL_KIND_REFUSED:
        *refusal = (struct deputy_refusal){DEPUTY_E_SQL_KIND, {sql}};
        return refusal->code;
    case SQL_KIND_PRAGMA:
        *out = SQL_MODE_ADMIN;
        if (request->rights.admin)
            return DEPUTY_OK;
        return refuse(refusal, DEPUTY_E_SQL_DENIED, "PRAGMA operations require admin ability");
    case SQL_KIND_WRITE:
        return admit_write(out, refusal, request);
    case SQL_KIND_DEFINE:
        return admit_define(out, refusal, request);
    case SQL_KIND_UNKNOWN:
        *out = SQL_MODE_READ;
        return DEPUTY_OK;
    default:
        return admit_with(out, refusal, request);
    }
}
