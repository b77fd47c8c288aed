#include "grant/refusal.h"
#include "base/try.h"

enum deputy_error refuse(struct deputy_refusal *out, enum deputy_error code)
{
    out->code = code;
    return code;
}

enum deputy_error refuse_if(struct deputy_refusal *out, enum deputy_error code)
{
    return code == DEPUTY_OK ? DEPUTY_OK : refuse(out, code);
}

enum deputy_error refuse_reason(struct deputy_refusal *out, enum deputy_error code, const char *reason)
{
    out->args[0] = deputy_slice_text(reason);
    return refuse(out, code);
}

enum deputy_error refuse_principal(struct deputy_arena *arena, struct deputy_refusal *out,
        enum deputy_error code, const struct deputy_principal *principal)
{
    TRY(deputy_principal_format(arena, &out->args[0], principal));
    return refuse(out, code);
}

enum deputy_error refuse_capability(struct deputy_arena *arena, struct deputy_refusal *out,
        enum deputy_error code, const struct deputy_capability *capability)
{
    TRY(deputy_resource_format(arena, &out->args[0], &capability->resource));
    out->args[1] = capability->ability;
    return refuse(out, code);
}

enum deputy_error refuse_cids(struct deputy_arena *arena, struct deputy_refusal *out, enum deputy_error code,
        const struct deputy_cid *first, const struct deputy_cid *second)
{
    TRY(deputy_cid_format(arena, &out->args[0], first, DEPUTY_CID_BASE32));
    if (second != NULL)
        TRY(deputy_cid_format(arena, &out->args[1], second, DEPUTY_CID_BASE32));
    return refuse(out, code);
}
