/* deputy attest quote: evidence of the guest that this runs in. */
#include "base/json_write.h"
#include "cli/attest_binding.h"
#include "cli/attest_verb.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/output.h"
#include "evidence/source.h"

extern char **environ;

enum { ANSWER_MAX = 32 * 1024 * 1024 };

struct quote {
    const char *endpoint;
    const char *output;
    struct binding_options binding;
};

static void put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    json_hex(json, bytes);
}

static void put_kernel(struct json_writer *json, const struct kernel_evidence *evidence)
{
    if (deputy_slice_present(evidence->quote))
        put_hex(json, "quote", evidence->quote);
    if (deputy_slice_present(evidence->report))
        put_hex(json, "report", evidence->report);
    if (deputy_slice_present(evidence->certificates))
        put_hex(json, "certificates", evidence->certificates);
}

static void put_agent(struct json_writer *json, const struct agent_quote *quote)
{
    put_hex(json, "quote", quote->quote);
    cli_member_text(json, "event_log", quote->event_log);
    cli_member_text(json, "vm_config", quote->vm_config);
    if (deputy_slice_present(quote->attestation))
        put_hex(json, "attestation", quote->attestation);
}

static int report(struct cli *cli, const struct source_evidence *evidence, const struct binding *binding,
        const char *output)
{
    struct buf out = buf_make(cli->arena, ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    struct deputy_slice text;
    json_object_begin(&json);
    if (evidence->from_agent)
        put_agent(&json, &evidence->agent);
    else
        put_kernel(&json, &evidence->kernel);
    put_hex(&json, "report_data", deputy_slice_bytes(binding->report_data, sizeof binding->report_data));
    if (deputy_slice_present(binding->statement))
        cli_member_text(&json, "statement", binding->statement);
    json_object_end(&json);
    if (output == NULL)
        return cli_json_end(cli, &out, CLI_YES);
    enum deputy_error error = buf_finish(&out, &text);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the evidence", error);
    return io_write(output, text) ? CLI_YES : CLI_UNUSABLE;
}

/* Said aloud, whatever else is silenced: who names an agent may have been made to. */
static void warn(const struct source *source)
{
    if (source->agent.named)
        cli_complain("the guest agent at %s was named, not found: if it is a simulator, its evidence proves "
                     "nothing",
                source->agent.socket != NULL ? source->agent.socket : source->agent.url);
}

/* A guest without evidence is a no; an agent that cannot be reached leaves it open. */
static int failed(
        struct cli *cli, const struct source *source, struct deputy_refusal *refusal, enum deputy_error error)
{
    const struct agent_place *agent = &source->agent;
    bool told = error == DEPUTY_E_AGENT_CALL || error == DEPUTY_E_SOURCE_FAILED;
    bool of_guest = told || error == DEPUTY_E_SOURCE_NONE || error == DEPUTY_E_SOURCE_BINDING;
    const char *about = agent->socket != NULL ? agent->socket : agent->url;
    if (!told)
        *refusal = (struct deputy_refusal){.code = error};
    cli_refuse(cli, of_guest ? NULL : about, refusal);
    return of_guest ? CLI_NO : CLI_UNUSABLE;
}

static int ask(struct cli *cli, const struct quote *options)
{
    const struct source source = source_here(options->endpoint, environ);
    struct source_evidence evidence;
    struct deputy_refusal refusal;
    struct binding binding;
    int code = binding_read(cli, &binding, &options->binding);
    if (code != CLI_YES)
        return code;
    warn(&source);
    enum deputy_error error = source_ask(cli->arena, &evidence, &refusal, &source, binding.report_data);
    if (error != DEPUTY_OK)
        return failed(cli, &source, &refusal, error);
    return report(cli, &evidence, &binding, options->output);
}

#define TEXT_OPTION(title, what, target, about)                                                              \
    {                                                                                                        \
        .name = (title), .value = (what), .help = (about), .text = &(target)                                 \
    }

int cmd_attest_quote(struct cli *cli, int argc, char **argv)
{
    struct quote options = {.endpoint = NULL};
    struct binding_options *binding = &options.binding;
    struct option_list arguments;
    const struct option rows[] = {
            TEXT_OPTION("did", "DID", binding->did, "bind it to a new statement of this identity"),
            TEXT_OPTION("nonce", "HEX", binding->nonce, "with the nonce of the one who asks"),
            TEXT_OPTION("aud", "TEXT", binding->aud, "for the one who asks: an origin or DID"),
            TEXT_OPTION("key", "DID", binding->key, "and for this session key"),
            TEXT_OPTION("statement", "FILE", binding->statement,
                    "bind it to this statement; - reads it from a pipe"),
            TEXT_OPTION("report-data", "HEX", binding->report_data, "bind it to these 64 bytes as they are"),
            TEXT_OPTION("endpoint", "PLACE", options.endpoint,
                    "the guest agent: a socket or a URL (default: where dstack has it)"),
            TEXT_OPTION("output", "FILE", options.output, "write it there"),
            {.name = "json", .help = "as JSON, which it always is", .flag = &cli->json},
    };
    const struct option_table table = {"attest quote [options]",
            "Gets evidence of the guest that this runs in, from dstack's guest agent or the kernel, as JSON.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 0)
        return cli_complain("attest quote takes no arguments"), CLI_UNUSABLE;
    return ask(cli, &options);
}
