/* deputy attest policy: made of what evidence shows, and checked before anybody relies on it. */
#include "attest/policy_pin.h"
#include "cli/attest.h"
#include "cli/attest_verb.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/output.h"

enum { CHECK_JSON_MAX = 16 * 1024 };

struct policy {
    struct attest_options evidence;
    const char *output;
    bool allow_simulator;
};

/* ---- make ---- */

/* What a policy can pin, it may find at any value; what none can allow stays refused. */
static void tolerate(struct deputy_attest_policy *policy, bool simulator)
{
    policy->tdx.tcb_statuses = ~(UINT32_C(1) << DEPUTY_ATTEST_STATUS_REVOKED);
    policy->tdx.require_sept_ve_disable = false;
    policy->allow_simulator = simulator;
}

static int pin(struct cli *cli, const struct policy *options, const struct deputy_attest_verdict *verdict)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    enum deputy_error error = policy_pin(cli->arena, &json, verdict);
    if (error == DEPUTY_OK)
        error = deputy_attest_policy_parse(cli->arena, &policy, &refusal, json);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the policy", error);
    if (options->output == NULL)
        return cli_put_json(json), CLI_YES;
    return io_write(options->output, json) ? CLI_YES : CLI_UNUSABLE;
}

static int make(struct cli *cli, const struct policy *options)
{
    struct deputy_attest_evidence evidence;
    struct deputy_attest_question question;
    struct deputy_attest_policy policy;
    struct deputy_attest_verdict verdict;
    const struct attest_files *files = &options->evidence.files;
    if ((files->attestation != NULL) + (files->quote != NULL) + (files->report != NULL) != 1)
        return cli_complain("attest policy make takes --quote, --report or --attestation"), CLI_UNUSABLE;
    if (!attest_read(cli, &evidence, &question, &policy, &options->evidence))
        return CLI_UNUSABLE;
    tolerate(&policy, options->allow_simulator);
    enum deputy_error error = deputy_attest_verify(cli->arena, &verdict, &evidence, &question);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the evidence", error);
    if (verdict.ok)
        return pin(cli, options, &verdict);
    cli_complain("no policy is made of evidence that does not hold: %s (%s)",
            deputy_attest_code_text(verdict.error), deputy_attest_code_name(verdict.error));
    return CLI_NO;
}

/* ---- check ---- */

struct gap {
    bool open;
    const char *member;
    const char *meaning;
};

enum { GAPS = 9 };

static bool allows(uint32_t platforms, enum deputy_attest_platform platform)
{
    return platforms == 0 || (platforms >> platform & 1) != 0;
}

/* What a sound policy still leaves to chance. */
static void gaps_of(struct gap out[GAPS], const struct deputy_attest_policy *p)
{
    bool tdx = allows(p->platforms, DEPUTY_ATTEST_TDX), snp = allows(p->platforms, DEPUTY_ATTEST_SEV_SNP);
    bool refused = !p->tdx.os_unchecked && !p->tdx.images.present && !p->tdx.os_image_hashes.present;
    const struct gap gaps[GAPS] = {
            {tdx && refused, "tdx.images",
                    "no TDX guest passes: neither images nor os_image_hashes are named"},
            {tdx && p->tdx.os_unchecked, "tdx.os_unchecked", "any operating system passes"},
            {snp && !p->snp.measurements.present, "snp.measurements",
                    "any SEV-SNP guest passes, whatever it runs"},
            {snp && p->snp.min_tcb_products == 0, "snp.min_tcb",
                    "firmware of any age passes: AMD publishes no list"},
            {!p->app.compose_hashes.present, "app.compose_hashes", "any app passes"},
            {!p->app.key_providers.present, "app.key_providers", "keys may come from anybody"},
            {!p->require_nonce, "require_nonce", "evidence may be old, and shown again"},
            {p->allow_debug, "allow_debug", "the host may look into the guest"},
            {p->allow_simulator, "allow_simulator", "evidence without hardware passes"},
    };
    memcpy(out, gaps, sizeof gaps);
}

