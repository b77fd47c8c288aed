/* deputy invoke: one request to the data node, for any ability. */
#include "base/codec.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/io.h"
#include "cli/output.h"
#include <deputy/resource.h>

struct invoke {
    struct actor_options who;
    const char *ability;
    const char *resource;
    const char *path;
    const char *body;
    struct option_list headers;
    const char *ttl;
    bool print;
    struct invocation invocation;
};

/* ---- what is asked ---- */

/* The service of an ability such as tinycloud.kv/get: kv. */
static bool service_of(struct deputy_slice *out, struct deputy_slice ability)
{
    static const char prefix[] = "tinycloud.";
    const uint8_t *slash = ability.len > 0 ? memchr(ability.ptr, '/', ability.len) : NULL;
    size_t skip = sizeof prefix - 1;
    if (slash == NULL || (size_t)(slash - ability.ptr) <= skip || memcmp(ability.ptr, prefix, skip) != 0)
        return false;
    *out = deputy_slice_bytes(ability.ptr + skip, (size_t)(slash - ability.ptr) - skip);
    return true;
}

static int read_resource(struct cli *cli, struct deputy_action *action, const char *text)
{
    struct deputy_resource resource;
    enum deputy_error error = deputy_resource_parse(&resource, deputy_slice_text(text));
    if (error == DEPUTY_OK && resource.kind == DEPUTY_RESOURCE_NETWORK) {
        action->service = deputy_slice_text("encryption");
        action->path = resource.written;
        return CLI_YES;
    }
    bool plain = resource.kind == DEPUTY_RESOURCE_SPACE && !deputy_slice_present(resource.query) &&
                 !deputy_slice_present(resource.fragment);
    if (error != DEPUTY_OK || !plain)
        return cli_complain("--resource takes tinycloud:<owner>:<space>/<service>/<path> in its one form"),
               CLI_UNUSABLE;
    action->service = resource.service;
    action->path = resource.path;
    error = deputy_space_format(cli->arena, &action->space, &resource.space);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "--resource", error);
}

static int read_action(struct cli *cli, struct invoke *invoke)
{
    struct deputy_action *action = &invoke->invocation.action;
    if (invoke->ability == NULL || (invoke->resource == NULL) == (invoke->path == NULL))
        return cli_complain("invoke needs --ability, and --resource or --path"), CLI_UNUSABLE;
    action->action = deputy_slice_text(invoke->ability);
    if (invoke->resource != NULL)
        return read_resource(cli, action, invoke->resource);
    action->path = deputy_slice_text(invoke->path);
    if (service_of(&action->service, action->action))
        return CLI_YES;
    return cli_complain("an ability is such as tinycloud.kv/get; for others give --resource"), CLI_UNUSABLE;
}

static int read_headers(struct invoke *invoke)
{
    struct invocation *invocation = &invoke->invocation;
    for (size_t i = 0; i < invoke->headers.count; i++) {
        const char *text = invoke->headers.items[i], *colon = strchr(text, ':');
        if (colon == NULL || colon == text)
            return cli_complain("--header takes NAME:VALUE"), CLI_UNUSABLE;
        struct deputy_slice name = deputy_slice_bytes(text, (size_t)(colon - text));
        if (!invocation_header(invocation, name, io_trim(deputy_slice_text(colon + 1))))
            return CLI_UNUSABLE;
    }
    return CLI_YES;
}

static int read_rest(struct cli *cli, struct invoke *invoke)
{
    long long ttl;
    if (!option_number(&ttl, "ttl", invoke->ttl != NULL ? invoke->ttl : "60", 30, 3600))
        return CLI_UNUSABLE;
    invoke->invocation.ttl = ttl;
    if (invoke->body != NULL && !io_read(cli, &invoke->invocation.body, invoke->body))
        return CLI_UNUSABLE;
    return read_headers(invoke);
}

/* ---- the answer ---- */

static void put_headers(struct cli *cli, struct json_writer *json, const struct http_response *response)
{
    json_key(json, "headers");
    json_array_begin(json);
    for (size_t i = 0; i < response->header_count; i++) {
        json_array_begin(json);
        cli_json_text(cli, json, response->headers[i].name);
        cli_json_text(cli, json, response->headers[i].value);
        json_array_end(json);
    }
    json_array_end(json);
}

static int report_json(struct cli *cli, const struct http_response *response, int code)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "status");
    json_int(&json, response->status);
    put_headers(cli, &json, response);
    invocation_put_body(cli, &json, response->body);
    json_object_end(&json);
    return cli_json_end(cli, &text, code);
}

static int report(struct cli *cli, const struct http_response *response)
{
    int code = remote_is_yes(response) ? CLI_YES : remote_refused(cli, "invoke", response);
    if (cli->json)
        return report_json(cli, response, code);
    cli_note(cli, "%d", response->status);
    if (code == CLI_YES)
        cli_put_value(response->body);
    return code;
}

/* ---- the command ---- */

static int run(struct cli *cli, struct invoke *invoke, struct actor *actor)
{
    struct http_response response;
    struct deputy_slice header;
    int code;
    if (invoke->print) {
        code = actor_invoke(cli, &header, actor, &invoke->invocation.action, invoke->invocation.ttl);
        if (code == CLI_YES && cli->json)
            return cli_json_one(cli, "authorization", header);
        if (code == CLI_YES)
            cli_put_line(header);
        return code;
    }
    code = invocation_send(cli, &response, actor, &invoke->invocation);
    return code == CLI_YES ? report(cli, &response) : code;
}

static int ask(struct cli *cli, struct invoke *invoke)
{
    struct actor actor;
    int code = read_action(cli, invoke);
    if (code == CLI_YES)
        code = read_rest(cli, invoke);
    if (code != CLI_YES)
        return code;
    code = actor_open(cli, &actor, &invoke->who);
    if (code == CLI_YES)
        code = run(cli, invoke, &actor);
    actor_close(&actor);
    return code;
}

int cmd_invoke(struct cli *cli, int argc, char **argv)
{
    struct invoke invoke = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "ability",
                    .value = "ABILITY",
                    .help = "what to do, such as tinycloud.kv/get",
                    .text = &invoke.ability},
            {.name = "resource",
                    .value = "URI",
                    .help = "on what: tinycloud:<owner>:<space>/<service>/<path>",
                    .text = &invoke.resource},
            {.name = "path",
                    .value = "PATH",
                    .help = "or a path in the space, of the ability's service",
                    .text = &invoke.path},
            {.name = "body", .value = "FILE", .help = "what to send along", .text = &invoke.body},
            {.name = "header",
                    .value = "N:V",
                    .help = "a header to send along; may be repeated",
                    .list = &invoke.headers},
            {.name = "ttl",
                    .value = "SECONDS",
                    .help = "how long it may take to arrive (60)",
                    .text = &invoke.ttl},
            {.name = "print", .help = "print the Authorization value, send nothing", .flag = &invoke.print},
            ACTOR_OPTIONS(invoke.who),
    };
    const struct option_table table = {"invoke --ability ABILITY --path PATH [options]",
            "Makes one request, signed by the session or by a key that holds a delegation, and prints what\n"
            "the data node answers. Exit code 1 when the node refuses.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count != 0)
        return cli_complain("invoke takes options only"), CLI_UNUSABLE;
    return ask(cli, &invoke);
}
