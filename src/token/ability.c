#include <deputy/ability.h>

#include "base/try.h"
#include "token/uri.h"

/* The registry (spec/01 section 3.2). */
static const struct ability_entry {
    const char *ability;
    enum deputy_ability_status status;
    const char *alias_of; /* what a deprecated name stands for */
} registry[] = {
        {"tinycloud.kv/get", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.kv/list", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.kv/metadata", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.kv/put", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.kv/del", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.kv/delete", DEPUTY_ABILITY_ALIAS, "tinycloud.kv/del"},
        {"tinycloud.sql/read", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.sql/write", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.sql/schema", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.sql/admin", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.sql/*", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.sql/select", DEPUTY_ABILITY_ALIAS, "tinycloud.sql/read"},
        {"tinycloud.duckdb/read", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/write", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/admin", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/import", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/export", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/*", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.duckdb/select", DEPUTY_ABILITY_ALIAS, "tinycloud.duckdb/read"},
        {"tinycloud.capabilities/read", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.delegation/status", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.delegation/list", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.hooks/subscribe", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.hooks/register", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.hooks/list", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.hooks/unregister", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.encryption/decrypt", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.encryption/network.create", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.encryption/network.revoke", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.space/host", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.space/create", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.space/list", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.space/info", DEPUTY_ABILITY_ACTIVE, NULL},
        {"tinycloud.vfs/get", DEPUTY_ABILITY_RESERVED, NULL},
        {"tinycloud.vfs/list", DEPUTY_ABILITY_RESERVED, NULL},
        {"tinycloud.vfs/metadata", DEPUTY_ABILITY_RESERVED, NULL},
        {"tinycloud.vfs/put", DEPUTY_ABILITY_RESERVED, NULL},
        {"tinycloud.vfs/delete", DEPUTY_ABILITY_RESERVED, NULL},
};

/* Every implication, the indirect ones too; there are no others. */
static const struct ability_implication {
    const char *held;
    const char *required;
} implications[] = {
        {"tinycloud.sql/admin", "tinycloud.sql/schema"},
        {"tinycloud.sql/*", "tinycloud.sql/read"},
        {"tinycloud.sql/*", "tinycloud.sql/write"},
        {"tinycloud.sql/*", "tinycloud.sql/schema"},
        {"tinycloud.sql/*", "tinycloud.sql/admin"},
        {"tinycloud.duckdb/*", "tinycloud.duckdb/read"},
        {"tinycloud.duckdb/*", "tinycloud.duckdb/write"},
        {"tinycloud.duckdb/*", "tinycloud.duckdb/admin"},
        {"tinycloud.duckdb/*", "tinycloud.duckdb/import"},
        {"tinycloud.duckdb/*", "tinycloud.duckdb/export"},
};

static bool is_ability_byte(uint8_t byte)
{
    return uri_byte_is(byte, URI_ALPHA | URI_DIGIT) || byte == '-' || byte == '_' || byte == '.' ||
           byte == '+' || byte == '*';
}

static size_t ability_run_end(struct deputy_slice text, size_t at)
{
    while (at < text.len && is_ability_byte(text.ptr[at]))
        at++;
    return at;
}

enum deputy_error deputy_ability_parse(
        struct deputy_slice *space, struct deputy_slice *name, struct deputy_slice text)
{
    size_t slash = ability_run_end(text, 0);
    ENSURE(slash > 0 && slash < text.len && text.ptr[slash] == '/', DEPUTY_E_ABILITY);
    ENSURE(slash + 1 < text.len && ability_run_end(text, slash + 1) == text.len, DEPUTY_E_ABILITY);
    if (space != NULL)
        *space = deputy_slice_bytes(text.ptr, slash);
    if (name != NULL)
        *name = deputy_slice_bytes(text.ptr + slash + 1, text.len - slash - 1);
    return DEPUTY_OK;
}

static bool is_text(struct deputy_slice slice, const char *text)
{
    return deputy_slice_equal(slice, deputy_slice_text(text));
}

static const struct ability_entry *ability_find(struct deputy_slice ability)
{
    for (size_t i = 0; i < sizeof registry / sizeof registry[0]; i++)
        if (is_text(ability, registry[i].ability))
            return &registry[i];
    return NULL;
}

enum deputy_ability_status deputy_ability_status(struct deputy_slice *canonical, struct deputy_slice ability)
{
    const struct ability_entry *entry = ability_find(ability);
    if (canonical != NULL)
        *canonical = entry != NULL && entry->alias_of != NULL ? deputy_slice_text(entry->alias_of) : ability;
    return entry != NULL ? entry->status : DEPUTY_ABILITY_UNKNOWN;
}

bool deputy_ability_matches(struct deputy_slice held, struct deputy_slice required)
{
    if (deputy_slice_equal(held, required))
        return true;
    deputy_ability_status(&held, held);
    deputy_ability_status(&required, required);
    for (size_t i = 0; i < sizeof implications / sizeof implications[0]; i++)
        if (is_text(held, implications[i].held) && is_text(required, implications[i].required))
            return true;
    return deputy_slice_equal(held, required);
}
