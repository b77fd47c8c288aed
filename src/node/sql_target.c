#include "base/arena.h"
#include "base/try.h"
#include "node/kv.h"
#include "node/sql.h"
#include <deputy/ability.h>

static bool has_prefix(struct deputy_slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

static bool is_sql(const struct deputy_capability *capability)
{
    return capability->resource.kind == DEPUTY_RESOURCE_SPACE &&
           deputy_slice_equal(capability->resource.service, deputy_slice_text("sql")) &&
           has_prefix(capability->ability, "tinycloud.sql/");
}

bool sql_asked(const struct deputy_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        if (is_sql(decision->grants[i].capability))
            return true;
    }
    return false;
}

/* Adds what the ability confers; false when SQL has no such ability. */
static bool rights_add(struct sql_rights *rights, const struct deputy_capability *capability)
{
    struct deputy_slice ability;
    deputy_ability_status(&ability, capability->ability);
    bool all = deputy_slice_equal(ability, deputy_slice_text("tinycloud.sql/*"));
    bool read = all || deputy_slice_equal(ability, deputy_slice_text("tinycloud.sql/read"));
    bool write = all || deputy_slice_equal(ability, deputy_slice_text("tinycloud.sql/write"));
    bool schema = all || deputy_slice_equal(ability, deputy_slice_text("tinycloud.sql/schema"));
    bool admin = all || deputy_slice_equal(ability, deputy_slice_text("tinycloud.sql/admin"));
    rights->read |= read;
    rights->write |= write;
    rights->schema |= schema;
    rights->admin |= admin;
    return read || write || schema || admin;
}

/* All capabilities must name one space, and one path; one without a path adopts that of the others. */
static enum deputy_error target_name(
        struct deputy_arena *arena, struct sql_target *out, const struct deputy_resource *resource)
{
    struct deputy_slice space;
    TRY(deputy_space_format(arena, &space, &resource->space));
    if (!deputy_slice_present(out->space))
        out->space = space;
    ENSURE(deputy_slice_equal(out->space, space), DEPUTY_E_SQL_SPACES);
    if (resource->path.len == 0)
        return DEPUTY_OK;
    if (!deputy_slice_present(out->path))
        out->path = resource->path;
    return deputy_slice_equal(out->path, resource->path) ? DEPUTY_OK : DEPUTY_E_SQL_PATHS;
}

/* Names first: what is ambiguous is told before what is not supported. */
static enum deputy_error target_names(
        struct deputy_arena *arena, struct sql_target *out, const struct deputy_decision *decision)
{
    enum deputy_error paths = DEPUTY_OK;
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_capability *capability = decision->grants[i].capability;
        enum deputy_error error =
                is_sql(capability) ? target_name(arena, out, &capability->resource) : DEPUTY_OK;
        if (error == DEPUTY_E_SQL_PATHS)
            paths = error;
        else
            TRY(error);
    }
    return paths;
}

/*
 * Where one capability is constrained the whole request is: the invoker can leave out whichever it likes, so
 * nothing is lost, and no combination of two can do what neither could.
 */
static enum deputy_error target_rights(
        struct deputy_arena *arena, struct sql_target *out, const struct deputy_decision *decision)
{
    struct sql_rights all = {0}, constrained = {0};
    bool some = false;
    struct deputy_slice *caveats = ARENA_ARRAY(arena, struct deputy_slice, decision->grant_count);
    ENSURE(caveats != NULL, arena_error(arena));
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_grant *grant = &decision->grants[i];
        if (!is_sql(grant->capability))
            continue;
        some |= rights_add(&all, grant->capability);
        if (deputy_slice_present(grant->caveats) && rights_add(&constrained, grant->capability))
            caveats[out->caveat_count++] = grant->caveats;
        else if (deputy_slice_present(grant->caveats))
            return DEPUTY_E_SQL_NO_ABILITY;
    }
    out->rights = out->caveat_count > 0 ? constrained : all;
    out->caveats = caveats;
    return some ? DEPUTY_OK : DEPUTY_E_SQL_NO_ABILITY;
}

enum deputy_error sql_target_of(
        struct deputy_arena *arena, struct sql_target *out, const struct admission *admission)
{
    *out = (struct sql_target){.facts = admission->token->facts};
    ENSURE(!kv_changes(&admission->decision), DEPUTY_E_INVALID_INPUTS);
    TRY(target_names(arena, out, &admission->decision));
    if (!deputy_slice_present(out->path))
        out->path = deputy_slice_text("default");
    return target_rights(arena, out, &admission->decision);
}
