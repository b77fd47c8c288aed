#include "cli/attest_binding.h"
#include "attest/statement.h"
#include "base/codec.h"
#include "cli/io.h"

static struct deputy_slice text_of(const char *option)
{
    return option != NULL ? deputy_slice_text(option) : (struct deputy_slice){0};
}

static int read_bytes(struct binding *out, const char *digits)
{
    if (hex_read_fixed(out->report_data, sizeof out->report_data, deputy_slice_text(digits)) == DEPUTY_OK)
        return CLI_YES;
    cli_complain("--report-data takes 128 hexadecimal digits: what is shorter could be mistaken for another");
    return CLI_UNUSABLE;
}

static int read_statement(struct cli *cli, struct binding *out, const char *path)
{
    if (!io_read(cli, &out->statement, path))
        return CLI_UNUSABLE;
    if (out->statement.len > DEPUTY_ATTEST_STATEMENT_MAX)
        return cli_complain("a statement has at most %d bytes", (int)DEPUTY_ATTEST_STATEMENT_MAX),
               CLI_UNUSABLE;
    deputy_attest_report_data(out->report_data, out->statement);
    return CLI_YES;
}

static int make_statement(struct cli *cli, struct binding *out, const struct binding_options *options)
{
    int64_t now = cli_now().sec;
    const struct deputy_attest_binding parts = {.did = text_of(options->did),
            .key = text_of(options->key),
            .aud = text_of(options->aud),
            .nonce = text_of(options->nonce),
            .iat = now,
            .exp = now + STATEMENT_LIFETIME_S};
    enum deputy_error error = statement_write(cli->arena, &out->statement, &parts);
    if (error == DEPUTY_E_ARGUMENT)
        return cli_complain("a statement takes --did, no empty text, and as --nonce 32 to 128 lower-case "
                            "hexadecimal digits"),
               CLI_UNUSABLE;
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the statement", error);
    deputy_attest_report_data(out->report_data, out->statement);
    return CLI_YES;
}

int binding_read(struct cli *cli, struct binding *out, const struct binding_options *options)
{
    bool parts =
            options->did != NULL || options->key != NULL || options->aud != NULL || options->nonce != NULL;
    *out = (struct binding){.statement = {0}};
    if ((options->report_data != NULL) + (options->statement != NULL) + parts != 1)
        return cli_complain("attest quote takes one of --did (with --nonce, --aud, --key), --statement and "
                            "--report-data: evidence that is bound to nothing proves nothing"),
               CLI_UNUSABLE;
    if (options->report_data != NULL)
        return read_bytes(out, options->report_data);
    if (options->statement != NULL)
        return read_statement(cli, out, options->statement);
    return make_statement(cli, out, options);
}
