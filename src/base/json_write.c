#include "base/json_write.h"
#include "base/codec.h"
#include "base/json_order.h"
#include "base/json_plain.h"

struct json_writer json_writer_make(struct buf *out)
{
    return (struct json_writer){.out = out};
}

/* Before each key and each value that stands at no key. */
static void separate(struct json_writer *writer)
{
    if (writer->comma)
        buf_put_byte(writer->out, ',');
    writer->comma = true;
}

static void begin(struct json_writer *writer, uint8_t bracket)
{
    separate(writer);
    buf_put_byte(writer->out, bracket);
    writer->comma = false;
}

static void end(struct json_writer *writer, uint8_t bracket)
{
    buf_put_byte(writer->out, bracket);
    writer->comma = true;
}

void json_object_begin(struct json_writer *writer)
{
    begin(writer, '{');
}

void json_object_end(struct json_writer *writer)
{
    end(writer, '}');
}

void json_array_begin(struct json_writer *writer)
{
    begin(writer, '[');
}

void json_array_end(struct json_writer *writer)
{
    end(writer, ']');
}

void json_key(struct json_writer *writer, const char *name)
{
    json_key_slice(writer, deputy_slice_text(name));
}

void json_key_slice(struct json_writer *writer, struct deputy_slice name)
{
    json_text(writer, name);
    buf_put_byte(writer->out, ':');
    writer->comma = false;
}

void json_text(struct json_writer *writer, struct deputy_slice text)
{
    separate(writer);
    json_put_text(writer->out, text);
}

void json_text_z(struct json_writer *writer, const char *text)
{
    json_text(writer, deputy_slice_text(text));
}

void json_hex(struct json_writer *writer, struct deputy_slice bytes)
{
    separate(writer);
    buf_put_byte(writer->out, '"');
    hex_put(writer->out, bytes);
    buf_put_byte(writer->out, '"');
}

void json_int(struct json_writer *writer, int64_t number)
{
    separate(writer);
    if (number < 0)
        buf_put_byte(writer->out, '-');
    buf_put_decimal(writer->out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void json_double(struct json_writer *writer, double number)
{
    separate(writer);
    json_put_double(writer->out, number);
}

void json_bool(struct json_writer *writer, bool value)
{
    separate(writer);
    buf_put_text(writer->out, value ? "true" : "false");
}

void json_null(struct json_writer *writer)
{
    separate(writer);
    buf_put_text(writer->out, "null");
}

void json_raw(struct json_writer *writer, struct deputy_slice json)
{
    separate(writer);
    buf_put(writer->out, json);
}

/* The escape of a character that needs one: the short form where RFC 8785 section 3.2.2.2 has one. */
static void put_escape(struct buf *out, uint8_t byte)
{
    static const char values[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *found = memchr(values, byte, sizeof values - 1);
    uint8_t text[6] = {'\\', 'u', '0', '0', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};
    if (found != NULL)
        text[1] = (uint8_t)names[found - values];
    buf_put(out, deputy_slice_bytes(text, found != NULL ? 2 : sizeof text));
}

void json_put_text(struct buf *out, struct deputy_slice text)
{
    buf_put_byte(out, '"');
    while (text.len > 0) {
        const uint8_t *end = text.ptr + text.len;
        const uint8_t *escaped = json_skip_unescaped(text.ptr, end);
        buf_put(out, deputy_slice_bytes(text.ptr, (size_t)(escaped - text.ptr)));
        if (escaped == end)
            break;
        put_escape(out, *escaped);
        text = deputy_slice_bytes(escaped + 1, (size_t)(end - escaped) - 1);
    }
    buf_put_byte(out, '"');
}

static void put_canonical(struct json_writer *writer, const struct json_value *value);

static void put_canonical_object(struct json_writer *writer, const struct json_value *object)
{
    const struct json_value *const *members;
    enum deputy_error error = json_members_sorted(writer->out->arena, &members, object, json_order_utf16);
    if (error != DEPUTY_OK) {
        buf_fail(writer->out, error);
        return;
    }
    json_object_begin(writer);
    for (uint32_t i = 0; i < object->count; i++) {
        json_key_slice(writer, members[i]->key);
        put_canonical(writer, members[i]);
    }
    json_object_end(writer);
}

static void put_canonical_array(struct json_writer *writer, const struct json_value *array)
{
    json_array_begin(writer);
    JSON_EACH (element, array)
        put_canonical(writer, element);
    json_array_end(writer);
}

static void put_canonical_number(struct json_writer *writer, const struct json_value *value)
{
    double number = 0;
    enum deputy_error error = json_to_double(&number, value);
    if (error != DEPUTY_OK)
        buf_fail(writer->out, error);
    json_double(writer, number);
}

static void put_canonical(struct json_writer *writer, const struct json_value *value)
{
    switch (value->kind) {
    case JSON_NULL:
        return json_null(writer);
    case JSON_FALSE:
        return json_bool(writer, false);
    case JSON_TRUE:
        return json_bool(writer, true);
    case JSON_NUMBER:
        return put_canonical_number(writer, value);
    case JSON_STRING:
        return json_text(writer, value->text);
    case JSON_ARRAY:
        return put_canonical_array(writer, value);
    case JSON_OBJECT:
        return put_canonical_object(writer, value);
    }
}

void json_put_canonical(struct buf *out, const struct json_value *value)
{
    struct json_writer writer = json_writer_make(out);
    put_canonical(&writer, value);
}
