#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "run/config_state.h"

enum { CONFIG_MAX_PLACE = 4096 };

static struct deputy_slice place_of(struct config_loader *l, unsigned line)
{
    struct buf place = buf_make(l->arena, CONFIG_MAX_PLACE);
    struct deputy_slice out = {NULL, 0};
    buf_put_text(&place, l->file_name);
    buf_put_text(&place, " line ");
    buf_put_decimal(&place, line);
    return buf_finish(&place, &out) == DEPUTY_OK ? out : (struct deputy_slice){NULL, 0};
}

/* The path below one of the table's sections; false when it is in none. */
static bool section_cut(const char *section, struct deputy_slice path, struct deputy_slice *key)
{
    size_t len = strlen(section);
    if (path.len <= len || memcmp(path.ptr, section, len) != 0 || path.ptr[len] != '.')
        return false;
    *key = deputy_slice_bytes(path.ptr + len + 1, path.len - len - 1);
    return true;
}

static enum deputy_error entry_load(
        struct config_loader *l, const struct toml_entry *entry, struct deputy_slice name)
{
    const struct config_key *key = config_row(l->table, name);
    struct deputy_slice place = place_of(l, entry->line);
    if (key == NULL) {
        const struct config_key *nearest = config_row_nearest(l->table, name);
        return config_refuse_unknown(l, name, place, deputy_slice_text(nearest->key));
    }
    struct config_value value = {.source = CONFIG_FROM_FILE};
    const char *expected;
    enum deputy_error error = config_value_from_toml(l->arena, &value, &expected, key, &entry->value);
    if (error != DEPUTY_OK)
        return config_refuse_value(l, error, key->key, place, expected);
    config_keep(l, key, value);
    return DEPUTY_OK;
}

static enum deputy_error section_load(
        struct config_loader *l, const struct toml_entry *entries, const char *section)
{
    struct deputy_slice name;
    for (; entries != NULL; entries = entries->next) {
        if (section_cut(section, entries->path, &name))
            TRY(entry_load(l, entries, name));
    }
    return DEPUTY_OK;
}

static bool in_one_of(const char *const *sections, struct deputy_slice path)
{
    struct deputy_slice name;
    for (; sections != NULL && *sections != NULL; sections++) {
        if (section_cut(*sections, path, &name))
            return true;
    }
    return false;
}

/* A setting outside all sections: most likely its section is missing. */
static enum deputy_error outside_refuse(struct config_loader *l, const struct toml_entry *entry)
{
    struct buf nearest = buf_make(l->arena, CONFIG_MAX_PLACE);
    struct deputy_slice text;
    buf_put_text(&nearest, l->table->sections[0]);
    buf_put_text(&nearest, ".");
    buf_put_text(&nearest, config_row_nearest(l->table, entry->path)->key);
    TRY(buf_finish(&nearest, &text));
    return config_refuse_unknown(l, entry->path, place_of(l, entry->line), text);
}

enum deputy_error config_load_file(struct config_loader *l, struct deputy_slice file)
{
    const struct toml_entry *entries;
    struct toml_problem problem;
    if (!deputy_slice_present(file))
        return DEPUTY_OK;
    enum deputy_error error = toml_parse(l->arena, &entries, &problem, file);
    if (error == DEPUTY_E_CONFIG_SYNTAX)
        *l->refusal =
                (struct deputy_refusal){error, {place_of(l, problem.line), deputy_slice_text(problem.text)}};
    TRY(error);
    for (const struct toml_entry *entry = entries; entry != NULL; entry = entry->next) {
        if (!in_one_of(l->table->sections, entry->path) && !in_one_of(l->table->others, entry->path))
            return outside_refuse(l, entry);
    }
    for (const char *const *section = l->table->sections; *section != NULL; section++)
        TRY(section_load(l, entries, *section));
    return DEPUTY_OK;
}
