/* deputy inspect: explains a token to a person, and says what is wrong with it. */
#include "base/arena.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/inspect.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/output.h"

struct inspect {
    struct option_list proofs;
    const char *use;
    const char *at;
    struct inspect_options how;
    struct shelf shelf;
    struct inspect_input input;
    struct inspection *inspections; /* one a part of the input */
};

/* ---- reading ---- */

static int unusable(struct cli *cli, const char *about, enum deputy_error error)
{
    const struct deputy_error_info *info = deputy_error_info(error);
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    if (!cli->json)
        return cli_complain("%s is no token, message or delegation: %s (%s)", about, info->text, info->name),
               CLI_UNUSABLE;
    json_object_begin(&json);
    cli_member_bool(&json, "ok", false);
    json_key(&json, "error");
    json_text_z(&json, info->name);
    json_key(&json, "message");
    json_text_z(&json, info->text);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_UNUSABLE);
}

/* The tokens of a file that is shown as a proof. */
static enum deputy_error shelve(struct cli *cli, struct shelf *shelf, struct deputy_slice bytes)
{
    struct inspect_input *input = ARENA_NEW(cli->arena, struct inspect_input);
    enum deputy_error error = input == NULL ? DEPUTY_E_NOMEM : inspect_recognise(cli, input, bytes);
    for (size_t i = 0; error == DEPUTY_OK && i < input->count; i++) {
        const struct deputy_token *token;
        error = input->parts[i].form == INSPECT_SIWE
                        ? DEPUTY_E_TOKEN_FORM
                        : deputy_token_parse(
                                  cli->arena, &token, DEPUTY_TOKEN_DELEGATION, input->parts[i].header);
        if (error == DEPUTY_OK)
            shelf_add(shelf, token);
    }
    return error;
}

static int read_proofs(struct cli *cli, struct inspect *inspect)
{
    inspect->shelf.cli = cli;
    for (size_t i = 0; i < inspect->proofs.count; i++) {
        struct deputy_slice bytes;
        const char *name = inspect->proofs.items[i];
        if (!io_read(cli, &bytes, name))
            return CLI_UNUSABLE;
        enum deputy_error error = shelve(cli, &inspect->shelf, bytes);
        if (error != DEPUTY_OK)
            return unusable(cli, name, error);
    }
    return CLI_YES;
}

static int read_input(struct cli *cli, struct inspect *inspect, const char *argument)
{
    struct deputy_slice bytes;
    if (!io_read_argument(cli, &bytes, argument))
        return CLI_UNUSABLE;
    enum deputy_error error = inspect_recognise(cli, &inspect->input, bytes);
    size_t count = error == DEPUTY_OK ? inspect->input.count : 0;
    inspect->inspections = ARENA_ARRAY(cli->arena, struct inspection, count + 1);
    if (inspect->inspections == NULL)
        error = DEPUTY_E_NOMEM;
    for (size_t i = 0; error == DEPUTY_OK && i < count; i++) {
        struct inspection *one = &inspect->inspections[i];
        error = inspect_read(cli, one, &inspect->input.parts[i], &inspect->how);
        one->shelf = &inspect->shelf;
        if (error == DEPUTY_OK && one->token != NULL)
            shelf_add(&inspect->shelf, one->token);
    }
    return error == DEPUTY_OK ? CLI_YES : unusable(cli, "the input", error);
}

/* ---- options ---- */

static bool read_use(struct inspect *inspect)
{
    if (inspect->use == NULL)
        return true;
    inspect->how.use_is_forced = true;
    for (int use = INSPECT_DELEGATION; use <= INSPECT_REVOCATION; use++) {
        inspect->how.use = (enum inspect_use)use;
        if (strcmp(inspect->use, inspect_use_name(inspect->how.use)) == 0)
            return true;
    }
    cli_complain("--use takes delegation, invocation or revocation");
    return false;
}

static bool read_time(struct inspect *inspect)
{
    inspect->how.at = cli_now();
    if (inspect->at == NULL || time_parse(&inspect->how.at, deputy_slice_text(inspect->at)) == DEPUTY_OK)
        return true;
    cli_complain("--at takes a time such as 2026-01-31T12:00:00Z");
    return false;
}

/* ---- the command ---- */

static int report_json(struct cli *cli, const struct inspect *inspect, int code)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    size_t count = inspect->input.count;
    if (count != 1)
        json_array_begin(&json);
    for (size_t i = 0; i < count; i++)
        inspect_put_json(&json, &inspect->inspections[i]);
    if (count != 1)
        json_array_end(&json);
    return cli_json_end(cli, &text, code);
}

static int report(struct cli *cli, struct inspect *inspect)
{
    int code = CLI_YES;
    for (size_t i = 0; i < inspect->input.count; i++) {
        inspect_judge(&inspect->inspections[i]);
        if (!inspect_is_good(&inspect->inspections[i]))
            code = CLI_NO;
    }
    if (cli->json)
        return report_json(cli, inspect, code);
    for (size_t i = 0; i < inspect->input.count; i++) {
        if (i > 0)
            putchar('\n');
        inspect_print(&inspect->inspections[i]);
    }
    return code;
}

int cmd_inspect(struct cli *cli, int argc, char **argv)
{
    struct inspect *inspect = ARENA_NEW(cli->arena, struct inspect);
    struct option_list arguments;
    if (inspect == NULL)
        return cli_fail(cli, NULL, DEPUTY_E_NOMEM);
    const struct option rows[] = {
            {.name = "proof",
                    .value = "FILE",
                    .help = "a delegation that it rests on; may be repeated",
                    .list = &inspect->proofs},
            {.name = "use",
                    .value = "USE",
                    .help = "delegation, invocation or revocation, where the guess is wrong",
                    .text = &inspect->use},
            {.name = "at",
                    .value = "TIME",
                    .help = "judge as of that time, such as 2026-01-31T12:00:00Z",
                    .text = &inspect->at},
    };
    const struct option_table table = {"inspect [options] [INPUT|FILE|-]",
            "Explains a token, sign-in, message, delegation or session: who lets whom do what until when, "
            "and\n"
            "what is wrong with it. Exit code 1 when something is wrong, 2 when it is nothing of the kind.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 1)
        return cli_complain("inspect takes one input"), CLI_UNUSABLE;
    if (!read_use(inspect) || !read_time(inspect))
        return CLI_UNUSABLE;
    int code = read_proofs(cli, inspect);
    if (code == CLI_YES)
        code = read_input(cli, inspect, arguments.count == 1 ? arguments.items[0] : NULL);
    return code == CLI_YES ? report(cli, inspect) : code;
}
