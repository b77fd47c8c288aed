/* Options of one command: long names, after the command, `--name value` or `--name=value`; `-o` is short for
 * --output, `-c` for --command. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/cli.h"

enum { OPTION_LIST_MAX = 64 };

/* Values of an option that may be repeated, and positional arguments. */
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

/* One row of a command's table; exactly one target is set. */
struct option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for the value in the help text; NULL for a flag */
    const char *help;
    bool *flag;
    const char **text;
    struct option_list *list;
};

struct option_table {
    const char *usage;   /* "compose [options] MANIFEST..." */
    const char *summary; /* a sentence or two */
    const struct option *rows;
    size_t count;
};

enum option_result { OPTION_GO_ON, OPTION_HELP, OPTION_WRONG };

/*
 * Reads a command's arguments. OPTION_HELP: the help text was printed, exit 0. OPTION_WRONG: what is wrong
 * was said, exit 2. A lone "-" is a positional argument, and so is everything after "--".
 */
enum option_result options_read(
        const struct option_table *table, int argc, char **argv, struct option_list *arguments);

/* The exit code of a result that is not OPTION_GO_ON. */
int options_exit(enum option_result result);

/* A whole number in [min, max]; complains when the text is none. */
bool option_number(long long *out, const char *name, const char *text, long long min, long long max);

#endif
