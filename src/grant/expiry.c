#include "grant/expiry.h"
#include "base/try.h"
#include "grant/text.h"
#include <deputy/manifest.h>
#include <math.h>

enum { EXPIRY_MAX_LEN = 100 };

static const struct {
    const char *name;
    double ms;
} UNITS[] = {
        {"years", 31557600000.0},
        {"year", 31557600000.0},
        {"yrs", 31557600000.0},
        {"yr", 31557600000.0},
        {"y", 31557600000.0},
        {"weeks", 604800000.0},
        {"week", 604800000.0},
        {"w", 604800000.0},
        {"days", 86400000.0},
        {"day", 86400000.0},
        {"d", 86400000.0},
        {"hours", 3600000.0},
        {"hour", 3600000.0},
        {"hrs", 3600000.0},
        {"hr", 3600000.0},
        {"h", 3600000.0},
        {"minutes", 60000.0},
        {"minute", 60000.0},
        {"mins", 60000.0},
        {"min", 60000.0},
        {"m", 60000.0},
        {"seconds", 1000.0},
        {"second", 1000.0},
        {"secs", 1000.0},
        {"sec", 1000.0},
        {"s", 1000.0},
        {"milliseconds", 1.0},
        {"millisecond", 1.0},
        {"msecs", 1.0},
        {"msec", 1.0},
        {"ms", 1.0},
        {"", 1.0},
};

static double unit_factor(struct deputy_slice unit)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (text_is_any_case(unit, UNITS[i].name))
            return UNITS[i].ms;
    }
    return 0;
}

static size_t count_digits(struct deputy_slice text)
{
    size_t count = 0;
    while (count < text.len && text.ptr[count] >= '0' && text.ptr[count] <= '9')
        count++;
    return count;
}

/* The length of digits with an optional fraction, which must have digits; 0 when there is no such number. */
static size_t number_length(struct deputy_slice text)
{
    size_t whole = count_digits(text);
    if (whole == text.len || text.ptr[whole] != '.')
        return whole;
    size_t fraction = count_digits(text_after(text, whole + 1));
    return fraction == 0 ? whole : whole + 1 + fraction;
}

/* 0 when the text is no duration. A minus sign would never give more than 0, so it is not read at all. */
static enum deputy_error duration(struct deputy_arena *arena, double *ms, struct deputy_slice text)
{
    size_t len = number_length(text);
    *ms = 0;
    if (text.len > EXPIRY_MAX_LEN || len == 0)
        return DEPUTY_OK;
    struct deputy_slice unit = text_after(text, len);
    while (unit.len > 0 && unit.ptr[0] == ' ')
        unit = text_after(unit, 1);
    TRY(decimal_value(arena, ms, deputy_slice_bytes(text.ptr, len)));
    *ms *= unit_factor(unit);
    return DEPUTY_OK;
}

enum deputy_error expiry_parse(const struct attempt *attempt, double *ms, struct deputy_slice text)
{
    if (text.len == 0)
        return attempt_refuse_quoted(attempt, DEPUTY_E_EXPIRY_TYPE, text);
    TRY(duration(attempt->arena, ms, text));
    if (!(*ms > 0) || !isfinite(*ms))
        return attempt_refuse_quoted(attempt, DEPUTY_E_EXPIRY_DURATION, text);
    return DEPUTY_OK;
}

enum deputy_error expiry_read(const struct attempt *attempt, double *ms, const struct json_value *value)
{
    if (value->kind != JSON_STRING)
        return attempt_refuse_value(attempt, DEPUTY_E_EXPIRY_TYPE, value);
    return expiry_parse(attempt, ms, value->text);
}

enum deputy_error expiry_check_max(const struct attempt *attempt, double ms)
{
    if (ms > DEPUTY_LIFETIME_MAX_MS)
        return attempt_refuse_number(attempt, DEPUTY_E_LIFETIME_TOO_LONG, ms);
    return DEPUTY_OK;
}

enum deputy_error deputy_expiry_parse(
        struct deputy_arena *arena, double *ms, struct deputy_refusal *refusal, struct deputy_slice text)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, expiry_parse(&attempt, ms, text));
}
