/* Resources and what they are made of. An input is two texts with a line feed between. */
#include "base/arena.h"
#include "property.h"
#include <deputy/cid.h>
#include <deputy/resource.h>

/* Read, written and read again, it is the same; written twice, it is the same text. */
static void resource_is_written_again(const struct deputy_resource *resource)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_slice text, again;
    struct deputy_resource read;
    HOLDS(deputy_resource_format(arena, &text, resource) == DEPUTY_OK);
    HOLDS(deputy_resource_parse(&read, text) == DEPUTY_OK);
    HOLDS(deputy_resource_equal(&read, resource));
    HOLDS(deputy_resource_format(arena, &again, &read) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(text, again));
    HOLDS(text.len == resource->written.len);
}

static bool contains(struct deputy_slice text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, part, len) == 0)
            return true;
    return false;
}

/* A space resource has no part that a path would walk out by. */
static void space_resource_holds(const struct deputy_resource *resource)
{
    if (resource->kind != DEPUTY_RESOURCE_SPACE)
        return;
    HOLDS(resource->service.len > 0 && resource->space.name.len > 0);
    HOLDS(!contains(resource->path, "/../") && !contains(resource->path, "/./"));
    HOLDS(!contains(resource->written, "%2e") && !contains(resource->written, "%2E"));
}

static bool is_malformed_network(const struct deputy_resource *resource)
{
    static const char prefix[] = "urn:tinycloud:encryption:";
    return resource->kind == DEPUTY_RESOURCE_OTHER && resource->written.len >= sizeof prefix - 1 &&
           memcmp(resource->written.ptr, prefix, sizeof prefix - 1) == 0;
}

/* Nothing lies in what belongs to another; mutual containment is equality. */
static void containment_holds(const struct deputy_resource *a, const struct deputy_resource *b)
{
    bool inside = deputy_resource_extends(a, b), around = deputy_resource_extends(b, a);
    const struct deputy_principal *owner = deputy_resource_owner(a), *other = deputy_resource_owner(b);
    HOLDS(deputy_resource_extends(a, a) != is_malformed_network(a));
    HOLDS(!(inside && around) || deputy_resource_equal(a, b));
    if (!inside)
        return;
    HOLDS(a->kind == b->kind && (owner == NULL) == (other == NULL));
    HOLDS(owner == NULL || deputy_principal_equal(owner, other));
    if (a->kind != DEPUTY_RESOURCE_SPACE)
        return;
    HOLDS(deputy_space_equal(&a->space, &b->space) && deputy_slice_equal(a->service, b->service));
    HOLDS(b->path.len <= a->path.len || !deputy_slice_present(b->path));
}

static void principals_hold(struct deputy_slice text)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_principal principal = deputy_principal_of(text), again;
    struct deputy_slice canonical;
    HOLDS(deputy_principal_format(arena, &canonical, &principal) == DEPUTY_OK);
    again = deputy_principal_of(canonical);
    HOLDS(deputy_principal_equal(&principal, &again));
}

static void did_key_holds(struct deputy_slice text)
{
    struct deputy_public_key key;
    struct deputy_slice did;
    if (deputy_did_key_decode(&key, text) != DEPUTY_OK)
        return;
    HOLDS(deputy_did_key_format(fuzz_arena_kept(), &did, &key) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(did, text));
}

static void cid_holds(struct deputy_slice text)
{
    struct deputy_cid cid;
    struct deputy_slice again;
    if (deputy_cid_parse(&cid, text) != DEPUTY_OK)
        return;
    enum deputy_cid_base base = text.ptr[0] == 'b' ? DEPUTY_CID_BASE32 : DEPUTY_CID_BASE58;
    HOLDS(deputy_cid_format(fuzz_arena_kept(), &again, &cid, base) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(again, text));
}

static void ids_hold(struct deputy_slice text)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_space space, space_again;
    struct deputy_network network, network_again;
    struct deputy_slice written;
    if (deputy_space_parse(&space, text) == DEPUTY_OK) {
        HOLDS(deputy_space_format(arena, &written, &space) == DEPUTY_OK && written.len == text.len);
        HOLDS(deputy_space_parse(&space_again, written) == DEPUTY_OK &&
                deputy_space_equal(&space, &space_again));
    }
    if (deputy_network_parse(&network, text) == DEPUTY_OK) {
        HOLDS(deputy_network_format(arena, &written, &network) == DEPUTY_OK && written.len == text.len);
        HOLDS(deputy_network_parse(&network_again, written) == DEPUTY_OK);
        HOLDS(deputy_principal_equal(&network.owner, &network_again.owner));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    struct deputy_slice first = fuzz_field(&input, '\n'), second = input;
    struct deputy_resource a, b;
    fuzz_arena();
    principals_hold(first);
    did_key_holds(first);
    cid_holds(first);
    ids_hold(first);
    if (deputy_resource_parse(&a, first) != DEPUTY_OK)
        return 0;
    resource_is_written_again(&a);
    space_resource_holds(&a);
    if (deputy_resource_parse(&b, second) == DEPUTY_OK)
        containment_holds(&a, &b);
    return 0;
}
