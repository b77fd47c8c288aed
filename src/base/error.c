#include "base/buf.h"
#include "base/try.h"
#include <deputy/error.h>

enum { REFUSAL_MAX_TEXT = 16 * 1024 };

const struct deputy_error_info *deputy_error_info(enum deputy_error code)
{
    static const struct deputy_error_info ok = {"ok", "ok", 200};
    static const struct {
        enum deputy_error code;
        struct deputy_error_info info;
    } table[] = {
#define X(name, value, machine, text, status) {DEPUTY_E_##name, {machine, text, status}},
#include <deputy/errors.def>
#undef X
    };
    if (code == DEPUTY_OK)
        return &ok;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].code == code)
            return &table[i].info;
    }
    return &table[0].info;
}

enum deputy_error deputy_refusal_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_refusal *refusal)
{
    struct buf out = buf_make(arena, REFUSAL_MAX_TEXT);
    for (const char *at = deputy_error_info(refusal->code)->text; *at != '\0'; at++) {
        if (at[0] == '{' && (at[1] == '0' || at[1] == '1') && at[2] == '}') {
            buf_put(&out, refusal->args[at[1] - '0']);
            at += 2;
        } else {
            buf_put_byte(&out, (uint8_t)*at);
        }
    }
    return buf_finish(&out, text);
}
