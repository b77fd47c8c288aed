#include "token/caps.h"
#include "base/arena.h"
#include "base/json_order.h"
#include "base/try.h"
#include <deputy/ability.h>

/* A non-empty array of objects. [{}] is no caveat at all; [{},{}] is two. */
static enum deputy_error caveats_take(
        struct deputy_slice *out, const struct json_value *value, enum caps_caveats allowed)
{
    ENSURE(json_is(value, JSON_ARRAY) && value->count > 0, DEPUTY_E_CAVEATS);
    JSON_EACH (nota_bene, value)
        ENSURE(nota_bene->kind == JSON_OBJECT, DEPUTY_E_CAVEATS);
    bool none = value->count == 1 && value->first->count == 0;
    ENSURE(none || allowed == CAPS_ALLOW_CAVEATS, DEPUTY_E_CAVEATS);
    *out = none ? (struct deputy_slice){0} : value->raw;
    return DEPUTY_OK;
}

static enum deputy_error caps_count(size_t *count, const struct json_value *att)
{
    *count = 0;
    ENSURE(json_is(att, JSON_OBJECT), DEPUTY_E_CAPABILITIES);
    JSON_EACH (abilities, att) {
        ENSURE(abilities->kind == JSON_OBJECT, DEPUTY_E_CAPABILITIES);
        *count += abilities->count;
    }
    ENSURE(*count <= DEPUTY_TOKEN_MAX_CAPABILITIES, DEPUTY_E_CAPABILITY_LIMIT);
    return DEPUTY_OK;
}

static enum deputy_error members_by_key(
        struct deputy_arena *arena, const struct json_value *const **out, const struct json_value *object)
{
    *out = object->sorted;
    return *out != NULL ? DEPUTY_OK : json_members_sorted(arena, out, object, deputy_slice_compare);
}

/* The capabilities on one resource, appended to the list. */
static enum deputy_error resource_take(struct deputy_arena *arena, struct deputy_capability **next,
        const struct json_value *member, enum caps_caveats allowed)
{
    struct deputy_resource resource;
    const struct json_value *const *abilities;
    TRY(deputy_resource_parse(&resource, member->key));
    TRY(members_by_key(arena, &abilities, member));
    for (uint32_t i = 0; i < member->count; i++, ++*next) {
        TRY(deputy_ability_parse(NULL, NULL, abilities[i]->key));
        TRY(caveats_take(&(*next)->caveats, abilities[i], allowed));
        (*next)->resource = resource;
        (*next)->ability = abilities[i]->key;
    }
    return DEPUTY_OK;
}

/* Every Ethereum account that owns something is written the same way: then no capability can stand twice. */
static bool owners_written_alike(const struct deputy_capability *list, size_t count)
{
    const struct deputy_principal *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct deputy_principal *owner = deputy_resource_owner(&list[i].resource);
        if (owner == NULL || owner->kind != DEPUTY_PRINCIPAL_ETHEREUM)
            continue;
        if (first != NULL && !deputy_slice_equal(first->id, owner->id))
            return false;
        first = owner;
    }
    return true;
}

static bool is_twin(const struct deputy_capability *a, const struct deputy_capability *b)
{
    return a->resource.written.len == b->resource.written.len && deputy_slice_equal(a->ability, b->ability) &&
           deputy_resource_equal(&a->resource, &b->resource);
}

static enum deputy_error twin_check(
        struct deputy_arena *arena, const struct deputy_capability *a, const struct deputy_capability *b)
{
    const struct json_value *left, *right;
    ENSURE(deputy_slice_present(a->caveats) == deputy_slice_present(b->caveats), DEPUTY_E_CAPABILITY_TWICE);
    if (!deputy_slice_present(a->caveats))
        return DEPUTY_OK;
    TRY(json_parse(arena, &left, a->caveats));
    TRY(json_parse(arena, &right, b->caveats));
    ENSURE(json_equal(left, right), DEPUTY_E_CAPABILITY_TWICE);
    return DEPUTY_OK;
}

/* Drops each capability that an earlier one repeats. */
static enum deputy_error twins_merge(
        struct deputy_arena *arena, struct deputy_capability *list, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        size_t twin = 0;
        while (twin < kept && !is_twin(&list[twin], &list[i]))
            twin++;
        if (twin < kept)
            TRY(twin_check(arena, &list[twin], &list[i]));
        else
            list[kept++] = list[i];
    }
    *count = kept;
    return DEPUTY_OK;
}

