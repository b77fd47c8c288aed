#include "base/cbor.h"
#include "base/cbor_head.h"
#include <math.h>

/* The initial byte, then the argument's bytes, as many as the minor says. */
static void put_head_with(struct buf *out, enum cbor_major major, uint8_t minor, uint64_t argument)
{
    uint8_t bytes[9] = {(uint8_t)(major << 5 | minor)};
    size_t len = minor < CBOR_ARGUMENT_8 ? 0 : (size_t)1 << (minor - CBOR_ARGUMENT_8);
    for (size_t i = len; i > 0; i--, argument >>= 8)
        bytes[i] = (uint8_t)argument;
    buf_put(out, deputy_slice_bytes(bytes, 1 + len));
}

static void put_head(struct buf *out, enum cbor_major major, uint64_t argument)
{
    put_head_with(out, major, cbor_minor_of(argument), argument);
}

void cbor_put_uint(struct buf *out, uint64_t number)
{
    put_head(out, CBOR_MAJOR_UINT, number);
}

void cbor_put_negative(struct buf *out, uint64_t number)
{
    put_head(out, CBOR_MAJOR_NEGATIVE, number);
}

void cbor_put_bytes(struct buf *out, struct deputy_slice bytes)
{
    put_head(out, CBOR_MAJOR_BYTES, bytes.len);
    buf_put(out, bytes);
}

void cbor_put_text(struct buf *out, struct deputy_slice text)
{
    put_head(out, CBOR_MAJOR_TEXT, text.len);
    buf_put(out, text);
}

void cbor_put_array(struct buf *out, uint64_t count)
{
    put_head(out, CBOR_MAJOR_ARRAY, count);
}

void cbor_put_map(struct buf *out, uint64_t count)
{
    put_head(out, CBOR_MAJOR_MAP, count);
}

void cbor_put_link(struct buf *out, struct deputy_slice cid)
{
    put_head(out, CBOR_MAJOR_TAG, CBOR_TAG_LINK);
    put_head(out, CBOR_MAJOR_BYTES, cid.len + 1);
    buf_put_byte(out, 0);
    buf_put(out, cid);
}

void cbor_put_bool(struct buf *out, bool value)
{
    put_head(out, CBOR_MAJOR_SIMPLE, value ? CBOR_SIMPLE_TRUE : CBOR_SIMPLE_FALSE);
}

void cbor_put_null(struct buf *out)
{
    put_head(out, CBOR_MAJOR_SIMPLE, CBOR_SIMPLE_NULL);
}

void cbor_put_float(struct buf *out, double number)
{
    uint64_t bits;
    if (!isfinite(number)) {
        buf_fail(out, DEPUTY_E_CBOR_SYNTAX);
        return;
    }
    memcpy(&bits, &number, sizeof bits);
    put_head_with(out, CBOR_MAJOR_SIMPLE, CBOR_ARGUMENT_64, bits);
}

static void put_children(struct buf *out, const struct cbor_value *parent)
{
    for (const struct cbor_value *child = parent->first; child != NULL; child = child->next) {
        if (parent->kind == CBOR_MAP)
            cbor_put_text(out, child->key);
        cbor_put_value(out, child);
    }
}

void cbor_put_value(struct buf *out, const struct cbor_value *value)
{
    switch (value->kind) {
    case CBOR_UINT:
        return cbor_put_uint(out, value->number);
    case CBOR_NEGATIVE:
        return cbor_put_negative(out, value->number);
    case CBOR_BYTES:
        return cbor_put_bytes(out, value->bytes);
    case CBOR_TEXT:
        return cbor_put_text(out, value->bytes);
    case CBOR_ARRAY:
        cbor_put_array(out, value->count);
        return put_children(out, value);
    case CBOR_MAP:
        cbor_put_map(out, value->count);
        return put_children(out, value);
    case CBOR_LINK:
        return cbor_put_link(out, value->bytes);
    case CBOR_FALSE:
    case CBOR_TRUE:
        return cbor_put_bool(out, value->kind == CBOR_TRUE);
    case CBOR_NULL:
        return cbor_put_null(out);
    case CBOR_FLOAT:
        return put_head_with(out, CBOR_MAJOR_SIMPLE, CBOR_ARGUMENT_64, value->number);
    }
}
