#include "base/json.h"
#include "base/arena.h"
#include "base/json_order.h"
#include "base/json_string.h"
#include "base/try.h"

/* Values are taken from the arena in blocks, which costs less than one by one. */
enum { BLOCK_VALUES = 16 };

struct parser {
    struct deputy_arena *arena;
    const uint8_t *at;
    const uint8_t *end;
    struct json_value *block;
    size_t block_left;
};

/* Children in input order, while they are read. */
struct children {
    struct json_value *parent;
    const struct json_value **link;
};

static enum deputy_error parse_value(struct parser *parser, struct json_value *value, int depth);

static struct json_value *value_new(struct parser *parser)
{
    if (parser->block_left == 0) {
        size_t most = (size_t)(parser->end - parser->at) / 2 + 1; /* a child takes a byte and a separator */
        parser->block_left = most < BLOCK_VALUES ? most : BLOCK_VALUES;
        parser->block = ARENA_ARRAY(parser->arena, struct json_value, parser->block_left);
        if (parser->block == NULL) {
            parser->block_left = 0;
            return NULL;
        }
    }
    parser->block_left--;
    return parser->block++;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The next byte after white space; 0, which begins nothing, at the end. */
static inline uint8_t peek(struct parser *parser)
{
    for (; parser->at < parser->end; parser->at++) {
        if (*parser->at > ' ' || !is_space(*parser->at))
            return *parser->at;
    }
    return 0;
}

/* Takes the byte when it is the next token. */
static inline bool take(struct parser *parser, uint8_t byte)
{
    if (peek(parser) != byte)
        return false;
    parser->at++;
    return true;
}

static enum deputy_error parse_literal(struct parser *parser, const char *word)
{
    size_t len = strlen(word);
    ENSURE((size_t)(parser->end - parser->at) >= len, DEPUTY_E_JSON_SYNTAX);
    ENSURE(memcmp(parser->at, word, len) == 0, DEPUTY_E_JSON_SYNTAX);
    parser->at += len;
    return DEPUTY_OK;
}

static bool at_digit(const struct parser *parser)
{
    return parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9';
}

static bool take_byte(struct parser *parser, uint8_t byte)
{
    if (parser->at == parser->end || *parser->at != byte)
        return false;
    parser->at++;
    return true;
}

static enum deputy_error parse_digits(struct parser *parser)
{
    ENSURE(at_digit(parser), DEPUTY_E_JSON_SYNTAX);
    while (at_digit(parser))
        parser->at++;
    return DEPUTY_OK;
}

/* number = [ minus ] int [ frac ] [ exp ], where int has no leading zero */
static enum deputy_error parse_number(struct parser *parser)
{
    take_byte(parser, '-');
    if (take_byte(parser, '0'))
        ENSURE(!at_digit(parser), DEPUTY_E_JSON_SYNTAX);
    else
        TRY(parse_digits(parser));
    if (take_byte(parser, '.'))
        TRY(parse_digits(parser));
    if (take_byte(parser, 'e') || take_byte(parser, 'E')) {
        if (!take_byte(parser, '-'))
            take_byte(parser, '+');
        TRY(parse_digits(parser));
    }
    return DEPUTY_OK;
}

static enum deputy_error parse_child(
        struct parser *parser, struct children *children, struct deputy_slice key, int depth)
{
    struct json_value *child = value_new(parser);
    ENSURE(child != NULL, arena_error(parser->arena));
    child->key = key;
    *children->link = child;
    children->link = &child->next;
    children->parent->count++;
    return parse_value(parser, child, depth);
}

static enum deputy_error parse_member(struct parser *parser, struct children *children, int depth)
{
    struct deputy_slice key;
    ENSURE(peek(parser) == '"', DEPUTY_E_JSON_SYNTAX);
    TRY(json_string_take(parser->arena, &key, &parser->at, parser->end));
    ENSURE(take(parser, ':'), DEPUTY_E_JSON_SYNTAX);
    return parse_child(parser, children, key, depth);
}

static enum deputy_error parse_object(struct parser *parser, struct json_value *object, int depth)
{
    struct children children = {object, &object->first};
    ENSURE(depth < JSON_MAX_DEPTH, DEPUTY_E_JSON_DEPTH);
    parser->at++;
    if (take(parser, '}'))
        return DEPUTY_OK;
    do
        TRY(parse_member(parser, &children, depth + 1));
    while (take(parser, ','));
    ENSURE(take(parser, '}'), DEPUTY_E_JSON_SYNTAX);
    return json_order_members(parser->arena, object);
}

static enum deputy_error parse_array(struct parser *parser, struct json_value *array, int depth)
{
    struct children children = {array, &array->first};
    ENSURE(depth < JSON_MAX_DEPTH, DEPUTY_E_JSON_DEPTH);
    parser->at++;
    if (take(parser, ']'))
        return DEPUTY_OK;
    do
        TRY(parse_child(parser, &children, (struct deputy_slice){NULL, 0}, depth + 1));
    while (take(parser, ','));
    ENSURE(take(parser, ']'), DEPUTY_E_JSON_SYNTAX);
    return DEPUTY_OK;
}

static enum deputy_error parse_by_kind(
        struct parser *parser, struct json_value *value, uint8_t first, int depth)
{
    switch (first) {
    case '"':
        value->kind = JSON_STRING;
        return json_string_take(parser->arena, &value->text, &parser->at, parser->end);
    case '{':
        value->kind = JSON_OBJECT;
        return parse_object(parser, value, depth);
    case '[':
        value->kind = JSON_ARRAY;
        return parse_array(parser, value, depth);
    case 't':
        value->kind = JSON_TRUE;
        return parse_literal(parser, "true");
    case 'f':
        value->kind = JSON_FALSE;
        return parse_literal(parser, "false");
    case 'n':
        value->kind = JSON_NULL;
        return parse_literal(parser, "null");
    default:
        value->kind = JSON_NUMBER;
        return parse_number(parser);
    }
}

static enum deputy_error parse_value(struct parser *parser, struct json_value *value, int depth)
{
    uint8_t first = peek(parser);
    const uint8_t *begin = parser->at;
    TRY(parse_by_kind(parser, value, first, depth));
    value->raw = deputy_slice_bytes(begin, (size_t)(parser->at - begin));
    return DEPUTY_OK;
}

enum deputy_error json_parse(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice input)
{
    ENSURE(input.len > 0, DEPUTY_E_JSON_SYNTAX);
    ENSURE(input.len <= UINT32_MAX, DEPUTY_E_LIMIT);
    struct parser parser = {.arena = arena, .at = input.ptr, .end = input.ptr + input.len};
    struct json_value *value = value_new(&parser);
    ENSURE(value != NULL, arena_error(arena));
    TRY(parse_value(&parser, value, 0));
    peek(&parser);
    ENSURE(parser.at == parser.end, DEPUTY_E_JSON_TRAILING);
    *out = value;
    return DEPUTY_OK;
}
