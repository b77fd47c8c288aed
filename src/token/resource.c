#include <deputy/resource.h>

#include "base/try.h"
#include "token/network.h"
#include "token/space.h"
#include "token/uri.h"

static bool has_space_scheme(struct deputy_slice text)
{
    static const uint8_t scheme[] = "tinycloud:";
    size_t len = sizeof scheme - 1, i = 0;
    while (i < len && i < text.len && (text.ptr[i] | 0x20) == scheme[i])
        i++;
    return i == len;
}

/* <space>/<service>[/<path>], or false: then the URI is no space resource (spec/01 section 2.2). */
static bool space_resource_parse(struct deputy_resource *out, const struct uri *uri)
{
    const uint8_t *end = uri->path.ptr + uri->path.len;
    const uint8_t *slash = memchr(uri->path.ptr, '/', uri->path.len);
    if (slash == NULL || deputy_slice_present(uri->authority) || !uri->normal)
        return false;
    if (space_from_body(&out->space, deputy_slice_bytes(uri->path.ptr, (size_t)(slash - uri->path.ptr))) !=
            DEPUTY_OK)
        return false;
    const uint8_t *service = slash + 1;
    const uint8_t *path = memchr(service, '/', (size_t)(end - service));
    out->service = deputy_slice_bytes(service, (size_t)((path != NULL ? path : end) - service));
    if (path != NULL)
        out->path = deputy_slice_bytes(path + 1, (size_t)(end - path - 1));
    out->query = uri->query;
    out->fragment = uri->fragment;
    return out->service.len > 0;
}

static bool network_resource_parse(struct deputy_resource *out, const struct uri *uri)
{
    return network_has_prefix(out->written) && !deputy_slice_present(uri->query) &&
           !deputy_slice_present(uri->fragment) && network_from_path(&out->network, uri->path) == DEPUTY_OK;
}

enum deputy_error deputy_resource_parse(struct deputy_resource *out, struct deputy_slice text)
{
    struct uri uri;
    TRY(uri_parse(&uri, text));
    *out = (struct deputy_resource){.written = text};
    if (deputy_slice_equal(uri.scheme, deputy_slice_text("tinycloud")) && space_resource_parse(out, &uri))
        out->kind = DEPUTY_RESOURCE_SPACE;
    else if (network_resource_parse(out, &uri))
        out->kind = DEPUTY_RESOURCE_NETWORK;
    else
        *out = (struct deputy_resource){.kind = DEPUTY_RESOURCE_OTHER, .written = text};
    return DEPUTY_OK;
}

static void put_part(struct buf *out, char delimiter, struct deputy_slice part)
{
    if (!deputy_slice_present(part))
        return;
    buf_put_byte(out, (uint8_t)delimiter);
    buf_put(out, part);
}

enum deputy_error deputy_resource_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_resource *resource)
{
    struct buf out = buf_make(arena, SIZE_MAX);
    *text = resource->written;
    if (resource->kind != DEPUTY_RESOURCE_SPACE)
        return DEPUTY_OK;
    space_put(&out, &resource->space);
    put_part(&out, '/', resource->service);
    put_part(&out, '/', resource->path);
    put_part(&out, '?', resource->query);
    put_part(&out, '#', resource->fragment);
    return buf_finish(&out, text);
}

static bool part_equal(struct deputy_slice a, struct deputy_slice b)
{
    return deputy_slice_present(a) == deputy_slice_present(b) && deputy_slice_equal(a, b);
}

static bool network_equal(const struct deputy_network *a, const struct deputy_network *b)
{
    return deputy_slice_equal(a->name, b->name) && deputy_principal_equal(&a->owner, &b->owner);
}

bool deputy_resource_equal(const struct deputy_resource *a, const struct deputy_resource *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == DEPUTY_RESOURCE_OTHER)
        return deputy_slice_equal(a->written, b->written);
    if (a->kind == DEPUTY_RESOURCE_NETWORK)
        return network_equal(&a->network, &b->network);
    return deputy_space_equal(&a->space, &b->space) && deputy_slice_equal(a->service, b->service) &&
           part_equal(a->path, b->path) && part_equal(a->query, b->query) &&
           part_equal(a->fragment, b->fragment);
}

/* The table of spec/01 section 2.4. */
static bool path_extends(struct deputy_slice child, struct deputy_slice parent)
{
    if (!deputy_slice_present(parent))
        return true;
    if (!deputy_slice_present(child) || child.len < parent.len)
        return false;
    if (parent.len > 0 && memcmp(child.ptr, parent.ptr, parent.len) != 0)
        return false;
    return child.len == parent.len || child.ptr[parent.len] == '/' ||
           (parent.len > 0 && parent.ptr[parent.len - 1] == '/');
}

static bool space_resource_extends(const struct deputy_resource *child, const struct deputy_resource *parent)
{
    return deputy_space_equal(&child->space, &parent->space) &&
           deputy_slice_equal(child->service, parent->service) &&
           part_equal(child->fragment, parent->fragment) &&
           (!deputy_slice_present(parent->query) || part_equal(child->query, parent->query)) &&
           path_extends(child->path, parent->path);
}

static bool is_delimiter(uint8_t byte)
{
    return byte == '/' || byte == ':' || byte == '?' || byte == '#';
}

/*
 * A malformed network id contains nothing, not even itself; a malformed space resource only itself; any other
 * URI what continues it at a delimiter.
 */
static bool other_extends(struct deputy_slice child, struct deputy_slice parent)
{
    if (network_has_prefix(child) || network_has_prefix(parent))
        return false;
    if (child.len < parent.len || memcmp(child.ptr, parent.ptr, parent.len) != 0)
        return false;
    if (child.len == parent.len)
        return true;
    return !has_space_scheme(parent) && is_delimiter(child.ptr[parent.len]);
}

bool deputy_resource_extends(const struct deputy_resource *child, const struct deputy_resource *parent)
{
    if (child->kind != parent->kind)
        return false;
    if (child->kind == DEPUTY_RESOURCE_SPACE)
        return space_resource_extends(child, parent);
    if (child->kind == DEPUTY_RESOURCE_NETWORK)
        return network_equal(&child->network, &parent->network);
    return other_extends(child->written, parent->written);
}

const struct deputy_principal *deputy_resource_owner(const struct deputy_resource *resource)
{
    if (resource->kind == DEPUTY_RESOURCE_SPACE)
        return &resource->space.owner;
    return resource->kind == DEPUTY_RESOURCE_NETWORK ? &resource->network.owner : NULL;
}
