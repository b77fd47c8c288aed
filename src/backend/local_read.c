#include "backend/local_read.h"
#include "base/json.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "grant/attempt.h"
#include "grant/names.h"
#include "store/sql_admit.h"
#include <deputy/did.h>
#include <strings.h>

static bool takes(struct deputy_slice *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->ptr, prefix, len) != 0)
        return false;
    *text = deputy_slice_bytes(text->ptr + len, text->len - len);
    return true;
}

enum deputy_error local_owner_read(uint8_t owner[20], struct deputy_slice text)
{
    takes(&text, "did:pkh:eip155:1:");
    ENSURE(deputy_address_parse(owner, text) == DEPUTY_OK, DEPUTY_E_LOCAL_OWNER);
    return DEPUTY_OK;
}

/* ---- who asks ---- */

static bool is_digits(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0;
}

bool local_host_is_ours(struct deputy_slice host)
{
    static const char *const ours[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        size_t len = strlen(ours[i]);
        if (host.len < len || strncasecmp((const char *)host.ptr, ours[i], len) != 0)
            continue;
        struct deputy_slice rest = {host.ptr + len, host.len - len};
        return rest.len == 0 || (takes(&rest, ":") && is_digits(rest));
    }
    return false;
}

bool local_bearer_fits(struct deputy_slice authorization, struct deputy_slice token)
{
    static const char scheme[] = "bearer ";
    size_t len = sizeof scheme - 1;
    if (token.len == 0 || authorization.len != len + token.len ||
            strncasecmp((const char *)authorization.ptr, scheme, len) != 0)
        return false;
    return bytes_equal_secret(authorization.ptr + len, token.ptr, token.len);
}

/* ---- names ---- */

/* A path that reads back as itself, whoever reads it: what clients and proxies rewrite on the way (dot
 * segments, other spellings of a code) would be another key for each of them. */
enum deputy_error local_prefix_check(struct deputy_slice prefix)
{
    ENSURE(prefix.len <= LOCAL_KEY_MAX && path_usable(prefix), DEPUTY_E_LOCAL_KEY);
    return DEPUTY_OK;
}

enum deputy_error local_key_check(struct deputy_slice key)
{
    ENSURE(key.len > 0, DEPUTY_E_LOCAL_KEY);
    return local_prefix_check(key);
}

enum deputy_error local_space_check(struct deputy_slice space)
{
    bool fits = space.len <= LOCAL_SPACE_MAX && name_usable(space);
    ENSURE(fits || !deputy_slice_present(space), DEPUTY_E_LOCAL_SPACE);
    return DEPUTY_OK;
}

enum deputy_error local_limit_read(size_t *out, struct deputy_slice text)
{
    *out = LOCAL_LIMIT_DEFAULT;
    if (!deputy_slice_present(text))
        return DEPUTY_OK;
    ENSURE(is_digits(text) && text.len <= 4, DEPUTY_E_LOCAL_LIMIT);
    *out = 0;
    for (size_t i = 0; i < text.len; i++)
        *out = *out * 10 + (size_t)(text.ptr[i] - '0');
    ENSURE(*out >= 1 && *out <= LOCAL_LIMIT_MAX, DEPUTY_E_LOCAL_LIMIT);
    return DEPUTY_OK;
}

/* ---- SQL ---- */

static bool defines(const struct json_value *statement)
{
    struct deputy_slice sql;
    return json_to_text(&sql, json_member(statement, "sql")) == DEPUTY_OK &&
           sql_kind_of(sql) == SQL_KIND_DEFINE;
}

static bool all_define(const struct json_value *statements)
{
    if (!json_is(statements, JSON_ARRAY) || statements->count == 0)
        return false;
    JSON_EACH (statement, statements) {
        if (!defines(statement))
            return false;
    }
    return true;
}

/* NULL: the body asks for nothing that there is. */
static const char *ability_of(const struct json_value *body)
{
    const struct json_value *action = json_member(body, "action");
    if (json_text_is(action, "query") || json_text_is(action, "export"))
        return "read";
    if (json_text_is(action, "execute"))
        return defines(body) ? "schema" : "write";
    if (json_text_is(action, "batch"))
        return all_define(json_member(body, "statements")) ? "schema" : "write";
    if (json_text_is(action, "executeStatement") || json_text_is(action, "execute_statement"))
        return "write";
    return NULL;
}

static enum deputy_error ability_read(struct deputy_slice *out, struct deputy_slice text)
{
    static const char *const abilities[] = {"read", "write", "schema", "admin"};
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++) {
        *out = deputy_slice_text(abilities[i]);
        if (deputy_slice_equal(*out, text))
            return DEPUTY_OK;
    }
    return DEPUTY_E_LOCAL_ABILITY;
}

enum deputy_error local_sql_ability(struct deputy_arena *arena, struct deputy_slice *ability,
        struct deputy_slice body, struct deputy_slice asked)
{
    const struct json_value *json;
    enum deputy_error error = json_parse(arena, &json, body);
    ENSURE(error == DEPUTY_OK || error_is_of_memory(error), DEPUTY_E_LOCAL_SQL);
    TRY(error);
    const char *needed = ability_of(json);
    ENSURE(needed != NULL, DEPUTY_E_LOCAL_SQL);
    *ability = deputy_slice_text(needed);
    return deputy_slice_present(asked) ? ability_read(ability, asked) : DEPUTY_OK;
}
