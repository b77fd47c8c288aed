#include "cli/upkeep_verb.h"
#include "base/arena.h"
#include "cli/options.h"
#include <deputy/cid.h>

extern char **environ;

/* --- arguments --- */

static const char *const daemons[] = {[UPKEEP_NODE] = "node", [UPKEEP_BACKEND] = "backend"};

static void print_help(const struct upkeep_verb *verb)
{
    printf("usage: deputy %s\n\n%s\n\noptions:\n", verb->usage, verb->help);
    if (verb->takes_grace)
        printf("  --grace SECONDS            leave alone what changed since then (default a day)\n");
    const char *daemon = daemons[verb->of];
    printf("  --json                     the result as JSON\n"
           "  --data DIR, --config FILE and the %s's other settings, as for 'deputy %s'\n",
            daemon, daemon);
}

static bool is_named(const char *argument, const char *name)
{
    return strcmp(argument, name) == 0;
}

/* What is not the verb's own is one of the daemon's settings. */
static bool take_arguments(
        struct upkeep_call *call, char **settings, int argc, char **argv, const struct upkeep_verb *verb)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        if (is_named(argv[i], "--json")) {
            call->cli->json = true;
        } else if (verb->takes_grace && is_named(argv[i], "--grace")) {
            i++;
            if (i == argc || !option_number(&call->grace_s, "grace", argv[i], 0, INT32_MAX))
                return false;
        } else if (i == 1 && verb->operand != NULL && argv[i][0] != '-') {
            call->operand = argv[i];
        } else {
            settings[count++] = argv[i];
        }
    }
    return true;
}

static enum deputy_error read_place(
        struct upkeep_call *call, struct deputy_refusal *refusal, char *const *settings)
{
    struct deputy_arena *arena = call->cli->arena;
    return call->of == UPKEEP_NODE ? node_place_read(arena, &call->node, refusal, environ, settings)
                                   : backend_place_read(arena, &call->backend, refusal, environ, settings);
}

static bool read_settings(struct upkeep_call *call, int argc, char **argv, const struct upkeep_verb *verb)
{
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    char **settings = arena_alloc_array(call->cli->arena, (size_t)argc + 1, sizeof *settings);
    if (settings == NULL || !take_arguments(call, settings, argc, argv, verb))
        return false;
    if (verb->operand != NULL && call->operand == NULL) {
        cli_complain("usage: deputy %s", verb->usage);
        return false;
    }
    enum deputy_error error = read_place(call, &refusal, settings);
    if (error == DEPUTY_OK)
        return true;
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    cli_refuse(call->cli, NULL, &refusal);
    return false;
}

static void call_end(struct upkeep_call *call)
{
    if (call->of == UPKEEP_NODE)
        node_place_end(&call->node);
    else
        backend_place_end(&call->backend);
}

int upkeep_call_run(struct cli *cli, int argc, char **argv, const struct upkeep_verb *verb,
        int (*work)(struct upkeep_call *call))
{
    struct upkeep_call call = {.cli = cli, .of = verb->of, .grace_s = NODE_GRACE_S};
    int code = CLI_UNUSABLE;
    if (argc == 2 && is_named(argv[1], "--help")) {
        print_help(verb);
        return CLI_YES;
    }
    if (read_settings(&call, argc, argv, verb)) {
        call.json = buf_make(cli->arena, OUTPUT_JSON_MAX);
        call.writer = json_writer_make(&call.json);
        code = work(&call);
    }
    call_end(&call);
    return code;
}

/* --- findings --- */

/* A digest as the CID that clients know. */
static struct deputy_slice subject_text(struct upkeep_call *call, const struct audit_finding *finding)
{
    struct deputy_cid cid;
    struct deputy_slice text;
    if (finding->kind != AUDIT_ID || finding->subject.len != sizeof cid.digest)
        return finding->subject;
    memcpy(cid.digest, finding->subject.ptr, sizeof cid.digest);
    return deputy_cid_format(call->cli->arena, &text, &cid, DEPUTY_CID_BASE32) == DEPUTY_OK
                   ? text
                   : finding->subject;
}

static void tell_finding(void *ctx, const struct audit_finding *finding)
{
    struct upkeep_call *call = ctx;
    struct deputy_slice subject = subject_text(call, finding);
    if (!call->cli->json) {
        printf("%s: ", finding->check);
        cli_put_safe(stdout, subject);
        printf(": ");
        cli_put_safe(stdout, deputy_slice_text(finding->problem));
        printf("\n");
        return;
    }
    json_object_begin(&call->writer);
    cli_member_text(&call->writer, "check", deputy_slice_text(finding->check));
    json_key(&call->writer, "subject");
    cli_json_text(call->cli, &call->writer, subject);
    cli_member_text(&call->writer, "problem", deputy_slice_text(finding->problem));
    json_object_end(&call->writer);
}

static void tell_progress(void *ctx, const char *check, uint64_t rows, bool ended)
{
    const struct upkeep_call *call = ctx;
    cli_note(call->cli, "%s: %llu%s", check, (unsigned long long)rows, ended ? " checked" : " ...");
}

struct audit_sink upkeep_call_sink(struct upkeep_call *call)
{
    return (struct audit_sink){tell_finding, tell_progress, call};
}
