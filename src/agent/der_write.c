#include "agent/der_write.h"
#include <time.h>

static void put_length(struct buf *out, size_t len)
{
    enum { SHORT_MAX = 0x7f, LONG = 0x80 };
    uint8_t bytes[sizeof len];
    size_t count = 0;
    if (len <= SHORT_MAX) {
        buf_put_byte(out, (uint8_t)len);
        return;
    }
    for (; len > 0; len >>= 8)
        bytes[count++] = (uint8_t)len;
    buf_put_byte(out, (uint8_t)(LONG | count));
    while (count > 0)
        buf_put_byte(out, bytes[--count]);
}

void der_put_parts(struct buf *out, uint8_t tag, const struct deputy_slice *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    buf_put_byte(out, tag);
    put_length(out, len);
    for (size_t i = 0; i < count; i++)
        buf_put(out, parts[i]);
}

void der_put(struct buf *out, uint8_t tag, struct deputy_slice content)
{
    der_put_parts(out, tag, &content, 1);
}

void der_put_unsigned(struct buf *out, struct deputy_slice magnitude)
{
    static const uint8_t zero = 0;
    while (magnitude.len > 1 && magnitude.ptr[0] == 0)
        magnitude = deputy_slice_bytes(magnitude.ptr + 1, magnitude.len - 1);
    bool needs_zero = magnitude.len == 0 || (magnitude.ptr[0] & 0x80) != 0;
    const struct deputy_slice parts[] = {deputy_slice_bytes(&zero, needs_zero ? 1 : 0), magnitude};
    der_put_parts(out, DER_INTEGER, parts, 2);
}

void der_put_number(struct buf *out, uint32_t number)
{
    uint8_t bytes[sizeof number];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    der_put_unsigned(out, deputy_slice_bytes(bytes, sizeof bytes));
}

void der_put_bool(struct buf *out, bool value)
{
    uint8_t byte = value ? 0xff : 0;
    der_put(out, DER_BOOLEAN, deputy_slice_bytes(&byte, 1));
}

void der_put_oid(struct buf *out, struct deputy_slice content)
{
    der_put(out, DER_OID, content);
}

void der_put_bits(struct buf *out, struct deputy_slice bytes)
{
    static const uint8_t unused = 0;
    const struct deputy_slice parts[] = {deputy_slice_bytes(&unused, 1), bytes};
    der_put_parts(out, DER_BIT_STRING, parts, 2);
}

static uint8_t *put_digits(uint8_t *at, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (uint8_t)('0' + number % 10);
    return at + digits;
}

void der_put_time(struct buf *out, int64_t unix_seconds)
{
    enum { UTC_LAST = 2049, BASE_YEAR = 1900 };
    uint8_t text[16];
    struct tm tm;
    time_t seconds = (time_t)unix_seconds;
    if (unix_seconds < 0 || gmtime_r(&seconds, &tm) == NULL || tm.tm_year + BASE_YEAR > 9999) {
        buf_fail(out, DEPUTY_E_ARGUMENT);
        return;
    }
    int year = tm.tm_year + BASE_YEAR;
    bool is_utc = year <= UTC_LAST;
    uint8_t *at = is_utc ? put_digits(text, year % 100, 2) : put_digits(text, year, 4);
    at = put_digits(at, tm.tm_mon + 1, 2);
    at = put_digits(at, tm.tm_mday, 2);
    at = put_digits(at, tm.tm_hour, 2);
    at = put_digits(at, tm.tm_min, 2);
    at = put_digits(at, tm.tm_sec, 2);
    *at++ = 'Z';
    der_put(out, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, deputy_slice_bytes(text, (size_t)(at - text)));
}
