#include "base/nearest.h"
#include "base/try.h"
#include "run/config_state.h"

static const struct config_key *row_of_flag(const struct config_table *table, struct deputy_slice flag)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->keys[i].flag;
        if (known != NULL && deputy_slice_equal(flag, deputy_slice_text(known)))
            return &table->keys[i];
    }
    return NULL;
}

static struct deputy_slice flag_nearest(const struct config_table *table, struct deputy_slice flag)
{
    struct deputy_slice nearest = deputy_slice_text("--config");
    size_t least = edit_distance(flag, nearest);
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->keys[i].flag;
        size_t distance = known == NULL ? SIZE_MAX : edit_distance(flag, deputy_slice_text(known));
        if (distance < least) {
            least = distance;
            nearest = deputy_slice_text(known);
        }
    }
    return nearest;
}

static enum deputy_error flag_refuse(struct config_loader *l, struct deputy_slice flag)
{
    return config_refuse_unknown(
            l, flag, deputy_slice_text("the command line"), flag_nearest(l->table, flag));
}

/* What follows "--flag=", or the next argument; a boolean may stand alone. NULL: nothing follows. */
static const char *value_take(const struct config_key *key, const char *equals, char *const **arguments)
{
    if (equals != NULL)
        return equals + 1;
    if (key != NULL && key->kind == CONFIG_BOOLEAN)
        return "true";
    return **arguments != NULL ? *(*arguments)++ : NULL;
}

/* Takes one flag with its value off the front. */
static enum deputy_error argument_load(struct config_loader *l, char *const **arguments)
{
    const char *argument = *(*arguments)++;
    const char *equals = strchr(argument, '=');
    struct deputy_slice flag = {
            (const uint8_t *)argument, equals != NULL ? (size_t)(equals - argument) : strlen(argument)};
    const struct config_key *key = row_of_flag(l->table, flag);
    bool names_file = deputy_slice_equal(flag, deputy_slice_text("--config")); /* config_read has used it */
    if (deputy_slice_equal(deputy_slice_text(argument), deputy_slice_text("--check-config"))) {
        l->config->check_only = true;
        return DEPUTY_OK;
    }
    if (key == NULL && !names_file)
        return flag_refuse(l, flag);
    const char *text = value_take(key, equals, arguments);
    if (text == NULL)
        return config_refuse_value(
                l, DEPUTY_E_CONFIG_VALUE, names_file ? "the file" : key->key, flag, "a value");
    return names_file ? DEPUTY_OK : config_set(l, key, deputy_slice_text(text), CONFIG_FROM_FLAG, flag);
}

enum deputy_error config_load_arguments(struct config_loader *l, char *const *arguments)
{
    while (*arguments != NULL)
        TRY(argument_load(l, &arguments));
    return DEPUTY_OK;
}
