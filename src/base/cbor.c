#include "base/cbor.h"
#include "base/arena.h"
#include "base/cbor_head.h"
#include "base/codec.h"
#include "base/try.h"
#include <math.h>

struct parser {
    struct deputy_arena *arena;
    const uint8_t *at;
    const uint8_t *end;
    bool unordered; /* keys may stand in any order */
};

/* Children in input order, while they are read. */
struct children {
    const struct cbor_value **link;
    uint64_t left;
};

static enum deputy_error parse_value(struct parser *parser, struct cbor_value *value, int depth);

static size_t bytes_left(const struct parser *parser)
{
    return (size_t)(parser->end - parser->at);
}

/* The argument's bytes behind the initial byte: 1, 2, 4 or 8, and the value must need so many. */
static enum deputy_error take_long_argument(struct parser *parser, uint8_t minor, uint64_t *argument)
{
    size_t len = (size_t)1 << (minor - CBOR_ARGUMENT_8);
    uint64_t value = 0;
    ENSURE(bytes_left(parser) >= len, DEPUTY_E_CBOR_SYNTAX);
    for (size_t i = 0; i < len; i++)
        value = value << 8 | *parser->at++;
    *argument = value;
    return DEPUTY_OK;
}

static enum deputy_error take_argument(struct parser *parser, struct cbor_head *head)
{
    if (head->minor < CBOR_ARGUMENT_8) {
        head->argument = head->minor;
        return DEPUTY_OK;
    }
    ENSURE(head->minor != CBOR_INDEFINITE, DEPUTY_E_CBOR_CANONICAL);
    ENSURE(head->minor <= CBOR_ARGUMENT_64, DEPUTY_E_CBOR_SYNTAX);
    return take_long_argument(parser, head->minor, &head->argument);
}

/* The initial byte and its argument, in the one shortest form; for simple values and floats as they stand. */
static enum deputy_error take_head(struct parser *parser, struct cbor_head *head)
{
    ENSURE(parser->at < parser->end, DEPUTY_E_CBOR_SYNTAX);
    uint8_t byte = *parser->at++;
    head->major = byte >> 5;
    head->minor = byte & 0x1f;
    TRY(take_argument(parser, head));
    ENSURE(head->major == CBOR_MAJOR_SIMPLE || head->minor == cbor_minor_of(head->argument),
            DEPUTY_E_CBOR_CANONICAL);
    return DEPUTY_OK;
}

static enum deputy_error take_bytes(struct parser *parser, struct deputy_slice *bytes, uint64_t len)
{
    ENSURE(len <= bytes_left(parser), DEPUTY_E_CBOR_SYNTAX);
    *bytes = deputy_slice_bytes(parser->at, (size_t)len);
    parser->at += len;
    return DEPUTY_OK;
}

static enum deputy_error take_text(struct parser *parser, struct deputy_slice *text, uint64_t len)
{
    TRY(take_bytes(parser, text, len));
    ENSURE(utf8_valid(*text), DEPUTY_E_UTF8);
    return DEPUTY_OK;
}

/* The number of children is believed only when so many can follow: a child takes a byte, a member two. */
static enum deputy_error children_begin(struct children *children, const struct parser *parser,
        struct cbor_value *parent, uint64_t count, size_t least_bytes)
{
    ENSURE(count <= bytes_left(parser) / least_bytes, DEPUTY_E_CBOR_SYNTAX);
    parent->count = (uint32_t)count;
    *children = (struct children){&parent->first, count};
    return DEPUTY_OK;
}

static enum deputy_error parse_child(
        struct parser *parser, struct children *children, struct deputy_slice key, int depth)
{
    struct cbor_value *child = ARENA_NEW(parser->arena, struct cbor_value);
    ENSURE(child != NULL, arena_error(parser->arena));
    child->key = key;
    *children->link = child;
    children->link = &child->next;
    return parse_value(parser, child, depth);
}

