#include "token/space.h"
#include "base/try.h"
#include "token/did.h"
#include "token/uri.h"

enum deputy_error space_from_body(struct deputy_space *out, struct deputy_slice body)
{
    size_t colon = body.len;
    while (colon > 0 && body.ptr[colon - 1] != ':')
        colon--;
    ENSURE(colon > 1 && colon < body.len, DEPUTY_E_SPACE);
    ENSURE(principal_from_did_suffix(&out->owner, deputy_slice_bytes(body.ptr, colon - 1)) == DEPUTY_OK,
            DEPUTY_E_SPACE);
    out->name = deputy_slice_bytes(body.ptr + colon, body.len - colon);
    return DEPUTY_OK;
}

enum deputy_error deputy_space_parse(struct deputy_space *out, struct deputy_slice text)
{
    struct uri uri;
    ENSURE(uri_parse(&uri, text) == DEPUTY_OK && uri.normal, DEPUTY_E_SPACE);
    ENSURE(deputy_slice_equal(uri.scheme, deputy_slice_text("tinycloud")), DEPUTY_E_SPACE);
    ENSURE(!deputy_slice_present(uri.authority) && !deputy_slice_present(uri.query) &&
                    !deputy_slice_present(uri.fragment),
            DEPUTY_E_SPACE);
    ENSURE(memchr(uri.path.ptr, '/', uri.path.len) == NULL, DEPUTY_E_SPACE);
    return space_from_body(out, uri.path);
}

void space_put(struct buf *out, const struct deputy_space *space)
{
    buf_put_text(out, "tinycloud:");
    principal_put_id(out, &space->owner);
    buf_put_byte(out, ':');
    buf_put(out, space->name);
}

enum deputy_error deputy_space_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_space *space)
{
    struct buf out = buf_make(arena, SIZE_MAX);
    space_put(&out, space);
    return buf_finish(&out, text);
}

bool deputy_space_equal(const struct deputy_space *a, const struct deputy_space *b)
{
    return deputy_slice_equal(a->name, b->name) && deputy_principal_equal(&a->owner, &b->owner);
}
