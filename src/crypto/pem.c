/* PEM blocks of certificates (RFC 7468, its lax form for lengths of lines). */
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/x509.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct deputy_slice skip_space(struct deputy_slice text)
{
    while (text.len > 0 && is_space(text.ptr[0]))
        text = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    return text;
}

/* One NUL or more may end the text, as C programs leave it. */
static struct deputy_slice trim_end(struct deputy_slice text)
{
    while (text.len > 0 && (text.ptr[text.len - 1] == '\0' || is_space(text.ptr[text.len - 1])))
        text.len--;
    return text;
}

static bool take_text(struct deputy_slice *from, const char *text)
{
    struct deputy_slice wanted = deputy_slice_text(text);
    if (from->len < wanted.len || memcmp(from->ptr, wanted.ptr, wanted.len) != 0)
        return false;
    *from = deputy_slice_bytes(from->ptr + wanted.len, from->len - wanted.len);
    return true;
}

/* The base64 up to the next '-', without white space. */
static enum deputy_error take_body(
        struct deputy_arena *arena, struct deputy_slice *from, struct deputy_slice *out)
{
    size_t end = 0;
    size_t len = 0;
    while (end < from->len && from->ptr[end] != '-')
        end++;
    uint8_t *text = arena_alloc_bytes(arena, end + 1);
    ENSURE(text != NULL, arena_error(arena));
    for (size_t i = 0; i < end; i++)
        if (!is_space(from->ptr[i]))
            text[len++] = from->ptr[i];
    *from = deputy_slice_bytes(from->ptr + end, from->len - end);
    enum deputy_error error = base64_read(arena, out, deputy_slice_bytes(text, len));
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_PEM : error;
}

enum deputy_error pem_certificates(struct deputy_arena *arena, struct deputy_slice *out, size_t *count,
        size_t max, struct deputy_slice text)
{
    *count = 0;
    text = trim_end(skip_space(text));
    while (text.len > 0) {
        ENSURE(*count < max && take_text(&text, BEGIN), DEPUTY_E_PEM);
        TRY(take_body(arena, &text, &out[*count]));
        ENSURE(out[*count].len > 0 && take_text(&text, END), DEPUTY_E_PEM);
        *count += 1;
        text = skip_space(text);
    }
    return *count > 0 ? DEPUTY_OK : DEPUTY_E_PEM;
}
