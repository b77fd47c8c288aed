#include "grant/manifest.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/expiry.h"
#include "grant/names.h"
#include "grant/secret_shorthand.h"
#include "grant/text.h"

static bool is_filled_text(const struct json_value *value)
{
    return value != NULL && value->kind == JSON_STRING && value->text.len > 0;
}

enum deputy_manifest_defaults defaults_normalize(const struct json_value *value)
{
    if (json_is(value, JSON_FALSE))
        return DEPUTY_DEFAULTS_NONE;
    if (!json_is(value, JSON_STRING))
        return DEPUTY_DEFAULTS_STANDARD;
    struct deputy_slice name = text_trim(value->text);
    if (text_is_any_case(name, "admin"))
        return DEPUTY_DEFAULTS_ADMIN;
    return text_is_any_case(name, "all") ? DEPUTY_DEFAULTS_ALL : DEPUTY_DEFAULTS_STANDARD;
}

static enum deputy_error version_check(const struct attempt *attempt, const struct json_value *version)
{
    double number = 0;
    if (version == NULL)
        return DEPUTY_OK;
    if (json_to_double(&number, version) != DEPUTY_OK || number != 1)
        return attempt_refuse(attempt, DEPUTY_E_MANIFEST_VERSION);
    return DEPUTY_OK;
}

/* A member that, when present, must be a non-empty text; absent stays absent. */
static enum deputy_error text_read(const struct attempt *attempt, struct deputy_slice *out,
        const struct json_value *value, bool required, enum deputy_error code)
{
    if (value == NULL && !required)
        return DEPUTY_OK;
    if (!is_filled_text(value))
        return attempt_refuse(attempt, code);
    *out = value->text;
    return DEPUTY_OK;
}

static enum deputy_error knowledge_check(const struct attempt *attempt, const struct json_value *knowledge)
{
    if (knowledge == NULL || knowledge->kind == JSON_TRUE)
        return DEPUTY_OK;
    struct deputy_slice path = knowledge->text;
    if (knowledge->kind != JSON_STRING || !text_starts(path, "knowledge/") || !text_ends(path, ".md") ||
            path.len <= strlen("knowledge/.md") || has_line_break(path) || has_dot_segment(path))
        return attempt_refuse(attempt, DEPUTY_E_MANIFEST_KNOWLEDGE);
    return DEPUTY_OK;
}

static enum deputy_error secrets_read(
        const struct attempt *attempt, struct deputy_permissions *out, const struct json_value *secrets)
{
    if (secrets == NULL)
        return DEPUTY_OK;
    if (secrets->kind != JSON_OBJECT)
        return attempt_refuse(attempt, DEPUTY_E_MANIFEST_SECRETS);
    ENSURE(secrets->count <= DEPUTY_MANIFEST_MAX_SECRETS, DEPUTY_E_LIMIT);
    struct deputy_permission *items =
            ARENA_ARRAY(attempt->arena, struct deputy_permission, secrets->count + 1);
    ENSURE(items != NULL, arena_error(attempt->arena));
    size_t count = 0;
    JSON_EACH (spec, secrets)
        TRY(secret_read(attempt, &items[count++], spec));
    *out = (struct deputy_permissions){items, count};
    return DEPUTY_OK;
}

static enum deputy_error refuse_type(const struct attempt *attempt, const char *member)
{
    return attempt_refuse_about(attempt, DEPUTY_E_MANIFEST_TYPE, deputy_slice_text(member));
}

/* What the reference does not look at. */
static enum deputy_error extras_read(
        const struct attempt *attempt, struct deputy_manifest *out, const struct json_value *root)
{
    const struct json_value *prefix = json_member(root, "prefix");
    const struct json_value *include = json_member(root, "includePublicSpace");
    const struct json_value *description = json_member(root, "description");
    out->prefix = out->app_id;
    out->include_public_space = true;
    if (prefix != NULL && json_to_text(&out->prefix, prefix) != DEPUTY_OK)
        return refuse_type(attempt, "prefix");
    if (include != NULL && json_to_bool(&out->include_public_space, include) != DEPUTY_OK)
        return refuse_type(attempt, "includePublicSpace");
    if (description != NULL && description->kind != JSON_STRING)
        return refuse_type(attempt, "description");
    return DEPUTY_OK;
}

static enum deputy_error manifest_read(
        const struct attempt *attempt, struct deputy_manifest *out, const struct json_value *root)
{
    const struct json_value *expiry = json_member(root, "expiry");
    const struct json_value *permissions = json_member(root, "permissions");
    if (root->kind != JSON_OBJECT && root->kind != JSON_ARRAY)
        return attempt_refuse(attempt, DEPUTY_E_MANIFEST_OBJECT);
    TRY(version_check(attempt, json_member(root, "manifest_version")));
    TRY(text_read(attempt, &out->app_id, json_member(root, "app_id"), true, DEPUTY_E_MANIFEST_APP_ID));
    TRY(text_read(attempt, &out->name, json_member(root, "name"), true, DEPUTY_E_MANIFEST_NAME));
    TRY(text_read(attempt, &out->did, json_member(root, "did"), false, DEPUTY_E_MANIFEST_DID));
    TRY(text_read(attempt, &out->space, json_member(root, "space"), false, DEPUTY_E_MANIFEST_SPACE));
    out->expiry_ms = DEPUTY_LIFETIME_APP_MS;
    if (expiry != NULL)
        TRY(expiry_read(attempt, &out->expiry_ms, expiry));
    TRY(knowledge_check(attempt, json_member(root, "knowledge")));
    if (permissions != NULL)
        TRY(permissions_read(attempt, &out->permissions, permissions));
    TRY(secrets_read(attempt, &out->secrets, json_member(root, "secrets")));
    out->defaults = defaults_normalize(json_member(root, "defaults"));
    TRY(extras_read(attempt, out, root));
    return manifest_record(attempt->arena, &out->record, root);
}

static enum deputy_error parse(
        const struct attempt *attempt, const struct deputy_manifest **out, struct deputy_slice json)
{
    const struct json_value *root;
    ENSURE(json.len <= DEPUTY_MANIFEST_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(attempt->arena, &root, json));
    struct deputy_manifest *manifest = ARENA_NEW(attempt->arena, struct deputy_manifest);
    ENSURE(manifest != NULL, arena_error(attempt->arena));
    TRY(manifest_read(attempt, manifest, root));
    *out = manifest;
    return DEPUTY_OK;
}

enum deputy_error deputy_manifest_parse(struct deputy_arena *arena, const struct deputy_manifest **out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, parse(&attempt, out, json));
}
