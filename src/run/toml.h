/*
 * The part of TOML 1.0 that configuration files use: tables, bare and dotted keys, one-line strings, decimal
 * integers, booleans, and arrays of these. Everything else (floats, dates, multi-line strings, inline tables,
 * arrays of tables) is refused with its line. What is accepted means the same to any other reader of TOML.
 */
#ifndef RUN_TOML_H
#define RUN_TOML_H

#include <deputy/arena.h>
#include <deputy/slice.h>

enum { TOML_MAX_BYTES = 1024 * 1024, TOML_MAX_NAMES = 1000 };

enum toml_kind { TOML_TEXT, TOML_INTEGER, TOML_BOOLEAN, TOML_ARRAY };

struct toml_value {
    enum toml_kind kind;
    struct deputy_slice text;
    int64_t integer;
    bool boolean;
    const struct toml_value *first; /* of an array */
    const struct toml_value *next;  /* within an array */
};

/* One assignment; path is the table's name and the key, joined by dots. */
struct toml_entry {
    struct deputy_slice path;
    struct toml_value value;
    unsigned line;
    const struct toml_entry *next;
};

struct toml_problem {
    unsigned line;
    const char *text; /* static */
};

/* All assignments in the order of the file. DEPUTY_E_CONFIG_SYNTAX with *problem, or what the arena says. */
enum deputy_error toml_parse(struct deputy_arena *arena, const struct toml_entry **out,
        struct toml_problem *problem, struct deputy_slice input);

#endif
