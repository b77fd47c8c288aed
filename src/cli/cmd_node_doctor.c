/* deputy node doctor: holds everything that a node has stored against what was signed. */
#include "cli/upkeep_verb.h"
#include "node/doctor.h"

static const struct upkeep_verb verb = {
        .usage = "node doctor [options]",
        .help = "Checks the node's data directory, whether the node runs or not, and changes nothing: the\n"
                "database, every token against its id and signature, every column against the signed bytes, "
                "the\n"
                "chain of revocations, every value against its hash, and what waits to be told. Progress "
                "goes to standard error.\n"
                "Exit codes: 0 nothing wrong; 1 something is; 2 it could not be told.",
};

static int tell_json(struct upkeep_call *call, const struct doctor_result *result)
{
    json_array_end(&call->writer);
    cli_member_bool(&call->writer, "ok", result->findings == 0);
    json_key(&call->writer, "orphan_files");
    json_int(&call->writer, (int64_t)result->orphans);
    json_object_end(&call->writer);
    return cli_json_end(call->cli, &call->json, result->findings == 0 ? CLI_YES : CLI_NO);
}

static int tell(struct upkeep_call *call, const struct doctor_result *result)
{
    if (call->cli->json)
        return tell_json(call, result);
    if (result->orphans > 0)
        printf("%llu files that no current value refers to; 'deputy node gc' removes those it may\n",
                (unsigned long long)result->orphans);
    if (result->findings == 0)
        printf("nothing wrong\n");
    else
        printf("%llu things wrong\n", (unsigned long long)result->findings);
    return result->findings == 0 ? CLI_YES : CLI_NO;
}

static int doctor(struct upkeep_call *call)
{
    struct doctor_result result;
    struct audit_sink sink = upkeep_call_sink(call);
    json_object_begin(&call->writer);
    json_key(&call->writer, "findings");
    json_array_begin(&call->writer);
    enum deputy_error error = node_doctor(&result, call->node.directory, call->node.seal_key, &sink);
    if (error == DEPUTY_OK)
        return tell(call, &result);
    cli_fail(call->cli, call->node.directory, error);
    return CLI_UNUSABLE;
}

int cmd_node_doctor(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &verb, doctor);
}
