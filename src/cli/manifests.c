#include "cli/manifests.h"
#include "cli/io.h"

static int read_manifest(struct cli *cli, const struct deputy_manifest **out, const char *path)
{
    struct deputy_slice json;
    struct deputy_refusal refusal = {0};
    if (!io_read(cli, &json, path))
        return CLI_UNUSABLE;
    if (deputy_manifest_parse(cli->arena, out, &refusal, json) != DEPUTY_OK)
        return cli_refuse(cli, path, &refusal);
    return CLI_YES;
}

int manifests_compose(struct cli *cli, struct manifests *out, const struct option_list *files, bool account)
{
    struct deputy_refusal refusal = {0};
    if (files->count > DEPUTY_REQUEST_MAX_MANIFESTS)
        return cli_complain("at most %d manifests make one request", DEPUTY_REQUEST_MAX_MANIFESTS),
               CLI_UNUSABLE;
    for (out->count = 0; out->count < files->count; out->count++) {
        int code = read_manifest(cli, &out->items[out->count], files->items[out->count]);
        if (code != CLI_YES)
            return code;
    }
    if (deputy_request_compose(cli->arena, &out->request, &refusal, out->items, out->count, account) !=
            DEPUTY_OK)
        return cli_refuse(cli, NULL, &refusal);
    return CLI_YES;
}

bool manifests_account(bool *out, const char *text)
{
    *out = text == NULL || strcmp(text, "yes") == 0;
    if (*out || strcmp(text, "no") == 0)
        return true;
    cli_complain("--account takes yes or no");
    return false;
}