static int check_json(struct cli *cli, const struct gap gaps[GAPS])
{
    struct buf out = buf_make(cli->arena, CHECK_JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    cli_member_bool(&json, "sound", true);
    json_key(&json, "unchecked");
    json_object_begin(&json);
    for (size_t i = 0; i < GAPS; i++)
        if (gaps[i].open)
            cli_member_text(&json, gaps[i].member, deputy_slice_text(gaps[i].meaning));
    json_object_end(&json);
    json_object_end(&json);
    return cli_json_end(cli, &out, CLI_YES);
}

static int check(struct cli *cli, const char *path)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    struct gap gaps[GAPS];
    if (!io_read(cli, &json, path))
        return CLI_UNUSABLE;
    if (deputy_attest_policy_parse(cli->arena, &policy, &refusal, json) != DEPUTY_OK)
        return cli_refuse(cli, path, &refusal), CLI_NO;
    gaps_of(gaps, &policy);
    if (cli->json)
        return check_json(cli, gaps);
    printf("%s is a sound policy\n", path);
    for (size_t i = 0; i < GAPS; i++)
        if (gaps[i].open)
            printf("  %s: %s\n", gaps[i].member, gaps[i].meaning);
    return CLI_YES;
}

/* ---- the verbs ---- */

static int run(struct cli *cli, const struct policy *options, const struct option_list *arguments)
{
    if (arguments->count == 1 && strcmp(arguments->items[0], "make") == 0)
        return make(cli, options);
    if (arguments->count == 2 && strcmp(arguments->items[0], "check") == 0)
        return check(cli, arguments->items[1]);
    return cli_complain("attest policy takes make, or check FILE"), CLI_UNUSABLE;
}

#define FILE_OPTION(title, target, about)                                                                    \
    {                                                                                                        \
        .name = (title), .value = "FILE", .help = (about), .text = &(target)                                 \
    }

int cmd_attest_policy(struct cli *cli, int argc, char **argv)
{
    struct policy options = {.output = NULL};
    struct attest_files *files = &options.evidence.files;
    struct option_list arguments;
    const struct option rows[] = {
            FILE_OPTION("quote", files->quote,
                    "make it of this quote of TDX or SGX, or of what 'deputy attest quote' prints"),
            FILE_OPTION("attestation", files->attestation, "or of this versioned attestation of dstack"),
            FILE_OPTION("collateral", files->collateral, "what the maker publishes, as JSON"),
            FILE_OPTION("event-log", files->event_log, "the event log of a dstack guest: pins its app"),
            FILE_OPTION("vm-config", files->vm_config, "the vm_config of a dstack guest"),
            FILE_OPTION("report", files->report, "or of this report of SEV-SNP"),
            FILE_OPTION("vcek", files->vcek, "certificate of the key that signed it, DER or PEM"),
            FILE_OPTION("ask", files->ask, "certificate that signed that one, DER or PEM"),
            FILE_OPTION(
                    "mr-config", files->mr_config, "the mr_config document of a dstack guest: pins its app"),
            FILE_OPTION("root", files->root, "a root in place of the maker's, for tests"),
            {.name = "allow-simulator",
                    .help = "make one of a simulator's evidence too",
                    .flag = &options.allow_simulator},
            {.name = "time",
                    .value = "TIME",
                    .help = "judge the evidence as of that time",
                    .text = &options.evidence.time},
            FILE_OPTION("output", options.output, "write it there"),
            {.name = "json", .help = "check: the result as JSON", .flag = &cli->json},
    };
    const struct option_table table = {
            "attest policy make --quote FILE --collateral FILE [options] | check FILE",
            "Makes a policy that accepts what this evidence shows and nothing else, or checks that a policy "
            "is\n"
            "sound and says what it leaves to chance. Exit code 1 when evidence or policy do not hold.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    return result == OPTION_GO_ON ? run(cli, &options, &arguments) : options_exit(result);
}
