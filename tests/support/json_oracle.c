#include "support/json_oracle.h"
#include "base/json_write.h"
#include <inttypes.h>
#include <stdlib.h>

static void print_text(FILE *out, const char *what, struct deputy_slice text)
{
    fprintf(out, "%s %zu ", what, text.len);
    fwrite(text.ptr, 1, text.len, out);
    fputc('\n', out);
}

/* An integer in spelling and size, else a double. */
static void print_number(FILE *out, const struct json_value *value)
{
    int64_t integer;
    double real = 0;
    if (json_to_int64(&integer, value) == DEPUTY_OK)
        fprintf(out, "integer %" PRId64 "\n", integer);
    else if (json_to_double(&real, value) == DEPUTY_OK)
        fprintf(out, "real %a\n", real);
    else
        fputs("beyond all doubles\n", out);
}

static void print_children(FILE *out, const char *what, const struct json_value *value)
{
    fprintf(out, "%s %" PRIu32 "\n", what, value->count);
    JSON_EACH (child, value) {
        if (deputy_slice_present(child->key))
            print_text(out, "key", child->key);
        json_opinion_print(out, child);
    }
}

void json_opinion_print(FILE *out, const struct json_value *value)
{
    switch (value->kind) {
    case JSON_OBJECT:
        return print_children(out, "object", value);
    case JSON_ARRAY:
        return print_children(out, "array", value);
    case JSON_STRING:
        return print_text(out, "string", value->text);
    case JSON_NUMBER:
        return print_number(out, value);
    case JSON_TRUE:
    case JSON_FALSE:
        fputs(value->kind == JSON_TRUE ? "true\n" : "false\n", out);
        return;
    case JSON_NULL:
        fputs("null\n", out);
        return;
    }
}

static bool prints_as(const struct json_value *ours, struct deputy_slice theirs)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    json_opinion_print(out, ours);
    fclose(out);
    bool same = deputy_slice_equal(deputy_slice_bytes(text, len), theirs);
    free(text);
    return same;
}

bool json_opinions_agree(struct deputy_slice text, enum deputy_error error, const struct json_value *ours)
{
    if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)
        return error != DEPUTY_OK;
    char *theirs = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&theirs, &len);
    enum json_opinion opinion = json_opinion_of_jansson(out, text);
    fclose(out);
    bool agree = true;
    if (opinion == OPINION_REFUSES)
        agree = error != DEPUTY_OK;
    else if (opinion == OPINION_ACCEPTS && error == DEPUTY_OK)
        agree = prints_as(ours, deputy_slice_bytes(theirs, len));
    else if (opinion == OPINION_ACCEPTS)
        agree = error == DEPUTY_E_JSON_DEPTH;
    free(theirs);
    return agree;
}

static void rewrite_children(struct json_writer *writer, const struct json_value *value)
{
    JSON_EACH (child, value) {
        if (deputy_slice_present(child->key))
            json_key_slice(writer, child->key);
        json_rewrite(writer, child);
    }
}

void json_rewrite(struct json_writer *writer, const struct json_value *value)
{
    if (value->kind == JSON_OBJECT) {
        json_object_begin(writer);
        rewrite_children(writer, value);
        json_object_end(writer);
    } else if (value->kind == JSON_ARRAY) {
        json_array_begin(writer);
        rewrite_children(writer, value);
        json_array_end(writer);
    } else if (value->kind == JSON_STRING) {
        json_text(writer, value->text);
    } else {
        json_raw(writer, value->raw);
    }
}
