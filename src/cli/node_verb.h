/* What the sub-verbs of `deputy node` share: their arguments, and how the doctor's findings are told. */
#ifndef CLI_NODE_VERB_H
#define CLI_NODE_VERB_H

#include "cli/output.h"
#include "node/doctor.h"
#include "node/place.h"

struct node_verb {
    const char *usage;   /* "node gc [options]" */
    const char *help;    /* what it does, in a paragraph */
    const char *operand; /* "DIR" when it takes one, else NULL */
    bool takes_grace;
};

struct node_call {
    struct cli *cli;
    struct node_place place;
    const char *operand;
    long long grace_s;
    struct buf json; /* findings, with --json */
    struct json_writer writer;
};

/* A day: longer than any put lasts and any old value is read. */
enum { NODE_GRACE_S = 24 * 60 * 60 };

/*
 * Reads what follows the verb: the operand, --json, --grace, and the settings of the node. argv[0] is the
 * verb. False: *code is the exit code, and what is wrong was said. End it with node_call_end.
 */
bool node_call_begin(struct node_call *call, int *code, struct cli *cli, int argc, char **argv,
        const struct node_verb *verb);
void node_call_end(struct node_call *call);

/* A sink that prints findings to standard output, or collects them as JSON, and progress to standard error.
 */
struct audit_sink node_call_sink(struct node_call *call);

/* The verbs; argv[0] is the verb. */
int cmd_node_doctor(struct cli *cli, int argc, char **argv);
int cmd_node_backup(struct cli *cli, int argc, char **argv);
int cmd_node_restore(struct cli *cli, int argc, char **argv);
int cmd_node_gc(struct cli *cli, int argc, char **argv);

#endif
