/* Asking parsed values. */
#include "base/json.h"
#include "base/json_number.h"
#include "base/try.h"
#include <math.h>

static const struct json_value *member_by_bisection(const struct json_value *object, struct deputy_slice name)
{
    size_t low = 0, high = object->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = deputy_slice_compare(object->sorted[middle]->key, name);
        if (order == 0)
            return object->sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct json_value *json_member_of(const struct json_value *object, struct deputy_slice name)
{
    if (!json_is(object, JSON_OBJECT))
        return NULL;
    if (object->sorted != NULL)
        return member_by_bisection(object, name);
    JSON_EACH (member, object) {
        if (deputy_slice_equal(member->key, name))
            return member;
    }
    return NULL;
}

const struct json_value *json_member(const struct json_value *object, const char *name)
{
    return json_member_of(object, deputy_slice_text(name));
}

bool json_is(const struct json_value *value, enum json_kind kind)
{
    return value != NULL && value->kind == kind;
}

bool json_text_is(const struct json_value *value, const char *text)
{
    return json_is(value, JSON_STRING) && deputy_slice_equal(value->text, deputy_slice_text(text));
}

enum deputy_error json_to_text(struct deputy_slice *out, const struct json_value *value)
{
    ENSURE(json_is(value, JSON_STRING), DEPUTY_E_JSON_TYPE);
    *out = value->text;
    return DEPUTY_OK;
}

enum deputy_error json_to_bool(bool *out, const struct json_value *value)
{
    ENSURE(json_is(value, JSON_TRUE) || json_is(value, JSON_FALSE), DEPUTY_E_JSON_TYPE);
    *out = value->kind == JSON_TRUE;
    return DEPUTY_OK;
}

enum deputy_error json_to_int64(int64_t *out, const struct json_value *value)
{
    ENSURE(json_is(value, JSON_NUMBER), DEPUTY_E_JSON_TYPE);
    bool negative = value->raw.ptr[0] == '-';
    int64_t number = 0;
    for (size_t i = negative ? 1 : 0; i < value->raw.len; i++) {
        int digit = value->raw.ptr[i] - '0';
        ENSURE(digit >= 0 && digit <= 9, DEPUTY_E_JSON_NUMBER);
        ENSURE(!__builtin_mul_overflow(number, 10, &number), DEPUTY_E_JSON_NUMBER);
        ENSURE(!__builtin_add_overflow(number, negative ? -digit : digit, &number), DEPUTY_E_JSON_NUMBER);
    }
    *out = number;
    return DEPUTY_OK;
}

enum deputy_error json_to_double(double *out, const struct json_value *value)
{
    ENSURE(json_is(value, JSON_NUMBER), DEPUTY_E_JSON_TYPE);
    double number = json_decimal_to_double(json_decimal_make(value->raw));
    ENSURE(isfinite(number), DEPUTY_E_JSON_NUMBER);
    *out = number;
    return DEPUTY_OK;
}

static bool arrays_equal(const struct json_value *a, const struct json_value *b)
{
    const struct json_value *other = b->first;
    JSON_EACH (element, a) {
        if (!json_equal(element, other))
            return false;
        other = other->next;
    }
    return true;
}

/* Both have as many members, and no key twice: so it is enough to find each of a's in b. */
static bool objects_equal(const struct json_value *a, const struct json_value *b)
{
    JSON_EACH (member, a) {
        const struct json_value *other = json_member_of(b, member->key);
        if (other == NULL || !json_equal(member, other))
            return false;
    }
    return true;
}

bool json_equal(const struct json_value *a, const struct json_value *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case JSON_NUMBER:
        return json_decimal_equal(json_decimal_make(a->raw), json_decimal_make(b->raw));
    case JSON_STRING:
        return deputy_slice_equal(a->text, b->text);
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_OBJECT:
        return objects_equal(a, b);
    default:
        return true;
    }
}
