#include "run/toml.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/try.h"

/* How a name came to be: a table may be opened once, by one way. */
enum name_kind {
    NAME_IMPLIED, /* a table, only because one inside it was opened */
    NAME_OPENED,  /* a table, by [its.name] */
    NAME_DOTTED,  /* a table, by a dotted key */
    NAME_VALUE,
};

struct toml_name {
    struct deputy_slice path;
    enum name_kind kind;
    struct toml_name *next;
};

struct toml_reader {
    struct deputy_arena *arena;
    struct deputy_slice rest;
    unsigned line;
    const char *problem;
    struct deputy_slice table; /* path of the open table; empty: the root */
    struct toml_name *names;
    size_t name_count;
    const struct toml_entry **end;
};

static enum deputy_error fail(struct toml_reader *r, const char *problem)
{
    r->problem = problem;
    return DEPUTY_E_CONFIG_SYNTAX;
}

#define EXPECT(reader, condition, problem)                                                                   \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return fail((reader), (problem));                                                                \
    } while (0)

/* ---- characters ---- */

static int peek(const struct toml_reader *r)
{
    return r->rest.len > 0 ? r->rest.ptr[0] : -1;
}

static void skip(struct toml_reader *r, size_t count)
{
    r->rest.ptr += count;
    r->rest.len -= count;
}

static bool starts_with(const struct toml_reader *r, const char *text)
{
    return r->rest.len >= strlen(text) && memcmp(r->rest.ptr, text, strlen(text)) == 0;
}

static bool take(struct toml_reader *r, const char *text)
{
    bool found = starts_with(r, text);
    skip(r, found ? strlen(text) : 0);
    return found;
}

static bool is_control(int character)
{
    return (character >= 0 && character < ' ' && character != '\t') || character == 0x7f;
}

static void skip_blanks(struct toml_reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        skip(r, 1);
}

static enum deputy_error skip_comment(struct toml_reader *r)
{
    if (peek(r) != '#')
        return DEPUTY_OK;
    while (peek(r) >= 0 && !starts_with(r, "\n") && !starts_with(r, "\r\n")) {
        EXPECT(r, !is_control(peek(r)), "a control character in a comment");
        skip(r, 1);
    }
    return DEPUTY_OK;
}

/* Blanks, a comment, and the line's end or the file's. */
static enum deputy_error take_line_end(struct toml_reader *r)
{
    skip_blanks(r);
    TRY(skip_comment(r));
    EXPECT(r, peek(r) < 0 || take(r, "\n") || take(r, "\r\n"), "something after the value");
    r->line++;
    return DEPUTY_OK;
}

/* Blanks, comments and line ends, as they may stand in an array. */
static enum deputy_error skip_space(struct toml_reader *r)
{
    for (;;) {
        skip_blanks(r);
        TRY(skip_comment(r));
        if (!take(r, "\n") && !take(r, "\r\n"))
            return DEPUTY_OK;
        r->line++;
    }
}

/* ---- strings ---- */

static enum deputy_error take_unicode(struct toml_reader *r, struct buf *out, size_t digits)
{
    uint32_t character = 0;
    for (size_t i = 0; i < digits; i++) {
        uint8_t nibble;
        uint8_t pair[2] = {'0', (uint8_t)peek(r)};
        EXPECT(r, peek(r) >= 0 && hex_read_fixed(&nibble, 1, deputy_slice_bytes(pair, 2)) == DEPUTY_OK,
                "a broken \\u escape");
        character = character * 16 + nibble;
        skip(r, 1);
    }
    EXPECT(r, character <= 0x10ffff && (character < 0xd800 || character > 0xdfff), "\\u names no character");
    utf8_put(out, character);
    return DEPUTY_OK;
}

