#include "run/config_value.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <strings.h>

/* ---- texts ---- */

static enum deputy_error text_copy(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text)
{
    uint8_t *copy = arena_alloc_bytes(arena, text.len + 1);
    ENSURE(copy != NULL, arena_error(arena));
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = deputy_slice_bytes(copy, text.len);
    return DEPUTY_OK;
}

static enum deputy_error text_read(
        struct deputy_arena *arena, struct deputy_slice *out, const char **expected, struct deputy_slice text)
{
    *expected = "a text in UTF-8 without NUL";
    ENSURE(text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL, DEPUTY_E_CONFIG_VALUE);
    ENSURE(utf8_valid(text), DEPUTY_E_CONFIG_VALUE);
    return text_copy(arena, out, text);
}

static bool text_is_nocase(struct deputy_slice text, const char *word, size_t len)
{
    return text.len == len && strncasecmp((const char *)text.ptr, word, len) == 0;
}

static enum deputy_error choice_read(struct deputy_arena *arena, struct deputy_slice *out,
        const struct config_key *key, struct deputy_slice text)
{
    for (const char *word = key->choices; *word != '\0';) {
        size_t len = strcspn(word, "|");
        if (text_is_nocase(text, word, len))
            return text_copy(arena, out, deputy_slice_bytes(word, len));
        word += len + (word[len] == '|');
    }
    return DEPUTY_E_CONFIG_VALUE;
}

/* ---- numbers ---- */

static bool digits_take(struct deputy_slice *text, int64_t *out)
{
    size_t used = 0;
    *out = 0;
    for (; used < text->len && text->ptr[used] >= '0' && text->ptr[used] <= '9'; used++) {
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, text->ptr[used] - '0', out))
            return false;
    }
    text->ptr += used;
    text->len -= used;
    return used > 0;
}

static enum deputy_error integer_read(int64_t *out, const struct config_key *key, struct deputy_slice text)
{
    ENSURE(digits_take(&text, out) && text.len == 0, DEPUTY_E_CONFIG_VALUE);
    ENSURE(key->kind != CONFIG_PORT || *out <= UINT16_MAX, DEPUTY_E_CONFIG_VALUE);
    return DEPUTY_OK;
}

static enum deputy_error size_read(int64_t *out, struct deputy_slice text)
{
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {
            {"", 1},
            {"B", 1},
            {"kB", 1000},
            {"MB", 1000000},
            {"GB", 1000000000},
            {"KiB", 1024},
            {"MiB", INT64_C(1024) * 1024},
            {"GiB", INT64_C(1024) * 1024 * 1024},
    };
    ENSURE(digits_take(&text, out), DEPUTY_E_CONFIG_VALUE);
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text_is_nocase(text, units[i].unit, strlen(units[i].unit)))
            return __builtin_mul_overflow(*out, units[i].bytes, out) ? DEPUTY_E_CONFIG_VALUE : DEPUTY_OK;
    }
    return DEPUTY_E_CONFIG_VALUE;
}

static enum deputy_error boolean_read(bool *out, struct deputy_slice text)
{
    *out = deputy_slice_equal(text, deputy_slice_text("true"));
    return *out || deputy_slice_equal(text, deputy_slice_text("false")) ? DEPUTY_OK : DEPUTY_E_CONFIG_VALUE;
}

/* ---- lists ---- */

static enum deputy_error list_read(
        struct deputy_arena *arena, struct config_value *out, const char **expected, struct deputy_slice text)
{
    size_t count = text.len > 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == ',';
    struct deputy_slice *items = ARENA_ARRAY(arena, struct deputy_slice, count);
    ENSURE(items != NULL, arena_error(arena));
    for (out->count = 0; out->count < count; out->count++) {
        const uint8_t *comma = memchr(text.ptr, ',', text.len);
        struct deputy_slice item = {text.ptr, comma != NULL ? (size_t)(comma - text.ptr) : text.len};
        TRY(text_read(arena, &items[out->count], expected, item));
        text.ptr += item.len + (comma != NULL);
        text.len -= item.len + (comma != NULL);
    }
    out->items = items;
    return DEPUTY_OK;
}

static enum deputy_error list_from_array(struct deputy_arena *arena, struct config_value *out,
        const char **expected, const struct toml_value *array)
{
    size_t count = 0;
    for (const struct toml_value *item = array->first; item != NULL; item = item->next)
        count++;
    struct deputy_slice *items = ARENA_ARRAY(arena, struct deputy_slice, count);
    ENSURE(items != NULL, arena_error(arena));
    out->count = 0;
    for (const struct toml_value *item = array->first; item != NULL; item = item->next) {
        ENSURE(item->kind == TOML_TEXT, DEPUTY_E_CONFIG_VALUE);
        TRY(text_read(arena, &items[out->count++], expected, item->text));
    }
    out->items = items;
    return DEPUTY_OK;
}

/* ---- a value ---- */

static const char *expected_of(const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_CHOICE:
        return key->choices;
    case CONFIG_INTEGER:
        return "a number";
    case CONFIG_PORT:
        return "a number up to 65535";
    case CONFIG_SIZE:
        return "a number of bytes, or a size such as \"10 MiB\"";
    case CONFIG_BOOLEAN:
        return "true or false";
    case CONFIG_LIST:
        return "a list of texts";
    case CONFIG_TEXT:
    default:
        return "a text";
    }
}

enum deputy_error config_value_from_text(struct deputy_arena *arena, struct config_value *out,
        const char **expected, const struct config_key *key, struct deputy_slice text)
{
    *expected = expected_of(key);
    switch (key->kind) {
    case CONFIG_CHOICE:
        return choice_read(arena, &out->text, key, text);
    case CONFIG_INTEGER:
    case CONFIG_PORT:
        return integer_read(&out->integer, key, text);
    case CONFIG_SIZE:
        return size_read(&out->integer, text);
    case CONFIG_BOOLEAN:
        return boolean_read(&out->boolean, text);
    case CONFIG_LIST:
        return list_read(arena, out, expected, text);
    case CONFIG_TEXT:
    default:
        return text_read(arena, &out->text, expected, text);
    }
}

static bool kind_takes(enum config_kind kind, enum toml_kind from)
{
    switch (from) {
    case TOML_INTEGER:
        return kind == CONFIG_INTEGER || kind == CONFIG_PORT || kind == CONFIG_SIZE;
    case TOML_BOOLEAN:
        return kind == CONFIG_BOOLEAN;
    case TOML_ARRAY:
        return kind == CONFIG_LIST;
    case TOML_TEXT:
    default:
        return kind == CONFIG_TEXT || kind == CONFIG_CHOICE || kind == CONFIG_SIZE || kind == CONFIG_LIST;
    }
}

enum deputy_error config_value_from_toml(struct deputy_arena *arena, struct config_value *out,
        const char **expected, const struct config_key *key, const struct toml_value *value)
{
    *expected = expected_of(key);
    ENSURE(kind_takes(key->kind, value->kind), DEPUTY_E_CONFIG_VALUE);
    if (value->kind == TOML_TEXT)
        return config_value_from_text(arena, out, expected, key, value->text);
    if (value->kind == TOML_ARRAY)
        return list_from_array(arena, out, expected, value);
    out->boolean = value->boolean;
    out->integer = value->integer;
    ENSURE(value->integer >= 0, DEPUTY_E_CONFIG_VALUE);
    ENSURE(key->kind != CONFIG_PORT || value->integer <= UINT16_MAX, DEPUTY_E_CONFIG_VALUE);
    return DEPUTY_OK;
}
