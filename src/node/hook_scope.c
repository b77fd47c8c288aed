#include "node/hook_scope.h"
#include "base/arena.h"
#include "base/try.h"
#include "node/authority.h"

static const struct {
    enum hook_ability bit;
    const char *name;
    const char *service;
} abilities[] = {
        {HOOK_KV_PUT, "tinycloud.kv/put", "kv"},
        {HOOK_KV_DELETE, "tinycloud.kv/del", "kv"},
        {HOOK_SQL_WRITE, "tinycloud.sql/write", "sql"},
};

enum { ABILITY_COUNT = sizeof abilities / sizeof abilities[0] };

const char *hook_ability_name(enum hook_ability ability)
{
    for (size_t i = 0; i < ABILITY_COUNT; i++) {
        if (abilities[i].bit == ability)
            return abilities[i].name;
    }
    return "";
}

/* ---- reading and writing ---- */

static struct deputy_slice trim_slashes(struct deputy_slice text)
{
    while (text.len > 0 && text.ptr[0] == '/') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text.len > 0 ? text : (struct deputy_slice){NULL, 0};
}

enum deputy_error hook_scope_make(struct deputy_arena *arena, struct hook_scope *out,
        struct deputy_slice space, struct deputy_slice service, struct deputy_slice prefix)
{
    struct deputy_space parsed;
    *out = (struct hook_scope){.service = service, .prefix = trim_slashes(prefix)};
    ENSURE(deputy_space_parse(&parsed, space) == DEPUTY_OK, DEPUTY_E_PEER_SPACE);
    ENSURE(deputy_slice_equal(service, deputy_slice_text("kv")) ||
                    deputy_slice_equal(service, deputy_slice_text("sql")),
            DEPUTY_E_HOOK_SERVICE);
    return deputy_space_format(arena, &out->space, &parsed);
}

static enum deputy_error ability_add(struct hook_scope *scope, const struct json_value *name)
{
    for (size_t i = 0; i < ABILITY_COUNT; i++) {
        if (json_text_is(name, abilities[i].name) &&
                deputy_slice_equal(scope->service, deputy_slice_text(abilities[i].service))) {
            scope->abilities |= abilities[i].bit;
            return DEPUTY_OK;
        }
    }
    return DEPUTY_E_HOOK_ABILITY;
}

static bool is_given(const struct json_value *value)
{
    return value != NULL && !json_is(value, JSON_NULL);
}

