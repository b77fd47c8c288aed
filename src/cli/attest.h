/* Parts of `deputy attest verify`: reading what a verdict is made of, and telling it. */
#ifndef CLI_ATTEST_H
#define CLI_ATTEST_H

#include "cli/cli.h"
#include <deputy/attest.h>

/* The files of a verdict; NULL where none is given. A quote's may be an agent's answer around it. */
struct attest_files {
    const char *attestation; /* all in one piece, in place of quote and report */
    const char *quote, *collateral, *event_log, *vm_config;
    const char *report, *vcek, *ask, *crl, *mr_config;
    const char *root, *policy, *statement;
};

struct attest_options {
    struct attest_files files;
    const char *time;        /* Unix seconds or RFC 3339; NULL: now */
    const char *nonce;       /* the text that was asked for */
    const char *report_data; /* 128 hexadecimal digits */
};

/* A quote or report: raw, or as hexadecimal text. */
bool attest_read_evidence(struct cli *cli, struct deputy_slice *out, const char *path);

/* A quote, raw or in hexadecimal digits, or what `deputy attest quote` prints: then with all that is beside
 * it. NULL: none. */
bool attest_read_quote(struct cli *cli, struct deputy_attest_evidence *evidence, const char *path);

/* All that a verdict is made of; complains, and is false, when something cannot be read. */
bool attest_read(struct cli *cli, struct deputy_attest_evidence *evidence,
        struct deputy_attest_question *question, struct deputy_attest_policy *policy,
        const struct attest_options *options);

/* The verdict for people. */
void attest_tell(struct cli *cli, const struct deputy_attest_verdict *verdict);

#endif
