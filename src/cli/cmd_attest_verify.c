/* deputy attest verify: a verdict on evidence of trusted hardware. */
#include "cli/attest.h"
#include "cli/attest_verb.h"
#include "cli/options.h"
#include "cli/output.h"

static int verify(struct cli *cli, const struct attest_options *options)
{
    struct deputy_attest_evidence evidence;
    struct deputy_attest_question question;
    struct deputy_attest_policy policy;
    struct deputy_attest_verdict verdict;
    struct deputy_slice json;
    const struct attest_files *files = &options->files;
    int shown = (files->attestation != NULL) + (files->quote != NULL) + (files->report != NULL);
    if (shown != 1)
        return cli_complain("attest verify takes --attestation, --quote or --report"), CLI_UNUSABLE;
    if (!attest_read(cli, &evidence, &question, &policy, options))
        return CLI_UNUSABLE;
    enum deputy_error error = deputy_attest_verify(cli->arena, &verdict, &evidence, &question);
    if (error == DEPUTY_OK && cli->json)
        error = deputy_attest_verdict_json(cli->arena, &json, &verdict);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the verdict", error), CLI_UNUSABLE;
    if (files->crl != NULL && verdict.platform != DEPUTY_ATTEST_SEV_SNP)
        return cli_complain("--crl is AMD's: the lists of a quote are in its collateral"), CLI_UNUSABLE;
    if (cli->json)
        cli_put_json(json);
    else
        attest_tell(cli, &verdict);
    return verdict.ok ? CLI_YES : CLI_NO;
}

#define FILE_OPTION(title, target, about)                                                                    \
    {                                                                                                        \
        .name = (title), .value = "FILE", .help = (about), .text = &(target)                                 \
    }

int cmd_attest_verify(struct cli *cli, int argc, char **argv)
{
    struct attest_options options = {.time = NULL};
    struct attest_files *files = &options.files;
    struct option_list arguments;
    const struct option rows[] = {
            FILE_OPTION("attestation", files->attestation,
                    "a versioned attestation of dstack: quote or report with all that came along"),
            FILE_OPTION("quote", files->quote,
                    "a quote of TDX or SGX: raw, in hexadecimal digits, or as 'deputy attest quote' prints "
                    "it"),
            FILE_OPTION("collateral", files->collateral, "what the maker publishes of the platform, as JSON"),
            FILE_OPTION("event-log", files->event_log, "the event log of a dstack guest, as JSON"),
            FILE_OPTION("vm-config", files->vm_config, "the vm_config of a dstack guest, as JSON"),
            FILE_OPTION("report", files->report, "a report of SEV-SNP, raw or in hexadecimal digits"),
            FILE_OPTION(
                    "vcek", files->vcek, "certificate of the key that signed it (VCEK or VLEK), DER or PEM"),
            FILE_OPTION("ask", files->ask, "certificate that signed that one (ASK or ASVK), DER or PEM"),
            FILE_OPTION("crl", files->crl, "AMD's list of revoked authorities, DER"),
            FILE_OPTION("mr-config", files->mr_config, "the mr_config document of a dstack guest"),
            FILE_OPTION("root", files->root,
                    "a root in place of the maker's, for simulators and tests, DER or PEM"),
            FILE_OPTION(
                    "policy", files->policy, "what is accepted; without one, only the hardware is judged"),
            FILE_OPTION("statement", files->statement, "the exact statement that the evidence is bound to"),
            {.name = "nonce", .value = "HEX", .help = "the nonce that was asked for", .text = &options.nonce},
            {.name = "report-data",
                    .value = "HEX",
                    .help = "the 64 bytes that it must be bound to",
                    .text = &options.report_data},
            {.name = "time",
                    .value = "TIME",
                    .help = "judge as of that time: Unix seconds, or 2026-01-31T12:00:00Z",
                    .text = &options.time},
            {.name = "json", .help = "the verdict as JSON", .flag = &cli->json},
    };
    const struct option_table table = {
            "attest verify --quote FILE --collateral FILE | --report FILE --vcek FILE --ask FILE [options]",
            "Verifies evidence of trusted hardware, question by question.\n"
            "Exit code 0 when it is accepted, 1 when it is refused, 2 when the input is not usable.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 0)
        return cli_complain("attest verify takes no arguments but options"), CLI_UNUSABLE;
    return verify(cli, &options);
}
