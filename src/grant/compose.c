#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "grant/manifest.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/request.h"
#include "grant/text.h"
#include <deputy/request.h>

enum { REQUEST_MAX_TEXT = 16 * 1024 * 1024 };

#define SLICE(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static const struct deputy_slice GET_PUT_LIST[] = {
        SLICE("tinycloud.kv/get"), SLICE("tinycloud.kv/put"), SLICE("tinycloud.kv/list")};
static const struct deputy_slice DELEGATION_LIST[] = {SLICE("tinycloud.delegation/list")};
static const struct deputy_slice SQL_ALL[] = {
        SLICE("tinycloud.sql/read"), SLICE("tinycloud.sql/write"), SLICE("tinycloud.sql/schema")};
static const struct deputy_slice CAPABILITIES_READ[] = {SLICE("tinycloud.capabilities/read")};

/* spec/05 section 4.2, in this order. */
static const struct deputy_permission ACCOUNT[] = {
        {SLICE(SERVICE_KV), SLICE(SPACE_ACCOUNT), SLICE("applications/"), GET_PUT_LIST, 3, 0, {NULL, 0},
                {NULL, 0}, true},
        {SLICE(SERVICE_KV), SLICE(SPACE_ACCOUNT), SLICE("spaces/"), GET_PUT_LIST, 3, 0, {NULL, 0}, {NULL, 0},
                true},
        {SLICE(SERVICE_KV), SLICE(SPACE_ACCOUNT), SLICE("system/bootstrap/complete"), GET_PUT_LIST, 2, 0,
                {NULL, 0}, {NULL, 0}, true},
        {SLICE("tinycloud.delegation"), SLICE(SPACE_ACCOUNT), SLICE(""), DELEGATION_LIST, 1, 0, {NULL, 0},
                {NULL, 0}, true},
        {SLICE("tinycloud.sql"), SLICE(SPACE_ACCOUNT), SLICE("account"), SQL_ALL, 3, 0, {NULL, 0}, {NULL, 0},
                true},
        {SLICE(SERVICE_CAPABILITIES), SLICE(SPACE_ACCOUNT), SLICE(""), CAPABILITIES_READ, 1, 0, {NULL, 0},
                {NULL, 0}, true},
};

struct deputy_permissions account_permissions(void)
{
    return (struct deputy_permissions){ACCOUNT, sizeof ACCOUNT / sizeof ACCOUNT[0]};
}

static enum deputy_error push_all(struct permission_list *list, struct deputy_permissions permissions)
{
    for (size_t i = 0; i < permissions.count; i++)
        TRY(permission_list_push(list, &permissions.items[i]));
    return DEPUTY_OK;
}

/* The resources of each manifest, and a target for each that names a delegate. */
static enum deputy_error resolve_all(const struct attempt *attempt, struct permission_list *list,
        struct deputy_request *out, const struct deputy_manifest *const *manifests, size_t count)
{
    struct deputy_target *targets = ARENA_ARRAY(attempt->arena, struct deputy_target, count);
    ENSURE(targets != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < count; i++) {
        const struct deputy_manifest *manifest = manifests[i];
        struct deputy_permissions resolved;
        TRY(deputy_manifest_resolve(attempt->arena, &resolved, attempt->refusal, manifest));
        TRY(push_all(list, resolved));
        if (deputy_slice_present(manifest->did))
            targets[out->target_count++] =
                    (struct deputy_target){manifest->did, manifest->name, manifest->expiry_ms, resolved};
        if (manifest->expiry_ms > out->expiry_ms)
            out->expiry_ms = manifest->expiry_ms;
        out->include_public_space = out->include_public_space || manifest->include_public_space;
    }
    out->targets = targets;
    return DEPUTY_OK;
}

static bool app_seen_before(const struct deputy_manifest *const *manifests, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (deputy_slice_equal(manifests[i]->app_id, manifests[index]->app_id))
            return true;
    }
    return false;
}

