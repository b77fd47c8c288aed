/* deputy sql: statements against an SQL database of a space, one at a time or in a shell. */
#include "cli/commands.h"
#include "cli/io.h"
#include "cli/output.h"
#include "cli/sql_session.h"
#include "cli/sql_shell.h"
#include <unistd.h>

struct sql_options {
    struct actor_options who;
    const char *db;
    const char *command;
    const char *ability;
    const char *output;
    struct option_list params;
    bool export;
};

static int export_to(struct sql_session *session, const char *output)
{
    struct deputy_slice image;
    int code = sql_session_export(session, &image);
    if (code != CLI_YES)
        return code;
    return io_write(output, image) ? CLI_YES : CLI_UNUSABLE;
}

/* JSON as it is, anything else as a text. */
static int take_params(struct sql_session *session, const struct option_list *params)
{
    struct buf text = buf_make(session->cli->arena, IO_MAX_BYTES);
    struct json_writer json = json_writer_make(&text);
    json_array_begin(&json);
    for (size_t i = 0; i < params->count; i++) {
        const struct json_value *value;
        struct deputy_slice given = deputy_slice_text(params->items[i]);
        if (json_parse(session->cli->arena, &value, given) == DEPUTY_OK)
            json_raw(&json, given);
        else
            cli_json_text(session->cli, &json, given);
    }
    json_array_end(&json);
    return buf_finish(&text, &session->params) == DEPUTY_OK ? CLI_YES : CLI_UNUSABLE;
}

static int run_session(struct sql_session *session, const struct sql_options *options)
{
    if (options->export)
        return export_to(session, options->output);
    if (options->command != NULL)
        return sql_session_run(session, deputy_slice_text(options->command));
    return sql_shell_run(session, isatty(STDIN_FILENO));
}

static int run(struct cli *cli, const struct sql_options *options)
{
    struct sql_session session = {.cli = cli, .db = options->db, .ability = options->ability};
    int code = take_params(&session, &options->params);
    if (code == CLI_YES)
        code = actor_open(cli, &session.actor, &options->who);
    if (code == CLI_YES)
        code = run_session(&session, options);
    actor_close(&session.actor);
    sql_session_end(&session);
    return code;
}

static bool is_ability(const char *text)
{
    static const char *const abilities[] = {"read", "write", "schema", "admin", "*"};
    for (size_t i = 0; text != NULL && i < sizeof abilities / sizeof abilities[0]; i++) {
        if (strcmp(text, abilities[i]) == 0)
            return true;
    }
    return text == NULL;
}

/* Says what does not fit together. */
static bool options_fit(const struct sql_options *options)
{
    if (options->export && (options->command != NULL || options->output == NULL))
        return cli_complain("--export takes -o FILE, and no statement"), false;
    if (!options->export && options->output != NULL)
        return cli_complain("--output belongs to --export"), false;
    if (!is_ability(options->ability))
        return cli_complain("--ability is read, write, schema, admin or *"), false;
    return true;
}

int cmd_sql(struct cli *cli, int argc, char **argv)
{
    struct sql_options options = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "db",
                    .value = "PATH",
                    .help = "the database, its whole path; \"default\" without",
                    .text = &options.db},
            {.name = "command",
                    .value = "SQL",
                    .help = "run this one statement; -c for short",
                    .text = &options.command},
            {.name = "param",
                    .value = "VALUE",
                    .help = "JSON or text for a ? of the statement; in their order",
                    .list = &options.params},
            {.name = "ability",
                    .value = "NAME",
                    .help = "ask with read, write, schema, admin or *, whatever the statement is",
                    .text = &options.ability},
            {.name = "export", .help = "the whole database as a file, to --output", .flag = &options.export},
            {.name = "output",
                    .value = "FILE",
                    .help = "where an export goes; -o for short",
                    .text = &options.output},
            ACTOR_OPTIONS(options.who),
    };
    const struct option_table table = {
            "sql [--db PATH] [-c SQL [--param VALUE]... | --export -o FILE] [options]",
            "Runs SQL in a database of a space. Without -c it reads statements, each up to a semicolon, "
            "from\n"
            "a terminal or from standard input; .help lists what else a terminal understands.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 0)
        return cli_complain("sql takes no arguments: give a statement with -c"), CLI_UNUSABLE;
    return options_fit(&options) ? run(cli, &options) : CLI_UNUSABLE;
}
