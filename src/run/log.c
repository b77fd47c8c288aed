#include "run/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MAX_LINE = 4096, LOG_MAX_TEXT = 128, LOG_GATHERED = 4 * LOG_MAX_LINE };

static enum log_level log_threshold = LOG_INFO;
static enum log_format log_form = LOG_AS_TEXT;

void log_start(enum log_level level, enum log_format format)
{
    log_threshold = level;
    log_form = format;
}

/* A line is cut where it would grow too long; its end always has room. */
struct line {
    char text[LOG_MAX_LINE];
    size_t len;
};

static void line_put(struct line *line, const char *text)
{
    for (; *text != '\0' && line->len < LOG_MAX_LINE - 4; text++)
        line->text[line->len++] = *text;
}

static void line_put_key(struct line *line, const char *name)
{
    bool json = log_form == LOG_AS_JSON;
    line_put(line, json ? ",\"" : " ");
    line_put(line, name);
    line_put(line, json ? "\":" : "=");
}

/* Words and filtered texts need no escapes: they hold neither quotes nor backslashes nor control characters.
 */
static void line_put_text(struct line *line, const char *text)
{
    bool json = log_form == LOG_AS_JSON;
    line_put(line, json ? "\"" : "");
    line_put(line, text);
    line_put(line, json ? "\"" : "");
}

static void line_put_number(struct line *line, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    line_put(line, digits);
}

/* The text if all its characters are allowed, else "?". */
static void line_put_filtered(struct line *line, struct deputy_slice text, const char *allowed)
{
    char copy[LOG_MAX_TEXT + 1] = "?";
    bool clean = text.len > 0 && text.len <= LOG_MAX_TEXT;
    for (size_t i = 0; clean && i < text.len; i++)
        clean = text.ptr[i] != '\0' && strchr(allowed, text.ptr[i]) != NULL;
    if (clean) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    line_put_text(line, copy);
}

static void line_put_field(struct line *line, const struct log_field *field)
{
    line_put_key(line, field->name);
    switch (field->kind) {
    case LOG_KIND_COUNT:
        line_put_number(line, field->number);
        break;
    case LOG_KIND_FLAG:
        line_put(line, field->number != 0 ? "true" : "false");
        break;
    case LOG_KIND_CID:
        line_put_filtered(line, field->text, "abcdefghijklmnopqrstuvwxyz0123456789");
        break;
    case LOG_KIND_ADDRESS:
        line_put_filtered(line, field->text, "abcdefABCDEF0123456789.:[]");
        break;
    case LOG_KIND_WORD:
    case LOG_KIND_END:
    default:
        line_put_text(line, field->word);
    }
}

static void line_put_start(struct line *line, enum log_level level, const char *event)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    char stamp[64];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp + len, sizeof stamp - len, ".%03ldZ", now.tv_nsec / 1000000);
    if (log_form == LOG_AS_TEXT) {
        line_put(line, stamp);
        line_put(line, " ");
        line_put(line, levels[level]);
        line_put(line, " ");
        line_put(line, event);
        return;
    }
    line_put(line, "{\"time\":\"");
    line_put(line, stamp);
    line_put(line, "\"");
    line_put_key(line, "level");
    line_put_text(line, levels[level]);
    line_put_key(line, "event");
    line_put_text(line, event);
}

/* ---- writing ---- */

/* Lines of one thread that wait to be written. */
static _Thread_local struct {
    bool gathers;
    size_t len;
    char text[LOG_GATHERED];
} gathered;

void log_gather(void)
{
    gathered.gathers = true;
}

void log_flush(void)
{
    size_t len = gathered.len;
    gathered.len = 0;
    if (len > 0 && write(STDERR_FILENO, gathered.text, len) < 0)
        return; /* there is nowhere to say so */
}

static void line_write(enum log_level level, const struct line *line)
{
    if (line->len > sizeof gathered.text - gathered.len)
        log_flush();
    memcpy(gathered.text + gathered.len, line->text, line->len);
    gathered.len += line->len;
    if (!gathered.gathers || level >= LOG_WARNING)
        log_flush();
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = {.len = 0};
    if (level < log_threshold)
        return;
    line_put_start(&line, level, event);
    for (; fields->kind != LOG_KIND_END; fields++)
        line_put_field(&line, fields);
    if (log_form == LOG_AS_JSON)
        line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    line_write(level, &line);
}

const char *log_route(const struct http_route *route)
{
    return route != NULL ? route->pattern : "<unmatched>";
}

void log_answer_with(const struct http_exchange *x, int status, uint64_t micros, const char *topic_name)
{
    struct log_field fields[8] = {LOG_METHOD(http_method(x)), LOG_ROUTE(http_route(x)),
            LOG_COUNT("status", (uint64_t)status), LOG_COUNT("micros", micros)};
    size_t count = 4;
    bool refused = http_reason(x) != DEPUTY_OK;
    if (topic_name != NULL && http_topic(x) != NULL)
        fields[count++] =
                (struct log_field){.kind = LOG_KIND_WORD, .name = topic_name, .word = http_topic(x)};
    if (refused)
        fields[count++] = (struct log_field)LOG_ERROR(http_reason(x));
    if (deputy_slice_present(http_trace(x)))
        fields[count++] = (struct log_field)LOG_CID("trace", http_trace(x));
    fields[count] = (struct log_field)LOG_END;
    log_write(LOG_INFO, refused ? "http.refused" : "http.answered", fields);
}

void log_answer(void *app, const struct http_exchange *x, int status, uint64_t micros)
{
    (void)app;
    log_answer_with(x, status, micros, NULL);
}
