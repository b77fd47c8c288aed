/* deputy secret: secrets of a user, encrypted here and kept as values in the space `secrets`. */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/io.h"
#include "cli/output.h"
#include "cli/sealing.h"
#include "crypto/secret.h"
#include <deputy/secret.h>
#include <deputy/vault.h>

struct secret {
    struct actor_options who;
    const char *scope;
    const char *node_did;
    const char *output;
    const char *name;
    const char *file;
    struct deputy_slice path; /* of the value, or what the values of a list begin with */
};

static struct deputy_slice scope_of(const struct secret *secret)
{
    struct deputy_slice absent = {NULL, 0};
    return secret->scope != NULL ? deputy_slice_text(secret->scope) : absent;
}

static int request(struct cli *cli, struct http_response *response, const struct secret *secret,
        const struct actor *actor, const char *ability, struct deputy_slice body)
{
    const struct invocation invocation = {.action = {.service = deputy_slice_text("kv"),
                                                  .path = secret->path,
                                                  .action = deputy_slice_text(ability)},
            .body = body};
    int code = invocation_send(cli, response, actor, &invocation);
    if (code != CLI_YES)
        return code;
    return remote_is_yes(response) ? CLI_YES : remote_refused(cli, "secret", response);
}

/* What put and rm answer. */
static int report_change(struct cli *cli, const struct secret *secret, const struct http_response *response)
{
    if (!cli->json) {
        cli_note(cli, "done");
        return CLI_YES;
    }
    struct deputy_slice etag = http_response_header(response, "etag");
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    cli_member_text(&json, "name", deputy_slice_text(secret->name));
    cli_member_text(&json, "path", secret->path);
    if (deputy_slice_present(etag))
        cli_member_text(&json, "etag", etag);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

/* ---- put ---- */

/* One line feed at the end is how a terminal or a file ends a line, and not a part of a secret. */
static struct deputy_slice without_line_end(struct deputy_slice value)
{
    if (value.len > 0 && value.ptr[value.len - 1] == '\n')
        value.len--;
    return value;
}

static enum deputy_error entry_make(struct cli *cli, struct deputy_slice *entry, const struct secret *secret,
        const struct actor *actor, const struct deputy_network_descriptor *network, struct deputy_slice value)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice plaintext = {NULL, 0};
    enum deputy_error error = deputy_secret_plaintext_build(cli->arena, &plaintext, value, cli_now());
    if (error != DEPUTY_OK)
        return error;
    cli_random(random, sizeof random);
    error = deputy_vault_seal(cli->arena, entry, network, actor->space, secret->path,
            deputy_slice_text("application/json"), plaintext, random);
    secret_wipe(random, sizeof random);
    sealing_wipe(plaintext);
    return error;
}

static int network_of_space(struct cli *cli, struct deputy_network_descriptor *network,
        const struct secret *secret, const struct actor *actor)
{
    struct deputy_slice id;
    enum deputy_error error = deputy_network_id_of_space(cli->arena, &id, actor->space);
    return error == DEPUTY_OK ? sealing_network(cli, network, id, secret->node_did)
                              : cli_fail(cli, "the space", error);
}

static int put(struct cli *cli, const struct secret *secret, const struct actor *actor)
{
    struct deputy_network_descriptor network;
    struct deputy_slice value, entry = {NULL, 0};
    struct http_response response;
    int code = network_of_space(cli, &network, secret, actor);
    if (code != CLI_YES)
        return code;
    if (!sealing_read_secret(cli, &value, secret->file))
        return CLI_UNUSABLE;
    enum deputy_error error = entry_make(cli, &entry, secret, actor, &network, without_line_end(value));
    sealing_wipe(value);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the secret", error);
    code = request(cli, &response, secret, actor, "tinycloud.kv/put", entry);
    return code == CLI_YES ? report_change(cli, secret, &response) : code;
}

/* ---- get ---- */

