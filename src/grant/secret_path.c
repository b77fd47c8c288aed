#include "grant/secret_path.h"
#include "base/codec.h"
#include "base/try.h"
#include "grant/permission.h"
#include "grant/text.h"
#include <deputy/secret.h>

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

/* ^[A-Z][A-Z0-9_]*$ */
bool secret_name_valid(struct deputy_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.ptr[i];
        bool later = byte == '_' || (byte >= '0' && byte <= '9');
        if (!is_upper(byte) && !(later && i > 0))
            return false;
    }
    return name.len > 0;
}

/* The one ASCII byte that a character leaves after lower-casing; '-' for all that is not a-z, 0-9 or '-'. */
static uint8_t scope_byte(uint32_t character)
{
    enum { KELVIN = 0x212a, DOTTED_I = 0x130 };
    if (character >= 'A' && character <= 'Z')
        return (uint8_t)(character + 32);
    if ((character >= 'a' && character <= 'z') || (character >= '0' && character <= '9'))
        return (uint8_t)character;
    if (character == KELVIN)
        return 'k';
    return character == DOTTED_I ? 'i' : '-';
}

/* Runs of '-' are one, and none stands at either end. A dotted capital I leaves a mark behind, which counts
 * as '-'. */
static enum deputy_error scope_squeeze(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice scope)
{
    enum { DOTTED_I = 0x130 };
    struct buf text = buf_make(arena, 2 * scope.len + 1);
    bool gap = false;
    uint32_t character;
    while (utf8_take(&scope, &character)) {
        uint8_t byte = scope_byte(character);
        if (byte != '-') {
            if (gap && text.len > 0)
                buf_put_byte(&text, '-');
            buf_put_byte(&text, byte);
        }
        gap = byte == '-' || character == DOTTED_I;
    }
    return buf_finish(&text, out);
}

static enum deputy_error scope_canonical(
        const struct attempt *attempt, struct deputy_slice *out, struct deputy_slice scope)
{
    struct deputy_slice trimmed = text_trim(scope);
    if (trimmed.len == 0)
        return attempt_refuse(attempt, DEPUTY_E_SECRET_SCOPE_EMPTY);
    TRY(scope_squeeze(attempt->arena, out, trimmed));
    if (out->len == 0)
        return attempt_refuse(attempt, DEPUTY_E_SECRET_SCOPE_LETTER);
    if (text_is(*out, "default") || text_is(*out, "global"))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SECRET_SCOPE_RESERVED, scope);
    return DEPUTY_OK;
}

/* secrets/<NAME> or secrets/scoped/<scope>/<NAME> */
enum deputy_error secret_path(const struct attempt *attempt, struct deputy_slice *path,
        struct deputy_slice name, struct deputy_slice scope)
{
    struct deputy_slice trimmed = text_trim(name);
    if (!secret_name_valid(trimmed))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SECRET_NAME, name);
    if (!deputy_slice_present(scope))
        return text_join(attempt->arena, path, deputy_slice_text("secrets/"), trimmed);
    struct deputy_slice place = {NULL, 0};
    TRY(scope_canonical(attempt, &place, scope));
    TRY(text_join(attempt->arena, path, deputy_slice_text("secrets/scoped/"), place));
    TRY(text_join(attempt->arena, path, *path, deputy_slice_text("/")));
    return text_join(attempt->arena, path, *path, trimmed);
}

enum deputy_error deputy_secret_path(struct deputy_arena *arena, struct deputy_slice *path,
        struct deputy_refusal *refusal, struct deputy_slice name, struct deputy_slice scope)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_slice inner = {NULL, 0};
    enum deputy_error result = secret_path(&attempt, &inner, name, scope);
    if (result == DEPUTY_OK)
        result = text_join(arena, path, deputy_slice_text("vault/"), inner);
    return attempt_end(&attempt, result);
}

enum deputy_error deputy_secret_prefix(struct deputy_arena *arena, struct deputy_slice *prefix,
        struct deputy_refusal *refusal, struct deputy_slice scope)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_slice place = {NULL, 0};
    *prefix = deputy_slice_text("vault/secrets/");
    if (!deputy_slice_present(scope))
        return attempt_end(&attempt, DEPUTY_OK);
    enum deputy_error result = scope_canonical(&attempt, &place, scope);
    if (result == DEPUTY_OK)
        result = text_join(arena, prefix, deputy_slice_text("vault/secrets/scoped/"), place);
    if (result == DEPUTY_OK)
        result = text_join(arena, prefix, *prefix, deputy_slice_text("/"));
    return attempt_end(&attempt, result);
}

struct deputy_slice deputy_secret_name(struct deputy_slice path, struct deputy_slice prefix)
{
    struct deputy_slice none = {NULL, 0};
    if (path.len <= prefix.len || memcmp(path.ptr, prefix.ptr, prefix.len) != 0)
        return none;
    struct deputy_slice name = text_after(path, prefix.len);
    return secret_name_valid(name) ? name : none;
}
