/* A delegation as its receiver keeps it, out of signed bytes alone (spec/05 section 10.3, last paragraph). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "grant/abilities.h"
#include "grant/authority.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/text.h"

static void put_text(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    json_text(writer, text);
}

static enum deputy_error put_cid(struct deputy_arena *arena, struct json_writer *writer, const char *name,
        const struct deputy_cid *cid)
{
    struct deputy_slice text;
    TRY(deputy_cid_format(arena, &text, cid, DEPUTY_CID_BASE32));
    put_text(writer, name, text);
    return DEPUTY_OK;
}

static void put_bool(struct json_writer *writer, const char *name, bool value)
{
    json_key(writer, name);
    json_bool(writer, value);
}

static enum deputy_error put_owner(
        struct deputy_arena *arena, struct json_writer *writer, const struct deputy_account *owner)
{
    struct deputy_slice address;
    if (owner->chain == 0)
        return DEPUTY_OK;
    TRY(address_text(arena, &address, owner->address));
    put_text(writer, "ownerAddress", address);
    json_key(writer, "chainId");
    json_double(writer, (double)owner->chain);
    return DEPUTY_OK;
}

static enum deputy_error put_lineage(
        struct deputy_arena *arena, struct json_writer *writer, const struct deputy_delegation *delegation)
{
    put_text(writer, "delegatorDID", delegation->issuer);
    if (delegation->proof_count == 1)
        TRY(put_cid(arena, writer, "parentCid", &delegation->proofs[0].cid));
    if (delegation->has_depth) {
        put_bool(writer, "allowSubDelegation", delegation->depth > 0);
        put_bool(writer, "disableSubDelegation", delegation->depth == 0);
    }
    put_text(writer, "authHeader", delegation->authority.header);
    return DEPUTY_OK;
}

/* One resource a path and service, in the order of a wrapper. Caveats keep resources apart. */
static enum deputy_error resources_of(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions held)
{
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < held.count; i++) {
        struct deputy_permission item = held.items[i];
        item.service = service_short(item.service);
        if (deputy_slice_present(item.caveats))
            TRY(permission_list_push(&list, &item));
        else
            TRY(permission_list_merge(&list, &item));
    }
    return resources_sort(arena, out, permission_list_view(&list));
}

static enum deputy_error put_resources(
        struct deputy_arena *arena, struct json_writer *writer, const struct deputy_delegation *delegation)
{
    struct deputy_permissions resources;
    TRY(resources_of(arena, &resources, delegation->authority.held));
    ENSURE(resources.count > 0, DEPUTY_E_ABILITIES_EMPTY);
    if (deputy_slice_present(delegation->authority.space))
        put_text(writer, "spaceId", delegation->authority.space);
    put_text(writer, "path", resources.items[0].path);
    json_key(writer, "actions");
    json_put_texts(writer, resources.items[0].actions, resources.items[0].action_count);
    json_key(writer, "resources");
    permissions_put(writer, resources);
    return DEPUTY_OK;
}

static enum deputy_error put_all(struct deputy_arena *arena, struct json_writer *writer,
        const struct deputy_delegation *delegation, struct deputy_slice host)
{
    struct deputy_slice expiry;
    json_object_begin(writer);
    TRY(put_cid(arena, writer, "cid", &delegation->authority.cid));
    json_key(writer, "delegationHeader");
    json_object_begin(writer);
    put_text(writer, "Authorization", delegation->authority.header);
    json_object_end(writer);
    TRY(put_owner(arena, writer, &delegation->owner));
    TRY(put_lineage(arena, writer, delegation));
    TRY(put_resources(arena, writer, delegation));
    if (delegation->authority.has_expiry) {
        TRY(time_iso(arena, &expiry, delegation->authority.expiry));
        put_text(writer, "expiry", expiry);
    }
    put_text(writer, "delegateDID", delegation->audience);
    if (deputy_slice_present(host))
        put_text(writer, "host", host);
    json_object_end(writer);
    return DEPUTY_OK;
}

enum deputy_error deputy_delegation_format(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_delegation *delegation, struct deputy_slice host)
{
    struct buf text = buf_make(arena, 4 * DEPUTY_PORTABLE_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    TRY(put_all(arena, &writer, delegation, host));
    return buf_finish(&text, json);
}
