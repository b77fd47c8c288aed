#include "attest/tcb_members.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/time.h"
#include "base/try.h"

static bool is_nested_at_most(const struct json_value *value, size_t depth)
{
    if (!json_is(value, JSON_OBJECT) && !json_is(value, JSON_ARRAY))
        return true;
    if (depth == 0)
        return false;
    JSON_EACH (child, value)
        if (!is_nested_at_most(child, depth - 1))
            return false;
    return true;
}

enum deputy_error tcb_read_object(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice json)
{
    TRY(json_parse(arena, out, json));
    ENSURE(json_is(*out, JSON_OBJECT), DEPUTY_E_JSON_TYPE);
    return is_nested_at_most(*out, TCB_DEPTH_MAX) ? DEPUTY_OK : DEPUTY_E_JSON_DEPTH;
}

enum deputy_error tcb_read_hex(uint8_t *out, size_t len, const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    TRY(json_to_text(&text, json_member(object, name)));
    return hex_read_fixed(out, len, text);
}

enum deputy_error tcb_read_number(
        int64_t *out, const struct json_value *object, const char *name, int64_t max)
{
    const struct json_value *member = json_member(object, name);
    ENSURE(json_is(member, JSON_NUMBER), DEPUTY_E_JSON_TYPE);
    TRY(json_to_int64(out, member));
    return *out >= 0 && *out <= max ? DEPUTY_OK : DEPUTY_E_JSON_NUMBER;
}

static enum deputy_error read_date(int64_t *out, const struct json_value *object, const char *name)
{
    enum { LENGTH = 20 }; /* of 2025-06-19T10:16:03Z: no fraction and no offset fit */
    struct deputy_slice text;
    struct deputy_time time;
    TRY(json_to_text(&text, json_member(object, name)));
    ENSURE(text.len == LENGTH && text.ptr[10] == 'T' && text.ptr[LENGTH - 1] == 'Z', DEPUTY_E_TIME);
    TRY(time_parse(&time, text));
    *out = time.sec;
    return DEPUTY_OK;
}

enum deputy_error tcb_read_dates(int64_t *issued, int64_t *next, const struct json_value *object)
{
    TRY(read_date(issued, object, "issueDate"));
    return read_date(next, object, "nextUpdate");
}

static enum deputy_attest_status status_of(struct deputy_slice text)
{
    for (int status = 1; deputy_attest_status_name((enum deputy_attest_status)status) != NULL; status++)
        if (deputy_slice_equal(
                    text, deputy_slice_text(deputy_attest_status_name((enum deputy_attest_status)status))))
            return (enum deputy_attest_status)status;
    return DEPUTY_ATTEST_NO_STATUS;
}

/* Statuses of the relaunch kind are conclusions, and never stand in a file. */
static bool is_published(enum deputy_attest_status status)
{
    return status != DEPUTY_ATTEST_NO_STATUS && status != DEPUTY_ATTEST_STATUS_RELAUNCH &&
           status != DEPUTY_ATTEST_STATUS_RELAUNCH_CONFIGURATION;
}

enum deputy_error tcb_read_worth(struct tcb_worth *out, const struct json_value *level)
{
    struct deputy_slice text;
    TRY(json_to_text(&text, json_member(level, "tcbStatus")));
    *out = (struct tcb_worth){.status = status_of(text)};
    ENSURE(is_published(out->status), DEPUTY_E_JSON_TYPE);
    if (json_member(level, "advisoryIDs") == NULL)
        return DEPUTY_OK;
    TRY(tcb_read_array(&out->advisories, level, "advisoryIDs", DEPUTY_ATTEST_ADVISORIES_MAX));
    JSON_EACH (advisory, out->advisories)
        ENSURE(json_is(advisory, JSON_STRING), DEPUTY_E_JSON_TYPE);
    return DEPUTY_OK;
}

enum deputy_error tcb_read_array(
        const struct json_value **out, const struct json_value *object, const char *name, size_t max)
{
    *out = json_member(object, name);
    ENSURE(json_is(*out, JSON_ARRAY), DEPUTY_E_JSON_TYPE);
    return (*out)->count <= max ? DEPUTY_OK : DEPUTY_E_LIMIT;
}

static enum deputy_error read_svn_level(struct svn_level *out, const struct json_value *level)
{
    int64_t svn;
    TRY(tcb_read_number(&svn, json_member(level, "tcb"), "isvsvn", UINT16_MAX));
    out->svn = (uint16_t)svn;
    TRY(tcb_read_worth(&out->worth, level));
    /* other statuses of a program have no place in the table by which they converge */
    ENSURE(out->worth.status == DEPUTY_ATTEST_STATUS_UP_TO_DATE ||
                    out->worth.status == DEPUTY_ATTEST_STATUS_OUT_OF_DATE ||
                    out->worth.status == DEPUTY_ATTEST_STATUS_REVOKED,
            DEPUTY_E_JSON_TYPE);
    return DEPUTY_OK;
}

enum deputy_error tcb_read_svn_levels(
        struct deputy_arena *arena, struct svn_levels *out, const struct json_value *object)
{
    const struct json_value *array;
    TRY(tcb_read_array(&array, object, "tcbLevels", TCB_SVN_LEVELS_MAX));
    struct svn_level *items = ARENA_ARRAY(arena, struct svn_level, array->count + 1);
    ENSURE(items != NULL, arena_error(arena));
    *out = (struct svn_levels){.items = items};
    JSON_EACH (level, array)
        TRY(read_svn_level(&items[out->count++], level));
    return DEPUTY_OK;
}
