#include "attest/mr_config.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"

enum { VERSION = 3 };

/* Hexadecimal text of so many bytes; 0: of any. */
static enum deputy_error bytes_read(
        struct deputy_arena *arena, struct deputy_slice *out, const struct json_value *value, size_t len)
{
    struct deputy_slice text;
    ENSURE(json_to_text(&text, value) == DEPUTY_OK, DEPUTY_E_MR_CONFIG);
    enum deputy_error error = hex_read(arena, out, text);
    ENSURE(error != DEPUTY_E_HEX, DEPUTY_E_MR_CONFIG);
    TRY(error);
    return len == 0 || out->len == len ? DEPUTY_OK : DEPUTY_E_MR_CONFIG;
}

static enum deputy_error version_check(const struct json_value *value)
{
    int64_t version;
    bool is_known = json_to_int64(&version, value) == DEPUTY_OK && version == VERSION;
    return is_known ? DEPUTY_OK : DEPUTY_E_MR_CONFIG;
}

static enum deputy_error provider_read(struct deputy_slice *out, const struct json_value *value)
{
    static const char *const names[] = {"none", "kms", "local", "tpm"};
    ENSURE(json_to_text(out, value) == DEPUTY_OK, DEPUTY_E_MR_CONFIG);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_text_is(value, names[i]))
            return DEPUTY_OK;
    return DEPUTY_E_MR_CONFIG;
}

static enum deputy_error scripts_read(
        struct deputy_arena *arena, struct mr_config *out, const struct json_value *value)
{
    ENSURE(json_is(value, JSON_ARRAY) && value->count <= INIT_SCRIPTS_MAX, DEPUTY_E_MR_CONFIG);
    JSON_EACH (element, value)
        TRY(bytes_read(arena, &out->init_script_hashes[out->init_scripts++], element, HASH_BYTES));
    return DEPUTY_OK;
}

static enum deputy_error member_read(
        struct deputy_arena *arena, struct mr_config *out, const struct json_value *member)
{
    const struct {
        const char *name;
        struct deputy_slice *field;
        size_t len;
    } rows[] = {{"app_id", &out->app_id, APP_ID_BYTES}, {"compose_hash", &out->compose_hash, HASH_BYTES},
            {"gpu_policy_hash", &out->gpu_policy_hash, HASH_BYTES},
            {"instance_id", &out->instance_id, APP_ID_BYTES}, {"key_provider_id", &out->key_provider_id, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (deputy_slice_equal(member->key, deputy_slice_text(rows[i].name)))
            return bytes_read(arena, rows[i].field, member, rows[i].len);
    if (deputy_slice_equal(member->key, deputy_slice_text("version")))
        return version_check(member);
    if (deputy_slice_equal(member->key, deputy_slice_text("key_provider")))
        return provider_read(&out->key_provider, member);
    if (deputy_slice_equal(member->key, deputy_slice_text("init_script_hashes")))
        return scripts_read(arena, out, member);
    return DEPUTY_E_MR_CONFIG;
}

enum deputy_error mr_config_parse(
        struct deputy_arena *arena, struct mr_config *out, struct deputy_slice document)
{
    const struct json_value *object;
    *out = (struct mr_config){0};
    ENSURE(document.len <= MR_CONFIG_MAX_BYTES, DEPUTY_E_LIMIT);
    enum deputy_error error = json_parse(arena, &object, document);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK && json_is(object, JSON_OBJECT), DEPUTY_E_MR_CONFIG);
    JSON_EACH (member, object)
        TRY(member_read(arena, out, member));
    ENSURE(json_member(object, "version") != NULL && deputy_slice_present(out->compose_hash) &&
                    deputy_slice_present(out->key_provider),
            DEPUTY_E_MR_CONFIG);
    return DEPUTY_OK;
}
