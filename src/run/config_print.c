#include "base/json_write.h"
#include "run/config_state.h"

static const char *source_name(enum config_source source)
{
    static const char *const names[] = {"not set", "default", "file", "environment", "command line"};
    return names[source];
}

static void list_print(struct buf *out, const struct config_value *value)
{
    buf_put_text(out, "[");
    for (size_t i = 0; i < value->count; i++) {
        buf_put_text(out, i > 0 ? ", " : "");
        json_put_text(out, value->items[i]);
    }
    buf_put_text(out, "]");
}

/* A JSON string is a TOML string, too. */
static void value_print(struct buf *out, const struct config_key *key, const struct config_value *value)
{
    if (key->secret)
        buf_put_text(out, "\"***\"");
    else if (key->kind == CONFIG_LIST)
        list_print(out, value);
    else if (key->kind == CONFIG_BOOLEAN)
        buf_put_text(out, value->boolean ? "true" : "false");
    else if (key->kind == CONFIG_TEXT || key->kind == CONFIG_CHOICE)
        json_put_text(out, value->text);
    else
        buf_put_decimal(out, (uint64_t)value->integer);
}

void config_print(struct buf *out, const struct config *config)
{
    for (size_t i = 0; i < config->table->count; i++) {
        const struct config_key *key = &config->table->keys[i];
        const struct config_value *value = &config->values[i];
        buf_put_text(out, value->source == CONFIG_UNSET ? "# " : "");
        buf_put_text(out, key->key);
        if (value->source != CONFIG_UNSET) {
            buf_put_text(out, " = ");
            value_print(out, key, value);
        }
        buf_put_text(out, value->source == CONFIG_UNSET ? ": " : " # ");
        buf_put_text(out, source_name(value->source));
        buf_put_text(out, "\n");
    }
}
