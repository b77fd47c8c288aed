#include "http/escape.h"
#include "base/arena.h"
#include "base/try.h"

static int digit_of(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Takes one character; an escape counts as one. -1 when it is broken. */
static int escape_take(struct deputy_slice *text)
{
    uint8_t first = text->ptr[0];
    size_t used = 1;
    int value = first;
    if (first == '%') {
        int high = text->len >= 3 ? digit_of(text->ptr[1]) : -1;
        int low = text->len >= 3 ? digit_of(text->ptr[2]) : -1;
        if (high < 0 || low < 0)
            return -1;
        value = high * 16 + low;
        used = 3;
    }
    text->ptr += used;
    text->len -= used;
    return value;
}

enum deputy_error escape_decode(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text, enum escape_form form)
{
    *out = text;
    bool plus = form == ESCAPE_QUERY && memchr(text.ptr, '+', text.len) != NULL;
    if (!plus && memchr(text.ptr, '%', text.len) == NULL)
        return DEPUTY_OK;
    uint8_t *decoded = arena_alloc_bytes(arena, text.len);
    ENSURE(decoded != NULL, arena_error(arena));
    size_t len = 0;
    while (text.len > 0) {
        bool space = plus && text.ptr[0] == '+';
        int value = escape_take(&text);
        ENSURE(value >= 0, DEPUTY_E_HTTP_SYNTAX);
        decoded[len++] = space ? ' ' : (uint8_t)value;
    }
    *out = deputy_slice_bytes(decoded, len);
    return DEPUTY_OK;
}