static int report_value(struct cli *cli, const struct secret *secret, struct deputy_slice value)
{
    if (secret->output != NULL && strcmp(secret->output, "-") != 0)
        return io_write_secret(secret->output, value) ? CLI_YES : CLI_UNUSABLE;
    if (!cli->json) {
        cli_put_value(value);
        return CLI_YES;
    }
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    cli_member_text(&json, "name", deputy_slice_text(secret->name));
    cli_member_text(&json, "value", value);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

static int open_entry(struct cli *cli, const struct secret *secret, const struct actor *actor,
        const struct deputy_vault_entry *entry)
{
    struct deputy_slice plaintext = {NULL, 0}, value;
    int code = sealing_open(cli, &plaintext, actor, &entry->envelope, secret->node_did);
    if (code != CLI_YES)
        return code;
    enum deputy_error error = deputy_secret_plaintext_parse(cli->arena, &value, plaintext);
    if (error == DEPUTY_OK)
        code = report_value(cli, secret, value);
    else
        cli_fail(cli, secret->name, error);
    sealing_wipe(plaintext);
    return error == DEPUTY_OK ? code : CLI_NO;
}

static int get(struct cli *cli, const struct secret *secret, const struct actor *actor)
{
    struct deputy_vault_entry entry;
    struct http_response response;
    int code = request(cli, &response, secret, actor, "tinycloud.kv/get", (struct deputy_slice){NULL, 0});
    if (code != CLI_YES)
        return code;
    enum deputy_error error =
            deputy_vault_read(cli->arena, &entry, actor->space, secret->path, response.body);
    if (error != DEPUTY_OK)
        return cli_fail(cli, secret->name, error), CLI_NO;
    if (entry.elsewhere)
        cli_note(cli, "This envelope says that it was made for another place: somebody may have moved it.");
    return open_entry(cli, secret, actor, &entry);
}

/* ---- list, rm ---- */

static int report_names(struct cli *cli, const struct secret *secret, const struct json_value *keys)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "names");
    json_array_begin(&json);
    JSON_EACH (key, keys) {
        struct deputy_slice name = deputy_secret_name(key->text, secret->path);
        if (!deputy_slice_present(name))
            continue;
        json_text(&json, name);
        if (!cli->json)
            cli_put_line(name);
    }
    json_array_end(&json);
    json_object_end(&json);
    return cli->json ? cli_json_end(cli, &text, CLI_YES) : CLI_YES;
}

static int list(struct cli *cli, const struct secret *secret, const struct actor *actor)
{
    const struct json_value *keys;
    struct http_response response;
    int code = request(cli, &response, secret, actor, "tinycloud.kv/list", (struct deputy_slice){NULL, 0});
    if (code != CLI_YES)
        return code;
    if (json_parse(cli->arena, &keys, response.body) != DEPUTY_OK || !json_is(keys, JSON_ARRAY))
        return cli_complain("the node's answer is no list"), CLI_NO;
    return report_names(cli, secret, keys);
}

static int rm(struct cli *cli, const struct secret *secret, const struct actor *actor)
{
    struct http_response response;
    int code = request(cli, &response, secret, actor, "tinycloud.kv/del", (struct deputy_slice){NULL, 0});
    return code == CLI_YES ? report_change(cli, secret, &response) : code;
}

/* ---- the command ---- */

struct secret_verb {
    const char *name;
    size_t least, most; /* arguments behind the verb */
    int (*run)(struct cli *cli, const struct secret *secret, const struct actor *actor);
};

static const struct secret_verb *find_verb(const struct option_list *arguments)
{
    static const struct secret_verb verbs[] = {
            {"put", 1, 2, put}, {"get", 1, 1, get}, {"list", 0, 0, list}, {"rm", 1, 1, rm}};
    for (size_t i = 0; arguments->count > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
        size_t count = arguments->count - 1;
        if (strcmp(verbs[i].name, arguments->items[0]) == 0 && count >= verbs[i].least &&
                count <= verbs[i].most)
            return &verbs[i];
    }
    return NULL;
}

static int run(struct cli *cli, struct secret *secret, const struct secret_verb *verb)
{
    struct actor actor;
    struct deputy_refusal refusal = {0};
    enum deputy_error error =
            secret->name == NULL ? deputy_secret_prefix(cli->arena, &secret->path, &refusal, scope_of(secret))
                                 : deputy_secret_path(cli->arena, &secret->path, &refusal,
                                           deputy_slice_text(secret->name), scope_of(secret));
    if (error != DEPUTY_OK)
        return cli_refuse(cli, "secret", &refusal);
    int code = actor_open(cli, &actor, &secret->who);
    if (code == CLI_YES)
        code = verb->run(cli, secret, &actor);
    actor_close(&actor);
    return code;
}

int cmd_secret(struct cli *cli, int argc, char **argv)
{
    struct secret secret = {.who = {.space = DEPUTY_SECRETS_SPACE}};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "scope",
                    .value = "NAME",
                    .help = "secrets of this scope, not the global ones",
                    .text = &secret.scope},
            SEALING_NODE_OPTION(secret.node_did),
            {.name = "output",
                    .value = "FILE",
                    .help = "get: where the value goes, readable by its owner alone; -o for short",
                    .text = &secret.output},
            ACTOR_OPTIONS(secret.who),
    };
    const struct option_table table = {"secret put NAME [FILE] | get NAME | list | rm NAME [options]",
            "Keeps secrets encrypted to the owner's network. put reads standard input without FILE, or asks "
            "on a\n"
            "terminal; a value is never an argument. Reading one needs the value and decrypt on the network.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    const struct secret_verb *verb = find_verb(&arguments);
    if (verb == NULL)
        return cli_complain("secret takes put NAME [FILE], get NAME, list or rm NAME"), CLI_UNUSABLE;
    if (secret.output != NULL && verb->run != get)
        return cli_complain("--output belongs to get"), CLI_UNUSABLE;
    secret.name = arguments.count > 1 ? arguments.items[1] : NULL;
    secret.file = arguments.count > 2 ? arguments.items[2] : NULL;
    return run(cli, &secret, verb);
}
