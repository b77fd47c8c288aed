/* deputy attest quote: evidence of the guest that this runs in, as its guest agent gives it. */
#include "agent/client.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "cli/attest_verb.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/output.h"

extern char **environ;

/* What a statement of a backend is bound under (spec/08 section 2.2). */
#define STATEMENT_TAG "tinycloud-tee-backend/v1"

enum { ANSWER_MAX = 32 * 1024 * 1024, STATEMENT_MAX = 4096 };

struct quote {
    const char *endpoint;
    const char *report_data;
    const char *statement; /* file */
};

/* What the evidence is to be bound to: 64 bytes as they are, or the digest of a statement. */
static int read_binding(struct cli *cli, uint8_t out[REPORT_DATA_BYTES], const struct quote *options)
{
    struct deputy_slice statement;
    if ((options->report_data == NULL) == (options->statement == NULL)) {
        cli_complain("attest quote takes either --report-data or --statement");
        return CLI_UNUSABLE;
    }
    if (options->report_data != NULL) {
        if (hex_read_fixed(out, REPORT_DATA_BYTES, deputy_slice_text(options->report_data)) == DEPUTY_OK)
            return CLI_YES;
        cli_complain(
                "--report-data takes 128 hexadecimal digits: what is shorter could be mistaken for another");
        return CLI_UNUSABLE;
    }
    if (!io_read(cli, &statement, options->statement))
        return CLI_UNUSABLE;
    if (statement.len > STATEMENT_MAX) {
        cli_complain("a statement has at most %d bytes", (int)STATEMENT_MAX);
        return CLI_UNUSABLE;
    }
    report_data_tagged(out, deputy_slice_text(STATEMENT_TAG), statement);
    return CLI_YES;
}

static void put_hex(struct cli *cli, struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    struct buf out = buf_make(cli->arena, ANSWER_MAX);
    struct deputy_slice text;
    hex_put(&out, bytes);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        cli_member_text(json, name, text);
    else
        buf_fail(json->out, DEPUTY_E_NOMEM);
}

static int report(
        struct cli *cli, const struct agent_quote *quote, const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct buf out = buf_make(cli->arena, ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    put_hex(cli, &json, "quote", quote->quote);
    cli_member_text(&json, "event_log", quote->event_log);
    put_hex(cli, &json, "report_data", deputy_slice_bytes(report_data, REPORT_DATA_BYTES));
    cli_member_text(&json, "vm_config", quote->vm_config);
    if (deputy_slice_present(quote->attestation))
        put_hex(cli, &json, "attestation", quote->attestation);
    json_object_end(&json);
    return cli_json_end(cli, &out, CLI_YES);
}

static int ask(struct cli *cli, const struct quote *options)
{
    uint8_t report_data[REPORT_DATA_BYTES];
    struct agent_place place = agent_find(options->endpoint, environ);
    struct agent_quote quote;
    struct deputy_refusal refusal;
    int code = read_binding(cli, report_data, options);
    if (code != CLI_YES)
        return code;
    enum deputy_error error = agent_get_quote(cli->arena, &quote, &refusal, &place, report_data);
    if (error == DEPUTY_E_AGENT_CALL)
        return cli_refuse(cli, NULL, &refusal), CLI_NO;
    if (error != DEPUTY_OK)
        return cli_fail(cli, place.socket != NULL ? place.socket : place.url, error), CLI_UNUSABLE;
    return report(cli, &quote, report_data);
}

int cmd_attest_quote(struct cli *cli, int argc, char **argv)
{
    struct quote options = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "report-data",
                    .value = "HEX",
                    .help = "the 64 bytes that the evidence is to be bound to",
                    .text = &options.report_data},
            {.name = "statement",
                    .value = "FILE",
                    .help = "a backend's statement, to whose digest it is to be bound; - reads it from a "
                            "pipe",
                    .text = &options.statement},
            {.name = "endpoint",
                    .value = "PLACE",
                    .help = "the guest agent: a socket or a URL (default: where dstack has it)",
                    .text = &options.endpoint},
    };
    const struct option_table table = {"attest quote [options]",
            "Asks the guest agent of dstack for evidence, and prints it as JSON.", rows,
            sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 0) {
        cli_complain("attest quote takes no arguments");
        return CLI_UNUSABLE;
    }
    return ask(cli, &options);
}
