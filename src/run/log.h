/*
 * The log of a daemon: one line an event on standard error, text or JSON. Fields are typed, and each type
 * prints only what it is made for, so that no token, header, secret or user's text can be logged by mistake.
 *
 *     log_event(LOG_INFO, "invoke.refused", LOG_CID("invocation", cid), LOG_ERROR(code), LOG_END);
 */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "http/exchange.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_FAILURE, LOG_NONE };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

/* For the process, before its threads start. Events below the level are dropped. */
void log_start(enum log_level level, enum log_format format);

/*
 * From here on the calling thread's lines are kept, until log_flush writes them together: a loop flushes
 * before it waits, so that a line is never late, and a busy turn costs one write. Warnings and failures are
 * written at once, with what was kept before them.
 */
void log_gather(void);
void log_flush(void);

enum log_kind {
    LOG_KIND_END,
    LOG_KIND_WORD,    /* a literal of the program */
    LOG_KIND_COUNT,   /* a number */
    LOG_KIND_FLAG,    /* true or false */
    LOG_KIND_CID,     /* lower-case letters and digits, else "?" */
    LOG_KIND_ADDRESS, /* an IP address or host:port, else "?" */
};

struct log_field {
    enum log_kind kind;
    const char *name;
    const char *word;
    uint64_t number;
    struct deputy_slice text;
};

#define LOG_LITERAL(literal) ("" literal "") /* only a literal compiles */
#define LOG_WORD(name_, literal)                                                                             \
    {                                                                                                        \
        .kind = LOG_KIND_WORD, .name = LOG_LITERAL(name_), .word = LOG_LITERAL(literal)                      \
    }
#define LOG_COUNT(name_, number_)                                                                            \
    {                                                                                                        \
        .kind = LOG_KIND_COUNT, .name = LOG_LITERAL(name_), .number = (number_)                              \
    }
#define LOG_FLAG(name_, flag_)                                                                               \
    {                                                                                                        \
        .kind = LOG_KIND_FLAG, .name = LOG_LITERAL(name_), .number = (flag_)                                 \
    }
#define LOG_CID(name_, cid_)                                                                                 \
    {                                                                                                        \
        .kind = LOG_KIND_CID, .name = LOG_LITERAL(name_), .text = (cid_)                                     \
    }
#define LOG_ADDRESS(name_, text_)                                                                            \
    {                                                                                                        \
        .kind = LOG_KIND_ADDRESS, .name = LOG_LITERAL(name_), .text = (text_)                                \
    }
#define LOG_ERROR(code_)                                                                                     \
    {                                                                                                        \
        .kind = LOG_KIND_WORD, .name = "error", .word = deputy_error_info(code_)->name                       \
    }
#define LOG_METHOD(method_)                                                                                  \
    {                                                                                                        \
        .kind = LOG_KIND_WORD, .name = "method", .word = http_method_name(method_)                           \
    }
#define LOG_ROUTE(route_)                                                                                    \
    {                                                                                                        \
        .kind = LOG_KIND_WORD, .name = "route", .word = log_route(route_)                                    \
    }
#define LOG_END                                                                                              \
    {                                                                                                        \
        .kind = LOG_KIND_END                                                                                 \
    }

#define log_event(level_, event_, ...)                                                                       \
    log_write((level_), LOG_LITERAL(event_), (const struct log_field[]){__VA_ARGS__})

void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* The pattern of a route, "<unmatched>" for NULL: never the path that was asked for. */
const char *log_route(const struct http_route *route);

/* The line of an answered request, with the signature of http_config.on_answer. */
void log_answer(void *app, const struct http_exchange *x, int status, uint64_t micros);

/* Likewise, with the exchange's topic, if it has one, under that name. */
#define log_answer_topic(x_, status_, micros_, name_)                                                        \
    log_answer_with((x_), (status_), (micros_), LOG_LITERAL(name_))
void log_answer_with(const struct http_exchange *x, int status, uint64_t micros, const char *topic_name);

#endif
