/* What the verbs share that look after the data of `deputy node` and `deputy backend`: their arguments, and
 * how the doctor's findings are told. */
#ifndef CLI_UPKEEP_VERB_H
#define CLI_UPKEEP_VERB_H

#include "backend/place.h"
#include "cli/output.h"
#include "node/place.h"
#include "store/audit.h"

/* Whose data it is. */
enum upkeep_daemon { UPKEEP_NODE, UPKEEP_BACKEND };

struct upkeep_verb {
    enum upkeep_daemon of;
    const char *usage;   /* "node gc [options]" */
    const char *help;    /* what it does, in a paragraph */
    const char *operand; /* "DIR" when it takes one, else NULL */
    bool takes_grace;
};

struct upkeep_call {
    struct cli *cli;
    enum upkeep_daemon of;
    union { /* by `of` */
        struct node_place node;
        struct backend_place backend;
    };
    const char *operand;
    long long grace_s;
    struct buf json; /* findings, with --json */
    struct json_writer writer;
};

/* A day: longer than any put lasts and any old value is read. */
enum { NODE_GRACE_S = 24 * 60 * 60 };

/*
 * Reads what follows the verb: the operand, --json, --grace, and the settings of the daemon; then does the
 * work. argv[0] is the verb. The exit code; what is wrong was said.
 */
int upkeep_call_run(struct cli *cli, int argc, char **argv, const struct upkeep_verb *verb,
        int (*work)(struct upkeep_call *call));

/* A sink that prints findings to standard output, or collects them as JSON, and progress to standard error.
 */
struct audit_sink upkeep_call_sink(struct upkeep_call *call);

/* The verbs; argv[0] is the verb. */
int cmd_node_doctor(struct cli *cli, int argc, char **argv);
int cmd_node_backup(struct cli *cli, int argc, char **argv);
int cmd_node_restore(struct cli *cli, int argc, char **argv);
int cmd_node_gc(struct cli *cli, int argc, char **argv);
int cmd_backend_doctor(struct cli *cli, int argc, char **argv);
int cmd_backend_backup(struct cli *cli, int argc, char **argv);
int cmd_backend_restore(struct cli *cli, int argc, char **argv);

#endif
