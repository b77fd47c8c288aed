/*
 * Settings of a daemon: one table says what there is, and the same rows read the file, the environment and
 * the command line. Later wins: default, file, environment, flag. A name that is not in the table is an
 * error, so that a misspelt limit is never silently without effect. Messages name the setting and where it
 * stands, never its value.
 */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include "base/buf.h"
#include <deputy/error.h>

enum config_kind {
    CONFIG_TEXT,
    CONFIG_CHOICE,  /* one of the words in `choices`, any letter case; stored in lower case */
    CONFIG_INTEGER, /* 0 ... 2^63 - 1 */
    CONFIG_PORT,    /* 0 ... 65535 */
    CONFIG_SIZE,    /* bytes: a number, or text such as "10 MiB" */
    CONFIG_BOOLEAN,
    CONFIG_LIST, /* texts; in the environment and on the command line separated by commas */
};

struct config_key {
    const char *key;      /* "storage.datadir" */
    const char *standard; /* the default, as an environment variable would say it; NULL: unset */
    const char *help;
    const char *flag;    /* "--data"; NULL: none */
    const char *env;     /* a variable besides those made from the key; NULL: none */
    const char *choices; /* of CONFIG_CHOICE: "text|json", lower case */
    enum config_kind kind;
    bool secret; /* never printed */
};

/* A row; flag, env, choices and secret follow as designated initializers where they are wanted. */
#define CONFIG_ROW(key_, kind_, standard_, help_, ...)                                                       \
    {                                                                                                        \
        .key = (key_), .kind = (kind_), .standard = (standard_), .help = (help_), __VA_ARGS__                \
    }

struct config_table {
    const struct config_key *keys;
    size_t count;
    const char *const *sections; /* top-level tables of the file, later wins; NULL at the end */
    const char *const *others;   /* of the same file, for other daemons; NULL at the end, or for none */
    const char *env_prefix;      /* "TINYCLOUD_": then the key in upper case, each dot as _ or __ */
    const char *env_also;        /* a prefix under which unknown names are ignored; NULL: none */
    const char *file_env;        /* the variable that names the file */
    const char *file_standard;   /* the file that is read when it exists and no other is named */
};

/* Where values come from. Nothing else is looked at. */
struct config_input {
    struct deputy_slice file; /* its content; absent: no file */
    const char *file_name;    /* for messages */
    char *const *environment; /* "NAME=value", NULL at the end */
    char *const *arguments;   /* of the command, NULL at the end */
};

struct config;

/*
 * Reads all sources. On failure *refusal says what is wrong and where: CONFIG_SYNTAX, CONFIG_UNKNOWN,
 * CONFIG_VALUE. The configuration lives in the arena; the input may go.
 */
enum deputy_error config_load(struct deputy_arena *arena, const struct config **out,
        struct deputy_refusal *refusal, const struct config_table *table, const struct config_input *input);

/*
 * The same from the process: the file that --config, the table's variable or its standard name says, the
 * given environment and arguments. CONFIG_FILE when a file that was named cannot be read.
 */
enum deputy_error config_read(struct deputy_arena *arena, const struct config **out,
        struct deputy_refusal *refusal, const struct config_table *table, char *const *environment,
        char *const *arguments);

/* Whether --check-config was among the arguments: print the settings and go. */
bool config_check_only(const struct config *config);

/* Values by key; a key that is not in the table, or of another kind, ends the process: it is a mistake in the
 * program. */
bool config_is_set(const struct config *config, const char *key);
bool config_is_given(const struct config *config, const char *key); /* by other than its default */
struct deputy_slice config_text(
        const struct config *config, const char *key);                /* absent when unset; NUL behind it */
int64_t config_integer(const struct config *config, const char *key); /* 0 when unset; sizes and ports too */
bool config_boolean(const struct config *config, const char *key);    /* false when unset */
/* The texts of a list; none when unset. Each has a NUL behind it. */
const struct deputy_slice *config_list(const struct config *config, const char *key, size_t *count);

/* All settings, a line each with where it comes from, as TOML. Secrets are masked. */
void config_print(struct buf *out, const struct config *config);

#endif
