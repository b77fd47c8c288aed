/* Manifest files, and the one request that is made of them. */
#ifndef CLI_MANIFESTS_H
#define CLI_MANIFESTS_H

#include "cli/cli.h"
#include "cli/options.h"
#include <deputy/request.h>

struct manifests {
    const struct deputy_manifest *items[DEPUTY_REQUEST_MAX_MANIFESTS];
    size_t count;
    struct deputy_request request;
};

/* Reads the files and composes them; complains, and gives the exit code, when one is not usable. */
int manifests_compose(struct cli *cli, struct manifests *out, const struct option_list *files, bool account);

/* "yes" or "no"; NULL is yes. Complains about anything else. */
bool manifests_account(bool *out, const char *text);

#endif
