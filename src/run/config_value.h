/* One value, from any of its sources. For this room alone. */
#ifndef RUN_CONFIG_VALUE_H
#define RUN_CONFIG_VALUE_H

#include "run/config.h"
#include "run/toml.h"

enum config_source {
    CONFIG_UNSET,
    CONFIG_FROM_DEFAULT,
    CONFIG_FROM_FILE,
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_FLAG
};

struct config_value {
    enum config_source source;
    struct deputy_slice text; /* NUL behind it */
    int64_t integer;
    bool boolean;
    const struct deputy_slice *items;
    size_t count;
};

/*
 * Reads a value. On failure *expected (static) says what would be right: DEPUTY_E_CONFIG_VALUE. Texts are
 * copied into the arena.
 */
enum deputy_error config_value_from_text(struct deputy_arena *arena, struct config_value *out,
        const char **expected, const struct config_key *key, struct deputy_slice text);
enum deputy_error config_value_from_toml(struct deputy_arena *arena, struct config_value *out,
        const char **expected, const struct config_key *key, const struct toml_value *value);

#endif
