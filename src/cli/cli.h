/*
 * What every command of the tool is given, and how it speaks: results on stdout, for people or as JSON,
 * everything else on stderr. Exit codes: 0 yes, done; 1 no: refused, failed, found bad; 2 could not tell:
 * wrong usage, unusable input.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>
#include <stdio.h>

enum cli_exit { CLI_YES = 0, CLI_NO = 1, CLI_UNUSABLE = 2 };

struct cli {
    bool json;
    bool quiet;
    bool color;
    const char *profile;
    const char *node;   /* URL of the data node */
    const char *config; /* of a daemon; NULL: where it looks by default */
    struct deputy_arena *arena;
};

struct cli_command {
    const char *name;
    const char *summary;                                /* a line of `deputy --help` */
    int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the command's name */
};

/* All commands, in the order of the help text; *count of them. */
const struct cli_command *cli_commands(size_t *count);

int cli_run(int argc, char **argv);

/* One line on stderr: "deputy: ..." */
__attribute__((format(printf, 1, 2))) void cli_complain(const char *format, ...);

/* Complains about a failure, with the text of its code, and gives the exit code that goes with it. */
int cli_fail(struct cli *cli, const char *about, enum deputy_error error);
int cli_refuse(struct cli *cli, const char *about, const struct deputy_refusal *refusal);

/* A note for people, on stderr; silent with --quiet. */
__attribute__((format(printf, 2, 3))) void cli_note(const struct cli *cli, const char *format, ...);

/* The clock and the randomness of the process. */
struct deputy_time cli_now(void);
void cli_random(uint8_t *out, size_t len);

#endif
