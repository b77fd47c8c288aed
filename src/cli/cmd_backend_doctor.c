/* deputy backend doctor, backup and restore: what a backend has kept of its users, checked and copied. */
#include "backend/backup.h"
#include "cli/upkeep_verb.h"

static const struct upkeep_verb doctor_verb = {
        .of = UPKEEP_BACKEND,
        .usage = "backend doctor [options]",
        .help = "Checks what the backend has kept, whether it runs or not, and changes nothing: the "
                "database, "
                "who may\n"
                "use its files, whether each record opens with this identity, and each grant that is in "
                "force "
                "as if it\n"
                "were handed in now. Grants that are over, or were given for another policy, are counted. "
                "Progress goes\n"
                "to standard error.\n"
                "Exit codes: 0 nothing wrong; 1 something is; 2 it could not be told.",
};

static const struct upkeep_verb backup_verb = {
        .of = UPKEEP_BACKEND,
        .usage = "backend backup FILE [options]",
        .operand = "FILE",
        .help = "Copies what the backend has kept to FILE, where nothing is, as of one moment; the backend "
                "may "
                "run. The\n"
                "copy is checked before it takes its name. It is sealed under the identity, which is not in "
                "it: keep the\n"
                "key elsewhere, a backup is of no use without it.\n"
                "Exit codes: 0 done; 1 there is no backup; 2 wrong usage.",
};

static const struct upkeep_verb restore_verb = {
        .of = UPKEEP_BACKEND,
        .usage = "backend restore FILE [options]",
        .operand = "FILE",
        .help = "Copies the backup in FILE to the backend's data directory, which must hold no backend.db: "
                "it "
                "never\n"
                "overwrites. The copy is checked before it takes its name. What was withdrawn since the "
                "backup "
                "is there\n"
                "again, and what was granted since is not; what was revoked at the node stays revoked "
                "there.\n"
                "Exit codes: 0 done; 1 nothing was restored; 2 wrong usage.",
};

static void put_count(struct upkeep_call *call, const char *name, uint64_t count)
{
    json_key(&call->writer, name);
    json_int(&call->writer, (int64_t)count);
}

static void findings_begin(struct upkeep_call *call)
{
    json_object_begin(&call->writer);
    json_key(&call->writer, "findings");
    json_array_begin(&call->writer);
}

/* ---- doctor ---- */

static int tell_json(struct upkeep_call *call, const struct backend_doctor_result *result)
{
    json_array_end(&call->writer);
    cli_member_bool(&call->writer, "ok", result->findings == 0);
    put_count(call, "grants", result->grants);
    put_count(call, "expired", result->expired);
    put_count(call, "stale", result->stale);
    json_object_end(&call->writer);
    return cli_json_end(call->cli, &call->json, result->findings == 0 ? CLI_YES : CLI_NO);
}

static int tell(struct upkeep_call *call, const struct backend_doctor_result *result)
{
    if (call->cli->json)
        return tell_json(call, result);
    printf("%llu grants, %llu of them over, %llu given for another policy\n",
            (unsigned long long)result->grants, (unsigned long long)result->expired,
            (unsigned long long)result->stale);
    if (result->findings == 0)
        printf("nothing wrong\n");
    else
        printf("%llu things wrong\n", (unsigned long long)result->findings);
    return result->findings == 0 ? CLI_YES : CLI_NO;
}

static int doctor(struct upkeep_call *call)
{
    const struct backend_place *place = &call->backend;
    const struct doctor_rules rules = {&place->setup.backend.policy, &place->setup.backend.intake, cli_now()};
    struct backend_doctor_result result;
    struct audit_sink sink = upkeep_call_sink(call);
    findings_begin(call);
    enum deputy_error error = backend_doctor(&result, place->database, place->key, &rules, &sink);
    if (error == DEPUTY_OK)
        return tell(call, &result);
    cli_fail(call->cli, place->database, error);
    return CLI_UNUSABLE;
}

int cmd_backend_doctor(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &doctor_verb, doctor);
}

/* ---- copies ---- */

static int tell_copy(struct upkeep_call *call, const struct backend_doctor_result *result, const char *target)
{
    if (!call->cli->json) {
        cli_put_safe(stdout, deputy_slice_text(target));
        printf(": %llu grants, checked, nothing wrong\n", (unsigned long long)result->grants);
        return CLI_YES;
    }
    json_array_end(&call->writer);
    json_key(&call->writer, "file");
    cli_json_text(call->cli, &call->writer, deputy_slice_text(target));
    put_count(call, "grants", result->grants);
    json_object_end(&call->writer);
    return cli_json_end(call->cli, &call->json, CLI_YES);
}

static int copy(struct upkeep_call *call, const char *source, const char *target)
{
    struct backend_doctor_result result;
    struct audit_sink sink = upkeep_call_sink(call);
    findings_begin(call);
    enum deputy_error error = backend_copy(&result, source, target, call->backend.key, &sink);
    if (error == DEPUTY_OK)
        return tell_copy(call, &result, target);
    cli_fail(call->cli, target, error);
    return CLI_NO;
}

static int backup(struct upkeep_call *call)
{
    return copy(call, call->backend.database, call->operand);
}

int cmd_backend_backup(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &backup_verb, backup);
}

static int restore(struct upkeep_call *call)
{
    return copy(call, call->operand, call->backend.database);
}

int cmd_backend_restore(struct cli *cli, int argc, char **argv)
{
    return upkeep_call_run(cli, argc, argv, &restore_verb, restore);
}
