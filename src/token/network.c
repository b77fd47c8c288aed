/* Ids of encryption networks: urn:tinycloud:encryption:<owner>:<name> (spec/01 section 2.6). */
#include "token/network.h"
#include "base/try.h"
#include "token/did.h"
#include "token/uri.h"

static const char network_prefix[] = "urn:tinycloud:encryption:";

bool network_has_prefix(struct deputy_slice text)
{
    size_t len = sizeof network_prefix - 1;
    return text.len >= len && memcmp(text.ptr, network_prefix, len) == 0;
}

/* An owner that begins with "did:" must be a DID; another is a principal of its own. */
static enum deputy_error network_owner_parse(struct deputy_principal *out, struct deputy_slice owner)
{
    *out = deputy_principal_of(owner);
    if (out->kind == DEPUTY_PRINCIPAL_TEXT)
        return DEPUTY_OK;
    return principal_from_did_suffix(out, out->id) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_NETWORK_ID_OWNER;
}

enum deputy_error network_from_path(struct deputy_network *out, struct deputy_slice path)
{
    size_t skip = sizeof network_prefix - 1 - strlen("urn:"), colon = path.len;
    while (colon > skip && path.ptr[colon - 1] != ':')
        colon--;
    ENSURE(colon > skip, DEPUTY_E_NETWORK_ID_SEPARATOR);
    ENSURE(colon - 1 > skip, DEPUTY_E_NETWORK_ID_OWNER_EMPTY);
    ENSURE(colon < path.len, DEPUTY_E_NETWORK_ID_NAME_EMPTY);
    out->name = deputy_slice_bytes(path.ptr + colon, path.len - colon);
    ENSURE(memchr(out->name.ptr, '/', out->name.len) == NULL, DEPUTY_E_NETWORK_ID_NAME);
    return network_owner_parse(&out->owner, deputy_slice_bytes(path.ptr + skip, colon - 1 - skip));
}

enum deputy_error deputy_network_parse(struct deputy_network *out, struct deputy_slice text)
{
    struct uri uri;
    ENSURE(network_has_prefix(text), DEPUTY_E_NETWORK_ID_PREFIX);
    TRY(uri_parse(&uri, text));
    ENSURE(!deputy_slice_present(uri.query) && !deputy_slice_present(uri.fragment), DEPUTY_E_URI);
    return network_from_path(out, uri.path);
}

enum deputy_error deputy_network_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_network *network)
{
    struct buf out = buf_make(arena, SIZE_MAX);
    buf_put_text(&out, network_prefix);
    if (network->owner.kind != DEPUTY_PRINCIPAL_TEXT)
        buf_put_text(&out, "did:");
    principal_put_id(&out, &network->owner);
    buf_put_byte(&out, ':');
    buf_put(&out, network->name);
    return buf_finish(&out, text);
}
