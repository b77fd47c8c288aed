/* deputy attest show: what evidence says, of which nothing is verified. */
#include "attest/pck.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "base/codec.h"
#include "cli/attest.h"
#include "cli/attest_verb.h"
#include "cli/options.h"
#include "cli/output.h"

/* One result, told as JSON or in lines as it grows. */
struct show {
    struct cli *cli;
    struct json_writer *json;
};

static void show_text(struct show *show, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    if (show->cli->json) {
        json_key(show->json, name);
        cli_json_text(show->cli, show->json, text);
        return;
    }
    printf("  %-16s ", name);
    cli_put_safe(stdout, text);
    putchar('\n');
}

static void show_hex(struct show *show, const char *name, struct deputy_slice bytes)
{
    struct buf text = buf_make(show->cli->arena, OUTPUT_JSON_MAX);
    if (!deputy_slice_present(bytes))
        return;
    hex_put(&text, bytes);
    show_text(show, name, cli_text(&text));
}

static void show_number(struct show *show, const char *name, uint64_t number)
{
    struct buf text = buf_make(show->cli->arena, OUTPUT_JSON_MAX);
    if (show->cli->json) {
        json_key(show->json, name);
        json_int(show->json, (int64_t)number);
        return;
    }
    buf_put_decimal(&text, number);
    show_text(show, name, cli_text(&text));
}

static void show_begin(struct show *show, const char *platform)
{
    if (!show->cli->json)
        printf("%s; nothing of it is verified here\n", platform);
    show_text(show, "platform", deputy_slice_text(platform));
}

/* By the names that verdicts give them. */
static void show_measured(struct show *show, const struct deputy_slice *measured)
{
    for (size_t i = 0; i < DEPUTY_ATTEST_MEASUREMENT_COUNT; i++)
        show_hex(show, deputy_attest_measurement_name((enum deputy_attest_measurement)i), measured[i]);
}

/* ---- quotes ---- */

/* Which platform the certificates name, and so which collateral is to be fetched. */
static void show_platform(struct show *show, const struct tdx_quote *quote)
{
    enum { CERTIFICATES_MAX = 4 };
    struct deputy_slice certificates[CERTIFICATES_MAX];
    size_t count;
    const struct x509 *leaf;
    struct pck pck;
    show_number(show, "certification", quote->certification);
    if (quote->certification != CERTIFICATION_CHAIN ||
            pem_certificates(show->cli->arena, certificates, &count, CERTIFICATES_MAX,
                    quote->certification_data) != DEPUTY_OK ||
            x509_parse(show->cli->arena, &leaf, certificates[0]) != DEPUTY_OK ||
            pck_read(&pck, leaf) != DEPUTY_OK)
        return;
    show_hex(show, "fmspc", deputy_slice_bytes(pck.fmspc, sizeof pck.fmspc));
    show_hex(show, "pce_id", deputy_slice_bytes(pck.pce_id, sizeof pck.pce_id));
    show_number(show, "pce_svn", pck.pce_svn);
    show_hex(show, "components", deputy_slice_bytes(pck.components, sizeof pck.components));
}

static void show_quote(struct show *show, const struct tdx_quote *quote)
{
    struct deputy_slice measured[DEPUTY_ATTEST_MEASUREMENT_COUNT] = {0};
    show_begin(show, deputy_attest_platform_name(quote->platform));
    show_number(show, "version", quote->version);
    if (quote->platform == DEPUTY_ATTEST_SGX)
        show_hex(show, "attributes", quote->enclave.attributes);
    tdx_quote_measured(measured, quote);
    show_measured(show, measured);
    show_platform(show, quote);
}

/* ---- reports ---- */

static void show_report(struct show *show, const struct snp_report *report)
{
    struct deputy_slice measured[DEPUTY_ATTEST_MEASUREMENT_COUNT] = {0};
    const char *product = deputy_attest_product_name(report->product);
    show_begin(show, deputy_attest_platform_name(DEPUTY_ATTEST_SEV_SNP));
    show_number(show, "version", report->version);
    if (product != NULL)
        show_text(show, "product", deputy_slice_text(product));
    show_text(show, "signed_by", deputy_slice_text(report->signer == SNP_SIGNED_BY_VCEK ? "VCEK" : "VLEK"));
    show_number(show, "guest_svn", report->guest_svn);
    show_number(show, "vmpl", report->vmpl);
    show_number(show, "policy", report->policy);
    show_number(show, "platform_info", report->platform_info);
    show_hex(show, "reported_tcb", deputy_slice_bytes(report->reported_tcb, SNP_TCB_BYTES));
    show_hex(show, "current_tcb", deputy_slice_bytes(report->current_tcb, SNP_TCB_BYTES));
    snp_report_measured(measured, report);
    show_measured(show, measured);
}

/* A report has one length, which no quote of today has. */
static bool show_any(struct show *show, struct deputy_slice evidence)
{
    struct tdx_quote quote;
    struct snp_report report;
    if (evidence.len == SNP_REPORT_BYTES && snp_report_parse(&report, evidence) == DEPUTY_OK)
        show_report(show, &report);
    else if (tdx_quote_parse(&quote, evidence) == DEPUTY_ATTEST_OK)
        show_quote(show, &quote);
    else
        return false;
    return true;
}

static int print(struct cli *cli, struct deputy_slice evidence)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    struct show show = {cli, &json};
    json_object_begin(&json);
    if (!show_any(&show, evidence))
        return cli_complain("neither a quote of TDX or SGX nor a report of SEV-SNP that is known here"),
               CLI_UNUSABLE;
    json_object_end(&json);
    return cli->json ? cli_json_end(cli, &text, CLI_YES) : CLI_YES;
}

int cmd_attest_show(struct cli *cli, int argc, char **argv)
{
    struct deputy_slice evidence;
    struct option_list arguments;
    const struct option rows[] = {{.name = "json", .help = "print JSON", .flag = &cli->json}};
    const struct option_table table = {"attest show FILE [options]",
            "Prints what a quote or report says, raw or in hexadecimal digits. Nothing of it is verified.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count != 1)
        return cli_complain("attest show takes one file"), CLI_UNUSABLE;
    return attest_read_evidence(cli, &evidence, arguments.items[0]) ? print(cli, evidence) : CLI_UNUSABLE;
}