enum deputy_error caps_from_json(struct deputy_arena *arena, const struct deputy_capability **out,
        size_t *count, const struct json_value *att, enum caps_caveats allowed)
{
    const struct json_value *const *resources;
    TRY(caps_count(count, att));
    TRY(members_by_key(arena, &resources, att));
    struct deputy_capability *list = ARENA_ARRAY(arena, struct deputy_capability, *count), *next = list;
    ENSURE(list != NULL, arena_error(arena));
    for (uint32_t i = 0; i < att->count; i++)
        TRY(resource_take(arena, &next, resources[i], allowed));
    *out = list;
    return owners_written_alike(list, *count) ? DEPUTY_OK : twins_merge(arena, list, count);
}

enum deputy_error caps_put_json(struct json_writer *writer, struct deputy_slice json)
{
    struct deputy_arena *arena = writer->out->arena;
    const struct json_value *value, *written;
    struct buf text = buf_make(arena, DEPUTY_TOKEN_MAX_BYTES);
    struct deputy_slice canonical;
    TRY(json_parse(arena, &value, json));
    json_put_canonical(&text, value);
    TRY(buf_finish(&text, &canonical));
    TRY(json_parse(arena, &written, canonical));
    ENSURE(json_equal(value, written), DEPUTY_E_JSON_NUMBER);
    json_raw(writer, canonical);
    return DEPUTY_OK;
}

static int grant_order(const struct deputy_ucan_grant *a, const struct deputy_ucan_grant *b)
{
    int order = deputy_slice_compare(a->resource, b->resource);
    return order != 0 ? order : deputy_slice_compare(a->ability, b->ability);
}

static enum deputy_error caveats_or_none(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice caveats)
{
    return json_parse(arena, out, deputy_slice_present(caveats) ? caveats : deputy_slice_text("[{}]"));
}

static enum deputy_error same_caveats(
        struct deputy_arena *arena, const struct deputy_ucan_grant *a, const struct deputy_ucan_grant *b)
{
    const struct json_value *left, *right;
    TRY(caveats_or_none(arena, &left, a->caveats));
    TRY(caveats_or_none(arena, &right, b->caveats));
    ENSURE(json_equal(left, right), DEPUTY_E_CAPABILITY_TWICE);
    return DEPUTY_OK;
}

/* The grants in canonical order, each once. */
struct grant_list {
    const struct deputy_ucan_grant *items[DEPUTY_TOKEN_MAX_CAPABILITIES];
    size_t count;
};

static enum deputy_error grant_insert(
        struct deputy_arena *arena, struct grant_list *list, const struct deputy_ucan_grant *grant)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = grant_order(list->items[middle], grant);
        if (order == 0)
            return same_caveats(arena, list->items[middle], grant);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    ENSURE(list->count < DEPUTY_TOKEN_MAX_CAPABILITIES, DEPUTY_E_CAPABILITY_LIMIT);
    for (size_t i = list->count++; i > low; i--)
        list->items[i] = list->items[i - 1];
    list->items[low] = grant;
    return DEPUTY_OK;
}

static enum deputy_error grants_put(struct json_writer *writer, const struct grant_list *list)
{
    json_object_begin(writer);
    for (size_t i = 0; i < list->count; i++) {
        const struct deputy_ucan_grant *grant = list->items[i];
        bool first = i == 0 || !deputy_slice_equal(list->items[i - 1]->resource, grant->resource);
        if (first && i > 0)
            json_object_end(writer);
        if (first) {
            json_key_slice(writer, grant->resource);
            json_object_begin(writer);
        }
        json_key_slice(writer, grant->ability);
        if (deputy_slice_present(grant->caveats))
            TRY(caps_put_json(writer, grant->caveats));
        else
            json_raw(writer, deputy_slice_text("[{}]"));
    }
    if (list->count > 0)
        json_object_end(writer);
    json_object_end(writer);
    return DEPUTY_OK;
}

enum deputy_error caps_put(struct json_writer *writer, const struct deputy_ucan_grant *grants, size_t count,
        enum caps_caveats allowed)
{
    struct deputy_arena *arena = writer->out->arena;
    struct grant_list list = {.count = 0};
    const struct json_value *att;
    const struct deputy_capability *read;
    struct deputy_slice text;
    struct buf map = buf_make(arena, DEPUTY_TOKEN_MAX_BYTES);
    struct json_writer map_writer = json_writer_make(&map);
    for (size_t i = 0; i < count; i++)
        TRY(grant_insert(arena, &list, &grants[i]));
    TRY(grants_put(&map_writer, &list));
    TRY(buf_finish(&map, &text));
    TRY(json_parse(arena, &att, text));
    TRY(caps_from_json(arena, &read, &count, att, allowed));
    json_raw(writer, text);
    return DEPUTY_OK;
}
