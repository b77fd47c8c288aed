/*
 * A strict JSON reader (RFC 8259) over the bytes that were signed. It copies nothing but strings with
 * escapes, and refuses what two readers could understand differently: duplicate keys, invalid UTF-8, lone
 * surrogates, trailing bytes, a byte order mark. Numbers stay text until somebody asks for a kind of number,
 * so integers are exact.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <deputy/arena.h>
#include <deputy/slice.h>

enum { JSON_MAX_DEPTH = 32 };

/* Up to this many members are compared with each other; more are sorted, so that no input takes quadratic
 * time. */
enum { JSON_FEW_MEMBERS = 8 };

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_kind kind;
    uint32_t count;                /* members or elements */
    struct deputy_slice raw;       /* the value's own bytes in the input */
    struct deputy_slice key;       /* decoded name when the value is a member of an object, else absent */
    struct deputy_slice text;      /* JSON_STRING: the decoded text (may hold NUL) */
    const struct json_value *next; /* the next member or element, in input order */
    const struct json_value *first;
    /* The members in the order of their keys' bytes, when they are more than JSON_FEW_MEMBERS; else NULL. */
    const struct json_value *const *sorted;
};

/* The whole input as one value. Values live in the arena and point into the input. */
enum deputy_error json_parse(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice input);

/* The member of that name, or NULL: also when the value is NULL or no object. */
const struct json_value *json_member(const struct json_value *object, const char *name);
const struct json_value *json_member_of(const struct json_value *object, struct deputy_slice name);

#define JSON_EACH(child, parent)                                                                             \
    /* NOLINTNEXTLINE(bugprone-macro-parentheses): child is a name */                                        \
    for (const struct json_value *child = (parent)->first; child != NULL; child = child->next)

bool json_is(const struct json_value *value, enum json_kind kind); /* false for NULL */
bool json_text_is(const struct json_value *value, const char *text);

/* DEPUTY_E_JSON_TYPE when the value is NULL or of another kind. */
enum deputy_error json_to_text(struct deputy_slice *out, const struct json_value *value);
enum deputy_error json_to_bool(bool *out, const struct json_value *value);
/* An integer without fraction or exponent that fits; else DEPUTY_E_JSON_NUMBER. */
enum deputy_error json_to_int64(int64_t *out, const struct json_value *value);
/* The nearest IEEE double; DEPUTY_E_JSON_NUMBER when it is not finite. */
enum deputy_error json_to_double(double *out, const struct json_value *value);

/* Equal as JSON values: members in any order, strings by their decoded text, numbers by value. */
bool json_equal(const struct json_value *a, const struct json_value *b);

#endif
