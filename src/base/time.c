#include "base/time.h"
#include "base/try.h"

/* The first second of the year 0000. */
#define TIME_MIN_SEC INT64_C(-62167219200)

enum {
    DAY_SECONDS = 86400,
    EPOCH_DAYS = 719528, /* from 0000-01-01 to 1970-01-01 */
    NSEC_PER_SEC = 1000000000,
    NSEC_PER_MS = 1000000,
    MS_PER_SEC = 1000,
    NSEC_DIGITS = 9,
};

/* A moment on the calendar; month and day count from 1. */
struct civil {
    int year, month, day, hour, minute, second;
};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the year before that month; month 13 gives the whole year. */
static int days_before_month(int year, int month)
{
    static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return days[month - 1] + (month > 2 && is_leap(year));
}

/* Days from 0000-01-01 to the first of January of that year (0 to 10000). */
static int64_t days_before_year(int year)
{
    return (int64_t)year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

static int64_t civil_to_seconds(struct civil civil)
{
    int64_t days = days_before_year(civil.year) + days_before_month(civil.year, civil.month) + civil.day - 1;
    return (days - EPOCH_DAYS) * DAY_SECONDS + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

/* sec lies between TIME_MIN_SEC and TIME_MAX_SEC. */
static struct civil civil_from_seconds(int64_t sec)
{
    int64_t days = (sec - TIME_MIN_SEC) / DAY_SECONDS;
    int clock = (int)((sec - TIME_MIN_SEC) % DAY_SECONDS);
    int year = (int)(days / 366), month = 1; /* never too late */
    while (days_before_year(year + 1) <= days)
        year++;
    int day = (int)(days - days_before_year(year));
    while (days_before_month(year, month + 1) <= day)
        month++;
    day -= days_before_month(year, month);
    return (struct civil){year, month, day + 1, clock / 3600, clock / 60 % 60, clock % 60};
}

static bool take_byte(struct deputy_slice *text, uint8_t byte)
{
    if (text->len == 0 || text->ptr[0] != byte)
        return false;
    *text = deputy_slice_bytes(text->ptr + 1, text->len - 1);
    return true;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Exactly so many digits, with a value from min to max. */
static enum deputy_error take_field(struct deputy_slice *text, int *out, size_t digits, int min, int max)
{
    int value = 0;
    ENSURE(text->len >= digits, DEPUTY_E_TIME);
    for (size_t i = 0; i < digits; i++) {
        ENSURE(is_digit(text->ptr[i]), DEPUTY_E_TIME);
        value = value * 10 + (text->ptr[i] - '0');
    }
    ENSURE(value >= min && value <= max, DEPUTY_E_TIME);
    *text = deputy_slice_bytes(text->ptr + digits, text->len - digits);
    *out = value;
    return DEPUTY_OK;
}

/* full-date */
static enum deputy_error take_date(struct deputy_slice *text, struct civil *civil)
{
    TRY(take_field(text, &civil->year, 4, 0, 9999));
    ENSURE(take_byte(text, '-'), DEPUTY_E_TIME);
    TRY(take_field(text, &civil->month, 2, 1, 12));
    ENSURE(take_byte(text, '-'), DEPUTY_E_TIME);
    int days =
            days_before_month(civil->year, civil->month + 1) - days_before_month(civil->year, civil->month);
    return take_field(text, &civil->day, 2, 1, days);
}

/* partial-time without its fraction */
static enum deputy_error take_clock(struct deputy_slice *text, struct civil *civil)
{
    TRY(take_field(text, &civil->hour, 2, 0, 23));
    ENSURE(take_byte(text, ':'), DEPUTY_E_TIME);
    TRY(take_field(text, &civil->minute, 2, 0, 59));
    ENSURE(take_byte(text, ':'), DEPUTY_E_TIME);
    return take_field(text, &civil->second, 2, 0, 60);
}

/* [time-secfrac]: digits beyond the ninth are read and ignored. */
static enum deputy_error take_fraction(struct deputy_slice *text, uint32_t *nsec)
{
    size_t digits = 0;
    *nsec = 0;
    if (!take_byte(text, '.'))
        return DEPUTY_OK;
    for (; digits < text->len && is_digit(text->ptr[digits]); digits++) {
        if (digits < NSEC_DIGITS)
            *nsec = *nsec * 10 + (uint32_t)(text->ptr[digits] - '0');
    }
    ENSURE(digits > 0, DEPUTY_E_TIME);
    for (size_t i = digits; i < NSEC_DIGITS; i++)
        *nsec *= 10;
    *text = deputy_slice_bytes(text->ptr + digits, text->len - digits);
    return DEPUTY_OK;
}

/* time-offset, in seconds east of UTC */
static enum deputy_error take_offset(struct deputy_slice *text, int *offset)
{
    int hours, minutes;
    *offset = 0;
    if (take_byte(text, 'Z') || take_byte(text, 'z'))
        return DEPUTY_OK;
    bool west = take_byte(text, '-');
    ENSURE(west || take_byte(text, '+'), DEPUTY_E_TIME);
    TRY(take_field(text, &hours, 2, 0, 23));
    ENSURE(take_byte(text, ':'), DEPUTY_E_TIME);
    TRY(take_field(text, &minutes, 2, 0, 59));
    *offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return DEPUTY_OK;
}

/* The leap second behind sec, a 59th: it exists only where a month begins after it. */
static enum deputy_error leap_second(struct deputy_time *out, int64_t sec)
{
    ENSURE(sec < TIME_MAX_SEC, DEPUTY_E_TIME);
    struct civil after = civil_from_seconds(sec + 1);
    ENSURE(after.day == 1 && after.hour == 0 && after.minute == 0 && after.second == 0, DEPUTY_E_TIME);
    *out = (struct deputy_time){sec, NSEC_PER_SEC - 1};
    return DEPUTY_OK;
}

enum deputy_error time_parse(struct deputy_time *out, struct deputy_slice text)
{
    struct civil civil;
    uint32_t nsec;
    int offset;
    TRY(take_date(&text, &civil));
    ENSURE(take_byte(&text, 'T') || take_byte(&text, 't') || take_byte(&text, ' '), DEPUTY_E_TIME);
    TRY(take_clock(&text, &civil));
    TRY(take_fraction(&text, &nsec));
    TRY(take_offset(&text, &offset));
    ENSURE(text.len == 0, DEPUTY_E_TIME);
    bool leap = civil.second == 60;
    int64_t sec = civil_to_seconds(civil) - leap - offset;
    ENSURE(sec >= TIME_MIN_SEC && sec <= TIME_MAX_SEC, DEPUTY_E_TIME);
    if (leap)
        return leap_second(out, sec);
    *out = (struct deputy_time){sec, nsec};
    return DEPUTY_OK;
}

static void put_field(struct buf *out, int value, size_t digits, char before)
{
    uint8_t text[1 + NSEC_DIGITS];
    for (size_t i = digits; i > 0; i--, value /= 10)
        text[i] = (uint8_t)('0' + value % 10);
    text[0] = (uint8_t)before;
    buf_put(out,
            before == '\0' ? deputy_slice_bytes(text + 1, digits) : deputy_slice_bytes(text, digits + 1));
}

/* Up to the second; false when it is no time. */
static bool put_seconds(struct buf *out, struct deputy_time time)
{
    if (time.sec < TIME_MIN_SEC || time.sec > TIME_MAX_SEC || time.nsec >= NSEC_PER_SEC) {
        buf_fail(out, DEPUTY_E_TIME);
        return false;
    }
    struct civil civil = civil_from_seconds(time.sec);
    put_field(out, civil.year, 4, '\0');
    put_field(out, civil.month, 2, '-');
    put_field(out, civil.day, 2, '-');
    put_field(out, civil.hour, 2, 'T');
    put_field(out, civil.minute, 2, ':');
    put_field(out, civil.second, 2, ':');
    return true;
}

void time_put_iso(struct buf *out, struct deputy_time time)
{
    if (!put_seconds(out, time))
        return;
    put_field(out, (int)(time.nsec / NSEC_PER_MS), 3, '.');
    buf_put_byte(out, 'Z');
}

void time_put_utc(struct buf *out, struct deputy_time time)
{
    uint32_t fraction = time.nsec;
    size_t digits = NSEC_DIGITS;
    if (!put_seconds(out, time))
        return;
    for (; digits > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (digits > 0)
        put_field(out, (int)fraction, digits, '.');
    buf_put_byte(out, 'Z');
}

struct deputy_time time_add_ms(struct deputy_time time, int64_t ms)
{
    int64_t sec = ms / MS_PER_SEC;
    int64_t nsec = time.nsec + ms % MS_PER_SEC * NSEC_PER_MS;
    if (nsec < 0 || nsec >= NSEC_PER_SEC) {
        sec += nsec < 0 ? -1 : 1;
        nsec += nsec < 0 ? NSEC_PER_SEC : -NSEC_PER_SEC;
    }
    bool overflow = __builtin_add_overflow(time.sec, sec, &sec);
    if (overflow ? ms < 0 : sec < TIME_MIN_SEC)
        return (struct deputy_time){TIME_MIN_SEC, 0};
    if (overflow || sec > TIME_MAX_SEC)
        return (struct deputy_time){TIME_MAX_SEC, NSEC_PER_SEC - 1};
    return (struct deputy_time){sec, (uint32_t)nsec};
}

enum deputy_error time_from_double(struct deputy_time *out, double seconds)
{
    ENSURE(seconds >= 0 && seconds <= (double)TIME_MAX_SEC, DEPUTY_E_TIME); /* neither holds for NaN */
    unsigned __int128 total = (unsigned __int128)(seconds * (double)NSEC_PER_SEC);
    *out = (struct deputy_time){(int64_t)(total / NSEC_PER_SEC), (uint32_t)(total % NSEC_PER_SEC)};
    return DEPUTY_OK;
}
