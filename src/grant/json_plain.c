#include "grant/json_plain.h"

static void put_number(struct buf *out, const struct json_value *value)
{
    double number;
    if (json_to_double(&number, value) == DEPUTY_OK)
        json_put_double(out, number);
    else
        buf_put_text(out, "null");
}

static void put_children(struct buf *out, const struct json_value *value, bool object)
{
    JSON_EACH (child, value) {
        if (object) {
            json_put_text(out, child->key);
            buf_put_byte(out, ':');
        }
        json_put_plain(out, child);
        if (child->next != NULL)
            buf_put_byte(out, ',');
    }
}

void json_put_plain(struct buf *out, const struct json_value *value)
{
    bool object = value->kind == JSON_OBJECT;
    if (value->kind == JSON_STRING) {
        json_put_text(out, value->text);
    } else if (value->kind == JSON_NUMBER) {
        put_number(out, value);
    } else if (object || value->kind == JSON_ARRAY) {
        buf_put_byte(out, object ? '{' : '[');
        put_children(out, value, object);
        buf_put_byte(out, object ? '}' : ']');
    } else {
        buf_put(out, value->raw);
    }
}

void json_put_member(struct json_writer *writer, const struct json_value *value)
{
    json_raw(writer, deputy_slice_text("")); /* puts the comma, if one is due */
    json_put_plain(writer->out, value);
}
