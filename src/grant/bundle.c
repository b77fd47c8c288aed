/* Several delegations as one text, and what lies in which space (spec/05 section 8.6). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"
#include <deputy/portable.h>

#define BUNDLE_FORMAT "listen.delegation-bundle"

enum { BUNDLE_MAX_PARTS = 16, BUNDLE_MAX_BYTES = 4 * DEPUTY_PORTABLE_MAX_BYTES };

enum deputy_error deputy_bundle_format(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_portable *portables, size_t count)
{
    ENSURE(count > 0 && count <= BUNDLE_MAX_PARTS, DEPUTY_E_ARGUMENT);
    if (count == 1) {
        *json = portables[0].json;
        return DEPUTY_OK;
    }
    struct buf text = buf_make(arena, BUNDLE_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "format");
    json_text_z(&writer, BUNDLE_FORMAT);
    json_key(&writer, "version");
    json_int(&writer, 1);
    json_key(&writer, "delegations");
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        json_text(&writer, portables[i].json);
    json_array_end(&writer);
    json_object_end(&writer);
    return buf_finish(&text, json);
}

static enum deputy_error one_part(
        struct deputy_arena *arena, struct deputy_slice **parts, size_t *count, struct deputy_slice json)
{
    *parts = ARENA_NEW(arena, struct deputy_slice);
    ENSURE(*parts != NULL, arena_error(arena));
    **parts = json;
    *count = 1;
    return DEPUTY_OK;
}

static bool is_bundle(const struct json_value *root, const struct deputy_slice *formats, size_t count)
{
    const struct json_value *format = json_member(root, "format");
    return json_is(format, JSON_STRING) && text_among(format->text, formats, count);
}

enum deputy_error deputy_bundle_split(
        struct deputy_arena *arena, struct deputy_slice **parts, size_t *count, struct deputy_slice json)
{
    const struct deputy_slice format = deputy_slice_text(BUNDLE_FORMAT);
    return deputy_bundle_split_of(arena, parts, count, json, &format, 1);
}

enum deputy_error deputy_bundle_split_of(struct deputy_arena *arena, struct deputy_slice **parts,
        size_t *count, struct deputy_slice json, const struct deputy_slice *formats, size_t format_count)
{
    const struct json_value *root;
    int64_t version;
    ENSURE(json.len <= BUNDLE_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(arena, &root, json));
    if (!is_bundle(root, formats, format_count))
        return one_part(arena, parts, count, json);
    const struct json_value *list = json_member(root, "delegations");
    TRY(json_to_int64(&version, json_member(root, "version")));
    ENSURE(version == 1 && json_is(list, JSON_ARRAY) && list->count > 0, DEPUTY_E_JSON_TYPE);
    ENSURE(list->count <= BUNDLE_MAX_PARTS, DEPUTY_E_LIMIT);
    *parts = ARENA_ARRAY(arena, struct deputy_slice, list->count);
    ENSURE(*parts != NULL, arena_error(arena));
    *count = 0;
    JSON_EACH (item, list)
        TRY(json_to_text(&(*parts)[(*count)++], item));
    return DEPUTY_OK;
}

static bool same_group(const struct deputy_permission *a, const struct deputy_permission *b)
{
    bool a_network = text_is(a->service, SERVICE_ENCRYPTION);
    bool b_network = text_is(b->service, SERVICE_ENCRYPTION);
    return a_network == b_network && (a_network || deputy_slice_equal(a->space, b->space));
}

static enum deputy_error group_push(struct permission_list *lists, size_t *count, struct deputy_arena *arena,
        const struct deputy_permission *permission)
{
    for (size_t i = 0; i < *count; i++) {
        if (same_group(&lists[i].items[0], permission))
            return permission_list_push(&lists[i], permission);
    }
    lists[*count] = permission_list_make(arena);
    return permission_list_push(&lists[(*count)++], permission);
}

enum deputy_error deputy_permissions_by_space(struct deputy_arena *arena, struct deputy_permissions **groups,
        size_t *count, struct deputy_permissions permissions)
{
    struct permission_list *lists = ARENA_ARRAY(arena, struct permission_list, permissions.count + 1);
    *groups = ARENA_ARRAY(arena, struct deputy_permissions, permissions.count + 1);
    ENSURE(lists != NULL && *groups != NULL, arena_error(arena));
    *count = 0;
    for (size_t i = 0; i < permissions.count; i++)
        TRY(group_push(lists, count, arena, &permissions.items[i]));
    for (size_t i = 0; i < *count; i++)
        (*groups)[i] = permission_list_view(&lists[i]);
    return DEPUTY_OK;
}