static enum deputy_error parse_array(
        struct parser *parser, struct cbor_value *array, uint64_t count, int depth)
{
    struct children children;
    ENSURE(depth < CBOR_MAX_DEPTH, DEPUTY_E_CBOR_DEPTH);
    TRY(children_begin(&children, parser, array, count, 1));
    for (; children.left > 0; children.left--)
        TRY(parse_child(parser, &children, (struct deputy_slice){NULL, 0}, depth + 1));
    return DEPUTY_OK;
}

/* The order of map keys: shorter first, then by bytes. */
static bool key_precedes(struct deputy_slice a, struct deputy_slice b)
{
    return a.len != b.len ? a.len < b.len : deputy_slice_compare(a, b) < 0;
}

static enum deputy_error take_key(struct parser *parser, struct deputy_slice *key)
{
    struct cbor_head head;
    TRY(take_head(parser, &head));
    ENSURE(head.major == CBOR_MAJOR_TEXT, DEPUTY_E_CBOR_SYNTAX);
    return take_text(parser, key, head.argument);
}

/* A key may follow those that the map has so far. */
static bool key_follows(const struct parser *parser, const struct cbor_value *map,
        struct deputy_slice previous, struct deputy_slice key)
{
    if (!parser->unordered)
        return !deputy_slice_present(previous) || key_precedes(previous, key);
    for (const struct cbor_value *member = map->first; member != NULL; member = member->next)
        if (deputy_slice_equal(member->key, key))
            return false;
    return true;
}

static enum deputy_error parse_map(struct parser *parser, struct cbor_value *map, uint64_t count, int depth)
{
    struct children children;
    struct deputy_slice key, previous = {NULL, 0};
    ENSURE(depth < CBOR_MAX_DEPTH, DEPUTY_E_CBOR_DEPTH);
    ENSURE(!parser->unordered || count <= CBOR_UNORDERED_MEMBERS, DEPUTY_E_LIMIT);
    TRY(children_begin(&children, parser, map, count, 2));
    for (; children.left > 0; children.left--, previous = key) {
        TRY(take_key(parser, &key));
        ENSURE(key_follows(parser, map, previous, key), DEPUTY_E_CBOR_CANONICAL);
        TRY(parse_child(parser, &children, key, depth + 1));
    }
    return DEPUTY_OK;
}

/* A CID is version 1, codec, hash function, and a digest of the length it names; or the bare SHA-256
 * multihash of version 0. */
static bool is_cid(struct deputy_slice bytes)
{
    uint64_t version, codec, hash, length;
    if (bytes.len == 34 && bytes.ptr[0] == 0x12 && bytes.ptr[1] == 32)
        return true;
    return varint_take(&bytes, &version) == DEPUTY_OK && version == 1 &&
           varint_take(&bytes, &codec) == DEPUTY_OK && varint_take(&bytes, &hash) == DEPUTY_OK &&
           varint_take(&bytes, &length) == DEPUTY_OK && length == bytes.len;
}

/* Tag 42 over a byte string: 0, then the CID. */
static enum deputy_error parse_link(struct parser *parser, struct cbor_value *link, uint64_t tag)
{
    struct cbor_head head;
    ENSURE(tag == CBOR_TAG_LINK, DEPUTY_E_CBOR_SYNTAX);
    TRY(take_head(parser, &head));
    ENSURE(head.major == CBOR_MAJOR_BYTES, DEPUTY_E_CBOR_SYNTAX);
    TRY(take_bytes(parser, &link->bytes, head.argument));
    ENSURE(link->bytes.len > 1 && link->bytes.ptr[0] == 0, DEPUTY_E_CBOR_SYNTAX);
    link->bytes = deputy_slice_bytes(link->bytes.ptr + 1, link->bytes.len - 1);
    ENSURE(is_cid(link->bytes), DEPUTY_E_CBOR_SYNTAX);
    link->kind = CBOR_LINK;
    return DEPUTY_OK;
}

static enum deputy_error parse_float(struct cbor_value *value, uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    ENSURE(isfinite(number), DEPUTY_E_CBOR_SYNTAX);
    value->kind = CBOR_FLOAT;
    value->number = bits;
    return DEPUTY_OK;
}

