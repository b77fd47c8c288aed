#include "backend/origin.h"
#include "grant/text.h"
#include <string.h>

bool is_origin(struct deputy_slice text)
{
    size_t scheme = text_starts(text, "https://") ? 8 : text_starts(text, "http://") ? 7 : 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z') || (i >= scheme && strchr("/?#@\\\"'", c) != NULL))
            return false;
    }
    return scheme > 0 && text.len > scheme;
}
