/* deputy node backup and restore: whole, checked copies of a node's data. */
#include "cli/upkeep_verb.h"
#include "node/backup.h"

static const struct upkeep_verb backup_verb = {
        .usage = "node backup DIR [options]",
        .operand = "DIR",
        .help = "Copies the node's data to DIR, which must be empty or absent, as of one moment; the node "
                "may run.\n"
                "Files of large values are hard links where the file system can. The copy is checked as by\n"
                "'deputy node doctor' before it takes its name. A backup holds the users' data as it is, and "
                "no\n"
                "secret of the node: keep that elsewhere, a backup is of no use without it.\n"
                "Exit codes: 0 done; 1 there is no backup; 2 wrong usage.",
};

static const struct upkeep_verb restore_verb = {
        .usage = "node restore DIR [options]",
        .operand = "DIR",
        .help = "Copies the backup in DIR to the node's data directory, which must be empty or absent: it "
                "never\n"
                "overwrites. The copy is checked before it takes its name. What was revoked since the backup "
                "is\n"
                "valid again.\n"
                "Exit codes: 0 done; 1 nothing was restored; 2 wrong usage.",
};

/* A copy: node_backup or node_restore. */
typedef enum deputy_error copy_fn(struct backup_result *out, const char *directory, const char *other,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink);

static int tell(struct upkeep_call *call, const struct backup_result *result, const char *target)
{
    if (!call->cli->json) {
        cli_put_safe(stdout, deputy_slice_text(target));
        printf(": %llu files of values, checked, nothing wrong\n", (unsigned long long)result->files);
        return CLI_YES;
    }
    json_array_end(&call->writer);
    json_key(&call->writer, "directory");
    cli_json_text(call->cli, &call->writer, deputy_slice_text(target));
    json_key(&call->writer, "files");
    json_int(&call->writer, (int64_t)result->files);
    json_object_end(&call->writer);
    return cli_json_end(call->cli, &call->json, CLI_YES);
}

static int copy_with(struct upkeep_call *call, copy_fn *copy, const char *target)
{
    struct backup_result result;
    struct audit_sink sink = upkeep_call_sink(call);
    json_object_begin(&call->writer);
    json_key(&call->writer, "findings");
    json_array_begin(&call->writer);
    enum deputy_error error = copy(&result, call->node.directory, call->operand, call->node.seal_key, &sink);
    if (error == DEPUTY_OK)
        return tell(call, &result, target);
    cli_fail(call->cli, target, error);
    return CLI_NO;
}

static int backup(struct upkeep_call *call)
{
    return copy_with(call, node_backup, call->operand);
}

int cmd_node_backup(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &backup_verb, backup);
}

static int restore(struct upkeep_call *call)
{
    return copy_with(call, node_restore, call->node.directory);
}

int cmd_node_restore(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &restore_verb, restore);
}
