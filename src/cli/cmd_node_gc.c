/* deputy node gc: removes what no answer can depend on any more. */
#include "cli/upkeep_verb.h"
#include "store/collect.h"

static const struct upkeep_verb verb = {
        .usage = "node gc [options]",
        .takes_grace = true,
        .help = "Removes what ended more than the grace ago: contents of replaced and deleted keys, files "
                "that no\n"
                "value refers to, used invocations that expired, expired delegations that none cites. The "
                "node may\n"
                "run. Which events and revocations there were stays.\n"
                "Exit codes: 0 done; 1 it could not go on; 2 wrong usage.",
};

static int tell(struct upkeep_call *call, const struct store_collected *collected)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"values", collected->values}, {"files", collected->files}, {"bytes", collected->bytes},
            {"delegations", collected->delegations}, {"invocations", collected->replays}};
    json_object_begin(&call->writer);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_key(&call->writer, counts[i].name);
        json_int(&call->writer, (int64_t)counts[i].count);
        if (!call->cli->json)
            printf("%s: %llu removed\n", counts[i].name, (unsigned long long)counts[i].count);
    }
    json_object_end(&call->writer);
    return call->cli->json ? cli_json_end(call->cli, &call->json, CLI_YES) : CLI_YES;
}

static int collect(struct upkeep_call *call)
{
    struct store_collected collected;
    enum deputy_error error =
            store_collect(&collected, call->node.directory, call->node.seal_key, cli_now(), call->grace_s);
    if (error == DEPUTY_OK)
        return tell(call, &collected);
    cli_fail(call->cli, call->node.directory, error);
    return CLI_NO;
}

int cmd_node_gc(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &verb, collect);
}