static enum deputy_error record_make(struct deputy_arena *arena, struct deputy_registry_record *out,
        const struct deputy_manifest *const *manifests, size_t count, size_t first)
{
    struct buf text = buf_make(arena, REQUEST_MAX_TEXT);
    struct json_writer writer = json_writer_make(&text);
    out->app_id = manifests[first]->app_id;
    TRY(text_join(arena, &out->key, deputy_slice_text("applications/"), out->app_id));
    json_array_begin(&writer);
    for (size_t i = first; i < count; i++) {
        if (deputy_slice_equal(manifests[i]->app_id, out->app_id))
            json_raw(&writer, manifests[i]->record);
    }
    json_array_end(&writer);
    return buf_finish(&text, &out->manifests);
}

static enum deputy_error records_make(struct deputy_arena *arena, struct deputy_request *out,
        const struct deputy_manifest *const *manifests, size_t count)
{
    struct deputy_registry_record *records = ARENA_ARRAY(arena, struct deputy_registry_record, count);
    ENSURE(records != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++) {
        if (!app_seen_before(manifests, i))
            TRY(record_make(arena, &records[out->record_count++], manifests, count, i));
    }
    out->records = records;
    return DEPUTY_OK;
}

static enum deputy_error compose(const struct attempt *attempt, struct deputy_request *out,
        const struct deputy_manifest *const *manifests, size_t count, bool account)
{
    struct permission_list list = permission_list_make(attempt->arena);
    *out = (struct deputy_request){.expiry_ms = 0};
    if (count == 0)
        return attempt_refuse(attempt, DEPUTY_E_COMPOSE_EMPTY);
    ENSURE(count <= DEPUTY_REQUEST_MAX_MANIFESTS, DEPUTY_E_LIMIT);
    TRY(resolve_all(attempt, &list, out, manifests, count));
    if (account) {
        TRY(push_all(&list, account_permissions()));
        TRY(records_make(attempt->arena, out, manifests, count));
    }
    return permissions_with_capabilities(attempt->arena, &out->resources, permission_list_view(&list));
}

enum deputy_error deputy_request_compose(struct deputy_arena *arena, struct deputy_request *out,
        struct deputy_refusal *refusal, const struct deputy_manifest *const *manifests, size_t count,
        bool account)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, compose(&attempt, out, manifests, count, account));
}

const struct deputy_target *deputy_request_target(
        const struct deputy_request *request, struct deputy_slice did)
{
    struct deputy_principal wanted = deputy_principal_of(did);
    for (size_t i = 0; i < request->target_count; i++) {
        struct deputy_principal principal = deputy_principal_of(request->targets[i].did);
        if (deputy_principal_equal(&principal, &wanted))
            return &request->targets[i];
    }
    return NULL;
}

static void put_target(struct json_writer *writer, const struct deputy_target *target)
{
    json_object_begin(writer);
    json_key(writer, "did");
    json_text(writer, target->did);
    json_key(writer, "name");
    json_text(writer, target->name);
    json_key(writer, "expiryMs");
    json_double(writer, target->expiry_ms);
    json_key(writer, "permissions");
    permissions_put(writer, target->permissions);
    json_object_end(writer);
}

static void put_record(struct json_writer *writer, const struct deputy_registry_record *record)
{
    json_object_begin(writer);
    json_key(writer, "key");
    json_text(writer, record->key);
    json_key(writer, "app_id");
    json_text(writer, record->app_id);
    json_key(writer, "manifests");
    json_raw(writer, record->manifests);
    json_object_end(writer);
}

enum deputy_error deputy_request_format(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_request *request)
{
    struct buf text = buf_make(arena, REQUEST_MAX_TEXT);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "resources");
    permissions_put(&writer, request->resources);
    json_key(&writer, "delegationTargets");
    json_array_begin(&writer);
    for (size_t i = 0; i < request->target_count; i++)
        put_target(&writer, &request->targets[i]);
    json_array_end(&writer);
    json_key(&writer, "registryRecords");
    json_array_begin(&writer);
    for (size_t i = 0; i < request->record_count; i++)
        put_record(&writer, &request->records[i]);
    json_array_end(&writer);
    json_key(&writer, "expiryMs");
    json_double(&writer, request->expiry_ms);
    json_key(&writer, "includePublicSpace");
    json_bool(&writer, request->include_public_space);
    json_object_end(&writer);
    return buf_finish(&text, json);
}