static enum deputy_error parse_simple(struct cbor_value *value, struct cbor_head head)
{
    switch (head.minor) {
    case CBOR_SIMPLE_FALSE:
        value->kind = CBOR_FALSE;
        return DEPUTY_OK;
    case CBOR_SIMPLE_TRUE:
        value->kind = CBOR_TRUE;
        return DEPUTY_OK;
    case CBOR_SIMPLE_NULL:
        value->kind = CBOR_NULL;
        return DEPUTY_OK;
    case CBOR_ARGUMENT_64:
        return parse_float(value, head.argument);
    case CBOR_ARGUMENT_16: /* shorter floats */
    case CBOR_ARGUMENT_32:
        return DEPUTY_E_CBOR_CANONICAL;
    default: /* undefined and what has no meaning */
        return DEPUTY_E_CBOR_SYNTAX;
    }
}

static enum deputy_error parse_by_kind(
        struct parser *parser, struct cbor_value *value, struct cbor_head head, int depth)
{
    switch (head.major) {
    case CBOR_MAJOR_UINT:
    case CBOR_MAJOR_NEGATIVE:
        value->kind = head.major == CBOR_MAJOR_UINT ? CBOR_UINT : CBOR_NEGATIVE;
        value->number = head.argument;
        return DEPUTY_OK;
    case CBOR_MAJOR_BYTES:
        value->kind = CBOR_BYTES;
        return take_bytes(parser, &value->bytes, head.argument);
    case CBOR_MAJOR_TEXT:
        value->kind = CBOR_TEXT;
        return take_text(parser, &value->bytes, head.argument);
    case CBOR_MAJOR_ARRAY:
        value->kind = CBOR_ARRAY;
        return parse_array(parser, value, head.argument, depth);
    case CBOR_MAJOR_MAP:
        value->kind = CBOR_MAP;
        return parse_map(parser, value, head.argument, depth);
    case CBOR_MAJOR_TAG:
        return parse_link(parser, value, head.argument);
    default:
        return parse_simple(value, head);
    }
}

static enum deputy_error parse_value(struct parser *parser, struct cbor_value *value, int depth)
{
    struct cbor_head head;
    const uint8_t *begin = parser->at;
    TRY(take_head(parser, &head));
    TRY(parse_by_kind(parser, value, head, depth));
    value->raw = deputy_slice_bytes(begin, (size_t)(parser->at - begin));
    return DEPUTY_OK;
}

static enum deputy_error parse_whole(
        struct deputy_arena *arena, const struct cbor_value **out, struct deputy_slice input, bool unordered)
{
    ENSURE(input.len > 0, DEPUTY_E_CBOR_SYNTAX);
    ENSURE(input.len <= UINT32_MAX, DEPUTY_E_LIMIT);
    struct parser parser = {arena, input.ptr, input.ptr + input.len, unordered};
    struct cbor_value *value = ARENA_NEW(arena, struct cbor_value);
    ENSURE(value != NULL, arena_error(arena));
    TRY(parse_value(&parser, value, 0));
    ENSURE(parser.at == parser.end, DEPUTY_E_CBOR_TRAILING);
    *out = value;
    return DEPUTY_OK;
}

enum deputy_error cbor_parse(
        struct deputy_arena *arena, const struct cbor_value **out, struct deputy_slice input)
{
    return parse_whole(arena, out, input, false);
}

enum deputy_error cbor_parse_unordered(
        struct deputy_arena *arena, const struct cbor_value **out, struct deputy_slice input)
{
    return parse_whole(arena, out, input, true);
}

const struct cbor_value *cbor_member(const struct cbor_value *map, const char *name)
{
    struct deputy_slice key = deputy_slice_text(name);
    if (map == NULL || map->kind != CBOR_MAP)
        return NULL;
    for (const struct cbor_value *member = map->first; member != NULL; member = member->next) {
        if (deputy_slice_equal(member->key, key))
            return member;
    }
    return NULL;
}

enum deputy_error cbor_to_text(struct deputy_slice *out, const struct cbor_value *value)
{
    ENSURE(value != NULL && value->kind == CBOR_TEXT, DEPUTY_E_CBOR_TYPE);
    *out = value->bytes;
    return DEPUTY_OK;
}
