/* deputy kv: the values of a space. */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/io.h"
#include "cli/output.h"

struct kv {
    struct actor_options who;
    const char *content_type;
    const char *if_match;
    const char *output;
    bool create;
    const char *path;
    const char *file; /* of put */
    struct invocation invocation;
};

struct kv_verb {
    const char *name;
    const char *ability;
    size_t least, most; /* arguments behind the verb */
    int (*report)(struct cli *cli, const struct kv *kv, const struct http_response *response);
};

/* ---- answers ---- */

static void put_text(struct cli *cli, struct json_writer *json, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(json, name);
    cli_json_text(cli, json, text);
}

static void begin_json(
        struct cli *cli, struct json_writer *json, const struct kv *kv, const struct http_response *response)
{
    json_object_begin(json);
    put_text(cli, json, "path", deputy_slice_text(kv->path));
    put_text(cli, json, "etag", http_response_header(response, "etag"));
}

static int report_get(struct cli *cli, const struct kv *kv, const struct http_response *response)
{
    bool to_file = kv->output != NULL && strcmp(kv->output, "-") != 0;
    if (to_file && !io_write(kv->output, response->body))
        return CLI_UNUSABLE;
    if (!cli->json) {
        if (!to_file)
            cli_put_value(response->body);
        return CLI_YES;
    }
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    begin_json(cli, &json, kv, response);
    put_text(cli, &json, "contentType", http_response_header(response, "content-type"));
    json_key(&json, "size");
    json_int(&json, (int64_t)response->body.len);
    if (to_file)
        put_text(cli, &json, "file", deputy_slice_text(kv->output));
    else
        invocation_put_body(cli, &json, response->body);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

/* What put and rm answer: the value's ETag. */
static int report_change(struct cli *cli, const struct kv *kv, const struct http_response *response)
{
    if (!cli->json) {
        cli_note(cli, "done");
        return CLI_YES;
    }
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    begin_json(cli, &json, kv, response);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

static int report_list(struct cli *cli, const struct kv *kv, const struct http_response *response)
{
    const struct json_value *keys;
    enum deputy_error error = json_parse(cli->arena, &keys, response->body);
    if (error != DEPUTY_OK || !json_is(keys, JSON_ARRAY))
        return cli_complain("the node's answer is no list"), CLI_NO;
    if (!cli->json) {
        JSON_EACH (key, keys) {
            cli_put_safe(stdout, key->text);
            putchar('\n');
        }
        return CLI_YES;
    }
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    begin_json(cli, &json, kv, response);
    json_key(&json, "keys");
    json_raw(&json, keys->raw);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

static const struct kv_verb verbs[] = {
        {"get", "tinycloud.kv/get", 1, 1, report_get},
        {"put", "tinycloud.kv/put", 1, 2, report_change},
        {"ls", "tinycloud.kv/list", 0, 1, report_list},
        {"rm", "tinycloud.kv/del", 1, 1, report_change},
};

/* ---- the request ---- */

static bool add_header(struct kv *kv, const char *name, const char *value)
{
    return value == NULL ||
           invocation_header(&kv->invocation, deputy_slice_text(name), deputy_slice_text(value));
}

static int prepare(struct cli *cli, struct kv *kv, const struct kv_verb *verb)
{
    bool put = verb->report == report_change && verb->most == 2;
    kv->invocation.action = (struct deputy_action){.service = deputy_slice_text("kv"),
            .path = deputy_slice_text(kv->path),
            .action = deputy_slice_text(verb->ability)};
    if (!put && (kv->content_type != NULL || kv->create))
        return cli_complain("--content-type and --create belong to put"), CLI_UNUSABLE;
    if (verb->report != report_get && kv->output != NULL)
        return cli_complain("--output belongs to get"), CLI_UNUSABLE;
    if (put && !io_read(cli, &kv->invocation.body, kv->file != NULL ? kv->file : "-"))
        return CLI_UNUSABLE;
    if (!add_header(kv, "Content-Type", kv->content_type) || !add_header(kv, "If-Match", kv->if_match) ||
            !add_header(kv, "If-None-Match", kv->create ? "*" : NULL))
        return CLI_UNUSABLE;
    return CLI_YES;
}

static int run(struct cli *cli, struct kv *kv, const struct kv_verb *verb)
{
    struct actor actor;
    struct http_response response;
    int code = prepare(cli, kv, verb);
    if (code != CLI_YES)
        return code;
    code = actor_open(cli, &actor, &kv->who);
    if (code == CLI_YES)
        code = invocation_send(cli, &response, &actor, &kv->invocation);
    actor_close(&actor);
    if (code != CLI_YES)
        return code;
    return remote_is_yes(&response) ? verb->report(cli, kv, &response)
                                    : remote_refused(cli, verb->name, &response);
}

/* ---- the command ---- */

static const struct kv_verb *find_verb(const struct option_list *arguments)
{
    for (size_t i = 0; arguments->count > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
        size_t count = arguments->count - 1;
        if (strcmp(verbs[i].name, arguments->items[0]) == 0 && count >= verbs[i].least &&
                count <= verbs[i].most)
            return &verbs[i];
    }
    return NULL;
}

int cmd_kv(struct cli *cli, int argc, char **argv)
{
    struct kv kv = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "content-type",
                    .value = "TYPE",
                    .help = "put: what the value is",
                    .text = &kv.content_type},
            {.name = "create", .help = "put: only when there is no such value yet", .flag = &kv.create},
            {.name = "if-match",
                    .value = "ETAG",
                    .help = "put, rm: only when the value is still that one",
                    .text = &kv.if_match},
            {.name = "output",
                    .value = "FILE",
                    .help = "get: where the value goes; -o for short",
                    .text = &kv.output},
            ACTOR_OPTIONS(kv.who),
    };
    const struct option_table table = {"kv get PATH | put PATH [FILE] | ls [PATH] | rm PATH [options]",
            "Reads, writes, lists and removes values of a space. Without --space it is the one of the "
            "session\n"
            "or delegation. put reads standard input without FILE; ls lists what begins with PATH.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    const struct kv_verb *verb = find_verb(&arguments);
    if (verb == NULL)
        return cli_complain("kv takes get PATH, put PATH [FILE], ls [PATH] or rm PATH"), CLI_UNUSABLE;
    kv.path = arguments.count > 1 ? arguments.items[1] : "";
    kv.file = arguments.count > 2 ? arguments.items[2] : NULL;
    return run(cli, &kv, verb);
}