enum deputy_error hook_scope_read(
        struct deputy_arena *arena, struct hook_scope *out, const struct json_value *object)
{
    const struct json_value *prefix = json_member(object, "pathPrefix");
    const struct json_value *list = json_member(object, "abilities");
    struct deputy_slice space, service, path = {NULL, 0};
    ENSURE(json_to_text(&space, json_member(object, "space")) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(json_to_text(&service, json_member(object, "service")) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(!is_given(prefix) || json_to_text(&path, prefix) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(!is_given(list) || json_is(list, JSON_ARRAY), DEPUTY_E_INVALID_INPUTS);
    TRY(hook_scope_make(arena, out, space, service, path));
    if (!is_given(list))
        return DEPUTY_OK;
    JSON_EACH (name, list)
        TRY(ability_add(out, name));
    return DEPUTY_OK;
}

void hook_scope_put(struct json_writer *json, const struct hook_scope *scope)
{
    json_key(json, "space");
    json_text(json, scope->space);
    json_key(json, "service");
    json_text(json, scope->service);
    json_key(json, "pathPrefix");
    if (deputy_slice_present(scope->prefix))
        json_text(json, scope->prefix);
    else
        json_null(json);
    json_key(json, "abilities");
    json_array_begin(json);
    for (size_t i = 0; i < ABILITY_COUNT; i++) {
        if (scope->abilities & abilities[i].bit)
            json_text_z(json, abilities[i].name);
    }
    json_array_end(json);
}

/* ---- what it covers ---- */

/* Equal, or below it at a slash. */
static bool path_covers(struct deputy_slice outer, struct deputy_slice inner)
{
    if (inner.len < outer.len || (outer.len > 0 && memcmp(inner.ptr, outer.ptr, outer.len) != 0))
        return false;
    return inner.len == outer.len || inner.ptr[outer.len] == '/';
}

bool hook_scope_matches(const struct hook_scope *scope, struct deputy_slice space,
        struct deputy_slice service, enum hook_ability ability, struct deputy_slice path)
{
    return deputy_slice_equal(scope->space, space) && deputy_slice_equal(scope->service, service) &&
           (scope->abilities == 0 || (scope->abilities & ability) != 0) &&
           (!deputy_slice_present(scope->prefix) || path_covers(scope->prefix, path));
}

/* "<service>" or "<service>/<prefix>" lies inside the path of the capability. */
static bool scope_path_covered(struct deputy_slice path, const struct hook_scope *scope)
{
    size_t service = scope->service.len;
    if (path.len <= service)
        return path.len == service && memcmp(path.ptr, scope->service.ptr, service) == 0;
    if (memcmp(path.ptr, scope->service.ptr, service) != 0 || path.ptr[service] != '/')
        return false;
    struct deputy_slice rest = deputy_slice_bytes(path.ptr + service + 1, path.len - service - 1);
    return rest.len > 0 && deputy_slice_present(scope->prefix) && path_covers(rest, scope->prefix);
}

/* A capability for the ability on hooks of the space, under no caveat. */
static bool grant_is_on(const struct deputy_grant *grant, const char *ability, struct deputy_slice id)
{
    struct deputy_space space;
    const struct deputy_resource *resource = &grant->capability->resource;
    return resource->kind == DEPUTY_RESOURCE_SPACE && !deputy_slice_present(resource->query) &&
           !deputy_slice_present(resource->fragment) && !deputy_slice_present(grant->caveats) &&
           deputy_slice_equal(resource->service, deputy_slice_text("hooks")) &&
           deputy_slice_equal(grant->capability->ability, deputy_slice_text(ability)) &&
           deputy_space_parse(&space, id) == DEPUTY_OK && deputy_space_equal(&resource->space, &space);
}

static bool grant_covers(
        const struct deputy_grant *grant, const char *ability, const struct hook_scope *scope)
{
    const struct deputy_resource *resource = &grant->capability->resource;
    return grant_is_on(grant, ability, scope->space) &&
           (!deputy_slice_present(resource->path) || scope_path_covered(resource->path, scope));
}

bool hook_path_granted(const struct deputy_decision *decision, const char *ability, struct deputy_slice space,
        struct deputy_slice path)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_grant *grant = &decision->grants[i];
        if (grant_is_on(grant, ability, space) &&
                (!deputy_slice_present(path) || deputy_slice_equal(grant->capability->resource.path, path)))
            return true;
    }
    return false;
}

bool hook_scope_encloses(const struct hook_scope *outer, const struct hook_scope *inner)
{
    return deputy_slice_equal(outer->space, inner->space) &&
           deputy_slice_equal(outer->service, inner->service) &&
           (!deputy_slice_present(outer->prefix) ||
                   (deputy_slice_present(inner->prefix) && path_covers(outer->prefix, inner->prefix)));
}

/* ---- what it stands on ---- */

static void proofs_add(struct hook_proofs *proofs, const struct deputy_token *by)
{
    for (size_t i = 0; i < proofs->count; i++) {
        if (deputy_cid_equal(&proofs->cids[i], &by->cid))
            return;
    }
    if (proofs->count < HOOK_PROOFS_MAX) /* it is: a token cites no more */
        proofs->cids[proofs->count++] = by->cid;
}

bool hook_scope_granted(struct hook_proofs *proofs, const struct deputy_decision *decision,
        const char *ability, const struct hook_scope *scope)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_grant *grant = &decision->grants[i];
        if (!grant_covers(grant, ability, scope))
            continue;
        if (proofs != NULL && grant->by != NULL)
            proofs_add(proofs, grant->by);
        return true;
    }
    return false;
}

enum deputy_error hook_proofs_stand(struct deputy_arena *arena, const struct hook_proofs *proofs,
        struct store_read *read, struct deputy_time now)
{
    for (size_t i = 0; i < proofs->count; i++) {
        struct deputy_closure closure;
        TRY(authority_load_one(arena, &closure, read, &proofs->cids[i], DEPUTY_CHAIN_MAX));
        ENSURE(deputy_delegation_standing(&closure, now) == DEPUTY_STANDING_ACTIVE, DEPUTY_E_HOOK_AUTHORITY);
    }
    return DEPUTY_OK;
}
