#include "grant/names.h"
#include "base/buf.h"
#include "base/try.h"
#include "grant/text.h"

/* JavaScript clients lose what is kept under this name. */
#define NAME_LOST "__proto__"

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static bool is_unreserved(uint8_t byte)
{
    return is_alphanumeric(byte) || (byte != 0 && strchr("-._~", byte) != NULL);
}

static bool is_segment_byte(uint8_t byte)
{
    return is_unreserved(byte) || (byte != 0 && strchr("!$&'()*+,;=@", byte) != NULL);
}

/* The value of an upper-case hexadecimal digit, 16 for any other byte. */
static unsigned hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - (unsigned)'0';
    return byte >= 'A' && byte <= 'F' ? byte - (unsigned)'A' + 10 : 16;
}

/* %XX in upper case, and not of a byte that needs no code. */
static bool percent_code_normal(struct deputy_slice text)
{
    if (text.len < 3)
        return false;
    unsigned high = hex_digit(text.ptr[1]);
    unsigned low = hex_digit(text.ptr[2]);
    return high < 16 && low < 16 && !is_unreserved((uint8_t)(high << 4 | low));
}

static bool is_dots(struct deputy_slice segment)
{
    return text_is(segment, ".") || text_is(segment, "..");
}

static bool segment_usable(struct deputy_slice segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        uint8_t byte = segment.ptr[i];
        if (byte == '%' ? !percent_code_normal(text_after(segment, i))
                        : !is_segment_byte(byte) && byte != ':')
            return false;
    }
    return !is_dots(segment);
}

/* Takes the segment before the next '/' from the front; false behind the last one. */
static bool segment_take(struct deputy_slice *path, struct deputy_slice *segment)
{
    if (!deputy_slice_present(*path))
        return false;
    size_t slash = text_find(*path, '/');
    *segment = deputy_slice_bytes(path->ptr, slash);
    *path = slash == path->len ? (struct deputy_slice){NULL, 0} : text_after(*path, slash + 1);
    return true;
}

bool has_dot_segment(struct deputy_slice path)
{
    struct deputy_slice segment;
    while (segment_take(&path, &segment)) {
        if (is_dots(segment))
            return true;
    }
    return false;
}

bool path_usable(struct deputy_slice path)
{
    struct deputy_slice segment;
    while (segment_take(&path, &segment)) {
        if (!segment_usable(segment))
            return false;
    }
    return true;
}

bool name_usable(struct deputy_slice name)
{
    if (name.len == 0 || is_dots(name) || text_is(name, NAME_LOST))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_segment_byte(name.ptr[i]))
            return false;
    }
    return true;
}

bool service_known(struct deputy_slice short_name)
{
    static const char *const known[] = {
            "kv", "sql", "duckdb", "capabilities", "hooks", "encryption", "delegation"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (text_is(short_name, known[i]))
            return true;
    }
    return false;
}

struct deputy_slice service_short(struct deputy_slice service)
{
    const struct deputy_slice none = {NULL, 0};
    if (!text_starts(service, "tinycloud."))
        return none;
    struct deputy_slice name = text_after(service, strlen("tinycloud."));
    return service_known(name) ? name : none;
}

enum deputy_error service_long(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice service)
{
    *out = service;
    if (text_starts(service, "tinycloud."))
        return DEPUTY_OK;
    struct buf text = buf_make(arena, service.len + sizeof "tinycloud.");
    buf_put_text(&text, "tinycloud.");
    buf_put(&text, service);
    return buf_finish(&text, out);
}

static bool network_name_usable(struct deputy_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.ptr[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!plain && !(byte == '-' && i > 0))
            return false;
    }
    return name.len > 0;
}

enum deputy_error network_read(
        const struct attempt *attempt, struct deputy_slice *owner, struct deputy_slice urn)
{
    if (urn.len == 0)
        return attempt_refuse(attempt, DEPUTY_E_NETWORK_EMPTY);
    if (!text_starts(urn, NETWORK_PREFIX))
        return attempt_refuse_quoted(attempt, DEPUTY_E_NETWORK_PREFIX, urn);
    struct deputy_slice rest = text_after(urn, strlen(NETWORK_PREFIX));
    size_t colon = text_find_last(rest, ':');
    if (colon == 0 || colon + 1 >= rest.len)
        return attempt_refuse_quoted(attempt, DEPUTY_E_NETWORK_SEGMENTS, urn);
    if (!network_name_usable(text_after(rest, colon + 1)))
        return attempt_refuse_quoted(attempt, DEPUTY_E_NETWORK_NAME, text_after(rest, colon + 1));
    if (owner != NULL)
        *owner = deputy_slice_bytes(rest.ptr, colon);
    return DEPUTY_OK;
}

enum deputy_error network_grantable(
        const struct attempt *attempt, struct deputy_slice *owner, struct deputy_slice urn)
{
    struct deputy_network network;
    TRY(network_read(attempt, owner, urn));
    if (deputy_network_parse(&network, urn) != DEPUTY_OK)
        return attempt_refuse_quoted(attempt, DEPUTY_E_PATH_INVALID, urn);
    return DEPUTY_OK;
}

static enum deputy_error space_id_canonical(
        const struct attempt *attempt, struct deputy_slice *id, struct deputy_slice space)
{
    struct deputy_space parsed;
    if (deputy_space_parse(&parsed, space) != DEPUTY_OK || !name_usable(parsed.name))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SPACE_NAME, space);
    return deputy_space_format(attempt->arena, id, &parsed);
}

enum deputy_error space_id(const struct attempt *attempt, struct deputy_slice *id,
        const struct deputy_account *owner, struct deputy_slice space)
{
    if (text_starts(space, "tinycloud:"))
        return space_id_canonical(attempt, id, space);
    if (space.len == 0)
        return attempt_refuse(attempt, DEPUTY_E_SPACE_EMPTY);
    if (!name_usable(space))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SPACE_NAME, space);
    struct deputy_slice did;
    TRY(deputy_did_pkh_format(attempt->arena, &did, owner->chain, owner->address));
    struct buf text = buf_make(attempt->arena, did.len + space.len + sizeof "tinycloud::");
    buf_put_text(&text, "tinycloud:");
    buf_put(&text, text_after(did, strlen("did:")));
    buf_put_byte(&text, ':');
    buf_put(&text, space);
    return buf_finish(&text, id);
}

struct deputy_slice space_short(struct deputy_slice space)
{
    size_t colon = text_find_last(space, ':');
    if (!text_starts(space, "tinycloud:") || colon + 1 >= space.len)
        return space;
    return text_after(space, colon + 1);
}

enum deputy_error deputy_space_id(struct deputy_arena *arena, struct deputy_slice *id,
        struct deputy_refusal *refusal, const struct deputy_account *owner, struct deputy_slice space)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, space_id(&attempt, id, owner, space));
}
