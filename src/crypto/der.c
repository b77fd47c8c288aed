#include "crypto/der.h"
#include "base/time.h"

enum { TAG_NUMBER_MASK = 0x1f, LONG_FORM = 0x80, LENGTH_BYTES_MAX = 4 };

/* The length of a content; false unless it is definite, in its shortest form, and there. */
static bool take_length(struct deputy_slice *from, size_t *len)
{
    if (from->len == 0)
        return false;
    size_t first = from->ptr[0];
    size_t octets = first < LONG_FORM ? 0 : first - LONG_FORM;
    if (first == LONG_FORM || octets > LENGTH_BYTES_MAX || octets >= from->len)
        return false;
    *len = first < LONG_FORM ? first : 0;
    for (size_t i = 1; i <= octets; i++)
        *len = *len << 8 | from->ptr[i];
    if (octets > 0 && (from->ptr[1] == 0 || *len < LONG_FORM))
        return false;
    *from = deputy_slice_bytes(from->ptr + 1 + octets, from->len - 1 - octets);
    return *len <= from->len;
}

bool der_take_any(
        struct deputy_slice *from, uint8_t *tag, struct deputy_slice *content, struct deputy_slice *whole)
{
    size_t len;
    struct deputy_slice rest = *from;
    if (rest.len == 0 || (rest.ptr[0] & TAG_NUMBER_MASK) == TAG_NUMBER_MASK)
        return false;
    uint8_t first = rest.ptr[0];
    rest = deputy_slice_bytes(rest.ptr + 1, rest.len - 1);
    if (!take_length(&rest, &len))
        return false;
    if (tag != NULL)
        *tag = first;
    if (content != NULL)
        *content = deputy_slice_bytes(rest.ptr, len);
    if (whole != NULL)
        *whole = deputy_slice_bytes(from->ptr, (size_t)(rest.ptr - from->ptr) + len);
    *from = deputy_slice_bytes(rest.ptr + len, rest.len - len);
    return true;
}

bool der_is_next(struct deputy_slice from, uint8_t tag)
{
    return from.len > 0 && from.ptr[0] == tag;
}

bool der_take(struct deputy_slice *from, uint8_t tag, struct deputy_slice *content)
{
    return der_is_next(*from, tag) && der_take_any(from, NULL, content, NULL);
}

bool der_take_whole(struct deputy_slice *from, uint8_t tag, struct deputy_slice *whole)
{
    return der_is_next(*from, tag) && der_take_any(from, NULL, NULL, whole);
}

bool der_take_bool(struct deputy_slice *from, bool *out)
{
    enum { TRUE_OCTET = 0xff };
    struct deputy_slice rest = *from;
    struct deputy_slice content;
    if (!der_take(&rest, DER_BOOLEAN, &content) || content.len != 1 ||
            (content.ptr[0] != 0 && content.ptr[0] != TRUE_OCTET))
        return false;
    *out = content.ptr[0] != 0;
    *from = rest;
    return true;
}

bool der_take_unsigned(struct deputy_slice *from, struct deputy_slice *magnitude)
{
    enum { SIGN = 0x80 };
    struct deputy_slice rest = *from;
    struct deputy_slice content;
    if (!der_take(&rest, DER_INTEGER, &content) || content.len == 0 || (content.ptr[0] & SIGN) != 0)
        return false;
    if (content.len > 1 && content.ptr[0] == 0) {
        if ((content.ptr[1] & SIGN) == 0)
            return false;
        content = deputy_slice_bytes(content.ptr + 1, content.len - 1);
    }
    *magnitude = content;
    *from = rest;
    return true;
}

bool der_take_number(struct deputy_slice *from, uint32_t *out, uint32_t max)
{
    struct deputy_slice rest = *from;
    struct deputy_slice magnitude;
    uint32_t number = 0;
    if (!der_take_unsigned(&rest, &magnitude) || magnitude.len > sizeof number)
        return false;
    for (size_t i = 0; i < magnitude.len; i++)
        number = number << 8 | magnitude.ptr[i];
    if (number > max)
        return false;
    *out = number;
    *from = rest;
    return true;
}

bool der_take_bits(struct deputy_slice *from, struct deputy_slice *bytes)
{
    struct deputy_slice rest = *from;
    struct deputy_slice content;
    if (!der_take(&rest, DER_BIT_STRING, &content) || content.len == 0 || content.ptr[0] != 0)
        return false;
    *bytes = deputy_slice_bytes(content.ptr + 1, content.len - 1);
    *from = rest;
    return true;
}

static bool are_digits(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

/* The calendar is that of RFC 3339: YYYYMMDDHHMMSS becomes YYYY-MM-DDTHH:MM:SSZ. */
static bool calendar(int64_t *out, const uint8_t digits[14])
{
    enum { FORM_LENGTH = 20 };
    static const char form[FORM_LENGTH + 1] = "0123-45-67T89:ab:cdZ";
    uint8_t text[FORM_LENGTH];
    struct deputy_time time;
    size_t taken = 0;
    for (size_t i = 0; i < sizeof text; i++) {
        bool digit = (form[i] >= '0' && form[i] <= '9') || (form[i] >= 'a' && form[i] <= 'd');
        text[i] = digit ? digits[taken++] : (uint8_t)form[i];
    }
    /* 60 seconds are none here: RFC 5280 knows no leap second */
    if (text[17] > '5' || time_parse(&time, deputy_slice_bytes(text, sizeof text)) != DEPUTY_OK)
        return false;
    *out = time.sec;
    return true;
}

bool der_take_time(struct deputy_slice *from, int64_t *out)
{
    enum { UTC_DIGITS = 12, GENERALIZED_DIGITS = 14 };
    struct deputy_slice rest = *from;
    struct deputy_slice text;
    uint8_t tag;
    uint8_t digits[GENERALIZED_DIGITS] = {'1', '9'};
    if (!der_take_any(&rest, &tag, &text, NULL) || (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME))
        return false;
    size_t count = tag == DER_UTC_TIME ? UTC_DIGITS : GENERALIZED_DIGITS;
    if (text.len != count + 1 || text.ptr[count] != 'Z' || !are_digits(deputy_slice_bytes(text.ptr, count)))
        return false;
    if (text.ptr[0] < '5') { /* 00 to 49 are of this century */
        digits[0] = '2';
        digits[1] = '0';
    }
    memcpy(digits + GENERALIZED_DIGITS - count, text.ptr, count);
    if (!calendar(out, digits))
        return false;
    *from = rest;
    return true;
}
