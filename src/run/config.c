#include "run/config.h"
#include "base/arena.h"
#include "base/nearest.h"
#include "base/try.h"
#include "run/config_state.h"
#include <stdio.h>
#include <stdlib.h>

enum { CONFIG_MAX_MESSAGE = 1024 };

/* ---- refusals ---- */

enum deputy_error config_refuse_unknown(struct config_loader *l, struct deputy_slice name,
        struct deputy_slice place, struct deputy_slice nearest)
{
    struct buf said = buf_make(l->arena, CONFIG_MAX_MESSAGE);
    buf_put(&said, name);
    buf_put_text(&said, " in ");
    buf_put(&said, place);
    l->refusal->code = DEPUTY_E_CONFIG_UNKNOWN;
    TRY(buf_finish(&said, &l->refusal->args[0]));
    TRY(arena_copy(l->arena, &l->refusal->args[1], nearest));
    return DEPUTY_E_CONFIG_UNKNOWN;
}

enum deputy_error config_refuse_value(struct config_loader *l, enum deputy_error error, const char *name,
        struct deputy_slice place, const char *expected)
{
    struct buf said = buf_make(l->arena, CONFIG_MAX_MESSAGE);
    if (error != DEPUTY_E_CONFIG_VALUE)
        return error;
    buf_put_text(&said, name);
    buf_put_text(&said, " in ");
    buf_put(&said, place);
    l->refusal->code = error;
    TRY(buf_finish(&said, &l->refusal->args[0]));
    l->refusal->args[1] = deputy_slice_text(expected);
    return error;
}

/* ---- rows ---- */

const struct config_key *config_row(const struct config_table *table, struct deputy_slice key)
{
    for (size_t i = 0; i < table->count; i++) {
        if (deputy_slice_equal(key, deputy_slice_text(table->keys[i].key)))
            return &table->keys[i];
    }
    return NULL;
}

const struct config_key *config_row_nearest(const struct config_table *table, struct deputy_slice key)
{
    const struct config_key *nearest = &table->keys[0];
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < table->count; i++) {
        size_t distance = edit_distance(key, deputy_slice_text(table->keys[i].key));
        if (distance < least) {
            least = distance;
            nearest = &table->keys[i];
        }
    }
    return nearest;
}

void config_keep(struct config_loader *l, const struct config_key *key, struct config_value value)
{
    l->config->values[key - l->table->keys] = value;
}

enum deputy_error config_set(struct config_loader *l, const struct config_key *key, struct deputy_slice text,
        enum config_source source, struct deputy_slice place)
{
    struct config_value value = {.source = source};
    const char *expected;
    enum deputy_error error = config_value_from_text(l->arena, &value, &expected, key, text);
    if (error != DEPUTY_OK)
        return config_refuse_value(l, error, key->key, place, expected);
    config_keep(l, key, value);
    return DEPUTY_OK;
}

/* ---- loading ---- */

static enum deputy_error defaults_load(struct config_loader *l)
{
    for (size_t i = 0; i < l->table->count; i++) {
        const struct config_key *key = &l->table->keys[i];
        if (key->standard != NULL)
            TRY(config_set(l, key, deputy_slice_text(key->standard), CONFIG_FROM_DEFAULT,
                    deputy_slice_text("the built-in defaults")));
    }
    return DEPUTY_OK;
}

enum deputy_error config_load(struct deputy_arena *arena, const struct config **out,
        struct deputy_refusal *refusal, const struct config_table *table, const struct config_input *input)
{
    struct config *config = ARENA_NEW(arena, struct config);
    ENSURE(config != NULL, arena_error(arena));
    config->table = table;
    config->values = ARENA_ARRAY(arena, struct config_value, table->count);
    ENSURE(config->values != NULL, arena_error(arena));
    struct config_loader loader = {arena, table, config, refusal, input->file_name};
    *refusal = (struct deputy_refusal){0};
    TRY(defaults_load(&loader));
    TRY(config_load_file(&loader, input->file));
    TRY(config_load_environment(&loader, input->environment));
    TRY(config_load_arguments(&loader, input->arguments));
    *out = config;
    return DEPUTY_OK;
}

/* ---- values ---- */

static const struct config_value *value_at(const struct config *config, const char *key)
{
    const struct config_key *row = config_row(config->table, deputy_slice_text(key));
    if (row == NULL) {
        fprintf(stderr, "no setting is named %s\n", key);
        abort();
    }
    return &config->values[row - config->table->keys];
}

bool config_check_only(const struct config *config)
{
    return config->check_only;
}

bool config_is_set(const struct config *config, const char *key)
{
    return value_at(config, key)->source != CONFIG_UNSET;
}

bool config_is_given(const struct config *config, const char *key)
{
    return value_at(config, key)->source > CONFIG_FROM_DEFAULT;
}

struct deputy_slice config_text(const struct config *config, const char *key)
{
    return value_at(config, key)->text;
}

int64_t config_integer(const struct config *config, const char *key)
{
    return value_at(config, key)->integer;
}

bool config_boolean(const struct config *config, const char *key)
{
    return value_at(config, key)->boolean;
}

const struct deputy_slice *config_list(const struct config *config, const char *key, size_t *count)
{
    const struct config_value *value = value_at(config, key);
    *count = value->count;
    return value->items;
}
