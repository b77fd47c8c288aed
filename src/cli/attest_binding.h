/* What evidence is to be bound to, as options of the tool say it. */
#ifndef CLI_ATTEST_BINDING_H
#define CLI_ATTEST_BINDING_H

#include "cli/cli.h"
#include <deputy/attest.h>

/* NULL where not given. One of the first two, or `did` with what goes into a statement of its own. */
struct binding_options {
    const char *report_data;             /* 128 hexadecimal digits */
    const char *statement;               /* file */
    const char *did, *key, *aud, *nonce; /* texts */
};

struct binding {
    uint8_t report_data[DEPUTY_ATTEST_REPORT_DATA_BYTES];
    struct deputy_slice statement; /* absent when the bytes themselves were given */
};

/* Complains, and gives the exit code, when it is not just one of the three. */
int binding_read(struct cli *cli, struct binding *out, const struct binding_options *options);

#endif
