#include "support/json_oracle.h"
#include <jansson.h>

static void print(FILE *out, const json_t *value);

static void print_object(FILE *out, const json_t *value)
{
    json_t *object = (json_t *)value; /* iterating takes no const, and changes nothing */
    fprintf(out, "object %zu\n", json_object_size(object));
    /* in the order of the text */
    for (void *iter = json_object_iter(object); iter != NULL; iter = json_object_iter_next(object, iter)) {
        const char *key = json_object_iter_key(iter);
        fprintf(out, "key %zu %s\n", strlen(key), key);
        print(out, json_object_iter_value(iter));
    }
}

static void print_array(FILE *out, const json_t *value)
{
    fprintf(out, "array %zu\n", json_array_size(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        print(out, json_array_get(value, i));
}

static void print_string(FILE *out, const json_t *value)
{
    fprintf(out, "string %zu ", json_string_length(value));
    fwrite(json_string_value(value), 1, json_string_length(value), out);
    fputc('\n', out);
}

static void print(FILE *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return print_object(out, value);
    case JSON_ARRAY:
        return print_array(out, value);
    case JSON_STRING:
        return print_string(out, value);
    case JSON_INTEGER:
        fprintf(out, "integer %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
        return;
    case JSON_REAL:
        fprintf(out, "real %a\n", json_real_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        fputs(json_is_true(value) ? "true\n" : "false\n", out);
        return;
    case JSON_NULL:
        fputs("null\n", out);
        return;
    }
}

enum json_opinion json_opinion_of_jansson(FILE *out, struct deputy_slice text)
{
    json_error_t why;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value = json_loadb((const char *)text.ptr, text.len, flags, &why);
    if (value == NULL) {
        enum json_error_code code = json_error_code(&why);
        bool own = code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
        return own ? OPINION_NONE : OPINION_REFUSES;
    }
    print(out, value);
    json_decref(value);
    return OPINION_ACCEPTS;
}