static enum deputy_error take_escape(struct toml_reader *r, struct buf *out)
{
    static const char letters[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    int letter = peek(r);
    const char *at = letter > 0 ? strchr(letters, letter) : NULL;
    EXPECT(r, at != NULL || letter == 'u' || letter == 'U', "an unknown escape");
    skip(r, 1);
    if (at == NULL)
        return take_unicode(r, out, letter == 'u' ? 4 : 8);
    buf_put_byte(out, (uint8_t)values[at - letters]);
    return DEPUTY_OK;
}

/* A one-line string; the reader stands on its quote. Only double quotes know escapes. */
static enum deputy_error take_string(struct toml_reader *r, struct deputy_slice *out)
{
    int quote = peek(r);
    EXPECT(r, !starts_with(r, "\"\"\"") && !starts_with(r, "'''"),
            "strings of several lines are not supported");
    struct buf text = buf_make(r->arena, r->rest.len);
    skip(r, 1);
    while (peek(r) != quote) {
        EXPECT(r, peek(r) >= 0 && !is_control(peek(r)), "a string that does not end on its line");
        if (quote == '"' && take(r, "\\")) {
            TRY(take_escape(r, &text));
        } else {
            buf_put_byte(&text, (uint8_t)peek(r));
            skip(r, 1);
        }
    }
    skip(r, 1);
    return buf_finish(&text, out);
}

/* ---- values ---- */

static bool is_word(int character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || character == '-' || character == '_';
}

static bool is_digit(int character)
{
    return character >= '0' && character <= '9';
}

/* Digits with single underscores between them, no leading zero. */
static enum deputy_error take_integer(struct toml_reader *r, int64_t *out)
{
    static const char unsupported[] = "not a string, decimal integer, boolean or array";
    bool negative = take(r, "-");
    if (!negative)
        take(r, "+");
    EXPECT(r, is_digit(peek(r)), unsupported);
    bool zero = peek(r) == '0', underscore = false;
    int64_t value = 0;
    for (size_t i = 0; is_word(peek(r)) || peek(r) == '.' || peek(r) == ':'; i++, skip(r, 1)) {
        bool was_underscore = underscore;
        underscore = peek(r) == '_';
        EXPECT(r, (is_digit(peek(r)) && (!zero || i == 0)) || (underscore && !was_underscore), unsupported);
        if (underscore)
            continue;
        int digit = peek(r) - '0';
        EXPECT(r,
                !__builtin_mul_overflow(value, 10, &value) &&
                        !__builtin_sub_overflow(value, negative ? digit : -digit, &value),
                "an integer beyond 64 bits");
    }
    EXPECT(r, !underscore, unsupported);
    *out = value;
    return DEPUTY_OK;
}

static enum deputy_error take_scalar(struct toml_reader *r, struct toml_value *out)
{
    if (peek(r) == '"' || peek(r) == '\'') {
        out->kind = TOML_TEXT;
        return take_string(r, &out->text);
    }
    if (starts_with(r, "true") || starts_with(r, "false")) {
        out->kind = TOML_BOOLEAN;
        out->boolean = take(r, "true") || !take(r, "false");
        EXPECT(r, !is_word(peek(r)), "not a value");
        return DEPUTY_OK;
    }
    out->kind = TOML_INTEGER;
    return take_integer(r, &out->integer);
}

static enum deputy_error take_array(struct toml_reader *r, struct toml_value *out)
{
    const struct toml_value **end = &out->first;
    out->kind = TOML_ARRAY;
    skip(r, 1);
    TRY(skip_space(r));
    while (!take(r, "]")) {
        struct toml_value *item = ARENA_NEW(r->arena, struct toml_value);
        ENSURE(item != NULL, arena_error(r->arena));
        TRY(take_scalar(r, item));
        *end = item;
        end = &item->next;
        TRY(skip_space(r));
        bool comma = take(r, ",");
        TRY(skip_space(r));
        EXPECT(r, comma || peek(r) == ']', "an array without a comma or its end");
    }
    return DEPUTY_OK;
}

/* ---- names ---- */

static enum deputy_error path_join(
        struct toml_reader *r, struct deputy_slice *out, struct deputy_slice path, struct deputy_slice name)
{
    struct buf joined = buf_make(r->arena, TOML_MAX_BYTES);
    buf_put(&joined, path);
    buf_put_text(&joined, path.len > 0 ? "." : "");
    buf_put(&joined, name);
    return buf_finish(&joined, out);
}

static struct toml_name *name_find(struct toml_reader *r, struct deputy_slice path)
{
    struct toml_name *name = r->names;
    while (name != NULL && !deputy_slice_equal(name->path, path))
        name = name->next;
    return name;
}

static enum deputy_error name_add(struct toml_reader *r, struct deputy_slice path, enum name_kind kind)
{
    EXPECT(r, ++r->name_count <= TOML_MAX_NAMES, "too many settings");
    struct toml_name *name = ARENA_NEW(r->arena, struct toml_name);
    ENSURE(name != NULL, arena_error(r->arena));
    *name = (struct toml_name){path, kind, r->names};
    r->names = name;
    return DEPUTY_OK;
}

/* A table on the way to a name: [a.b] goes through a; a.b = 1 goes through a, and may not reopen what was
 * opened. */
static enum deputy_error name_pass(struct toml_reader *r, struct deputy_slice path, enum name_kind kind)
{
    const struct toml_name *name = name_find(r, path);
    if (name == NULL)
        return name_add(r, path, kind);
    EXPECT(r, name->kind != NAME_VALUE, "a table with the name of a value");
    EXPECT(r, kind == NAME_IMPLIED || name->kind == NAME_DOTTED, "a table that was opened elsewhere");
    return DEPUTY_OK;
}

static enum deputy_error name_define(struct toml_reader *r, struct deputy_slice path, enum name_kind kind)
{
    struct toml_name *name = name_find(r, path);
    if (name == NULL)
        return name_add(r, path, kind);
    EXPECT(r, kind == NAME_OPENED && name->kind == NAME_IMPLIED, "a name that is defined twice");
    name->kind = NAME_OPENED;
    return DEPUTY_OK;
}

static enum deputy_error take_name(struct toml_reader *r, struct deputy_slice *out)
{
    if (peek(r) == '"' || peek(r) == '\'') {
        TRY(take_string(r, out));
    } else {
        *out = deputy_slice_bytes(r->rest.ptr, 0);
        for (; is_word(peek(r)); skip(r, 1))
            out->len++;
    }
    EXPECT(r, out->len > 0, "a name is missing");
    for (size_t i = 0; i < out->len; i++)
        EXPECT(r, is_word(out->ptr[i]), "names of letters, digits, - and _ alone are supported");
    return DEPUTY_OK;
}

/* A dotted name below `path`. The tables on the way are noted as `passed`, the last name as `defined`. */
static enum deputy_error take_path(
        struct toml_reader *r, struct deputy_slice *path, enum name_kind passed, enum name_kind defined)
{
    for (;;) {
        struct deputy_slice name;
        TRY(take_name(r, &name));
        TRY(path_join(r, path, *path, name));
        skip_blanks(r);
        if (!take(r, "."))
            return name_define(r, *path, defined);
        TRY(name_pass(r, *path, passed));
        skip_blanks(r);
    }
}

/* ---- lines ---- */

static enum deputy_error take_table(struct toml_reader *r)
{
    EXPECT(r, !starts_with(r, "[["), "arrays of tables are not supported");
    skip(r, 1);
    skip_blanks(r);
    r->table = deputy_slice_text("");
    TRY(take_path(r, &r->table, NAME_IMPLIED, NAME_OPENED));
    EXPECT(r, take(r, "]"), "a table without its bracket");
    return take_line_end(r);
}

static enum deputy_error take_assignment(struct toml_reader *r)
{
    struct toml_entry *entry = ARENA_NEW(r->arena, struct toml_entry);
    ENSURE(entry != NULL, arena_error(r->arena));
    entry->line = r->line;
    entry->path = r->table;
    TRY(take_path(r, &entry->path, NAME_DOTTED, NAME_VALUE));
    EXPECT(r, take(r, "="), "neither a table nor a name with a value");
    skip_blanks(r);
    EXPECT(r, peek(r) != '{', "inline tables are not supported");
    TRY(peek(r) == '[' ? take_array(r, &entry->value) : take_scalar(r, &entry->value));
    *r->end = entry;
    r->end = &entry->next;
    return take_line_end(r);
}

static enum deputy_error take_line(struct toml_reader *r)
{
    skip_blanks(r);
    if (peek(r) == '#' || peek(r) == '\n' || starts_with(r, "\r\n") || peek(r) < 0)
        return take_line_end(r);
    return peek(r) == '[' ? take_table(r) : take_assignment(r);
}

enum deputy_error toml_parse(struct deputy_arena *arena, const struct toml_entry **out,
        struct toml_problem *problem, struct deputy_slice input)
{
    struct toml_reader reader = {.arena = arena, .rest = input, .line = 1, .end = out};
    enum deputy_error error = DEPUTY_OK;
    *out = NULL;
    reader.table = deputy_slice_text("");
    if (input.len > TOML_MAX_BYTES || !utf8_valid(input))
        error = fail(&reader, "a file of at most 1 MiB of UTF-8 is expected");
    while (error == DEPUTY_OK && reader.rest.len > 0)
        error = take_line(&reader);
    *problem = (struct toml_problem){reader.line, reader.problem};
    return error;
}
