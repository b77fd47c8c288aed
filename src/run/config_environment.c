#include "base/buf.h"
#include "base/try.h"
#include "run/config_state.h"
#include <ctype.h>

enum { CONFIG_MAX_VARIABLE = 1024 };

/* Whether the variable's name, after its prefix, stands for the key: upper case, a dot as two underscores or
 * one. */
static bool variable_is(struct deputy_slice name, const char *key)
{
    size_t at = 0;
    for (; *key != '\0'; key++) {
        int expected = *key == '.' ? '_' : toupper((unsigned char)*key);
        if (at == name.len || name.ptr[at] != expected)
            return false;
        at++;
        if (*key == '.' && at < name.len && name.ptr[at] == '_')
            at++;
    }
    return at == name.len;
}

static bool prefix_cut(const char *prefix, struct deputy_slice name, struct deputy_slice *rest)
{
    size_t len = strlen(prefix);
    if (name.len < len || memcmp(name.ptr, prefix, len) != 0)
        return false;
    *rest = deputy_slice_bytes(name.ptr + len, name.len - len);
    return true;
}

static const struct config_key *row_of_variable(const struct config_table *table, struct deputy_slice suffix)
{
    for (size_t i = 0; i < table->count; i++) {
        if (variable_is(suffix, table->keys[i].key))
            return &table->keys[i];
    }
    return NULL;
}

static const struct config_key *row_of_own_variable(
        const struct config_table *table, struct deputy_slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *env = table->keys[i].env;
        if (env != NULL && deputy_slice_equal(name, deputy_slice_text(env)))
            return &table->keys[i];
    }
    return NULL;
}

/* The variable that would set the key, for a message. */
static struct deputy_slice variable_name(struct config_loader *l, const struct config_key *key)
{
    struct buf name = buf_make(l->arena, CONFIG_MAX_VARIABLE);
    struct deputy_slice out = {NULL, 0};
    buf_put_text(&name, l->table->env_prefix);
    for (const char *at = key->key; *at != '\0'; at++) {
        buf_put_byte(&name, *at == '.' ? '_' : (uint8_t)toupper((unsigned char)*at));
        buf_put_text(&name, *at == '.' ? "_" : "");
    }
    return buf_finish(&name, &out) == DEPUTY_OK ? out : (struct deputy_slice){NULL, 0};
}

static struct deputy_slice lower_case(struct deputy_arena *arena, struct deputy_slice suffix)
{
    struct buf key = buf_make(arena, CONFIG_MAX_VARIABLE);
    struct deputy_slice out = {NULL, 0};
    for (size_t i = 0; i < suffix.len; i++)
        buf_put_byte(&key, (uint8_t)tolower(suffix.ptr[i]));
    return buf_finish(&key, &out) == DEPUTY_OK ? out : (struct deputy_slice){NULL, 0};
}

static enum deputy_error variable_load(
        struct config_loader *l, struct deputy_slice name, struct deputy_slice text)
{
    struct deputy_slice suffix = {NULL, 0};
    bool ours = prefix_cut(l->table->env_prefix, name, &suffix);
    bool also = !ours && l->table->env_also != NULL && prefix_cut(l->table->env_also, name, &suffix);
    const struct config_key *key = row_of_own_variable(l->table, name);
    if (key == NULL && (ours || also))
        key = row_of_variable(l->table, suffix);
    if (key != NULL)
        return config_set(l, key, text, CONFIG_FROM_ENVIRONMENT, name);
    if (!ours || deputy_slice_equal(name, deputy_slice_text(l->table->file_env)))
        return DEPUTY_OK;
    const struct config_key *nearest = config_row_nearest(l->table, lower_case(l->arena, suffix));
    return config_refuse_unknown(l, name, deputy_slice_text("the environment"), variable_name(l, nearest));
}

enum deputy_error config_load_environment(struct config_loader *l, char *const *environment)
{
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL)
            continue;
        struct deputy_slice name = deputy_slice_bytes(*environment, (size_t)(equals - *environment));
        TRY(variable_load(l, name, deputy_slice_text(equals + 1)));
    }
    return DEPUTY_OK;
}
