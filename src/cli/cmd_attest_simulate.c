/* deputy attest simulate: the guest agent that an app in development talks to. */
#include "agent/simulate.h"
#include "base/codec.h"
#include "cli/attest_verb.h"
#include "cli/io.h"
#include "cli/options.h"
#include "crypto/secret.h"
#include "run/daemon.h"

enum { PATH_MAX_BYTES = 4096, SOCKET_MODE = 0600 };

#define DEFAULT_FIXTURE "."
#define DEFAULT_LISTEN "unix:dstack.sock"

struct simulate {
    const char *fixture;
    const char *seed;    /* NULL: quotes are not signed anew */
    const char *publish; /* where root and collateral go */
    struct option_list places;
};

static int64_t now(void)
{
    return cli_now().sec;
}

/* ---- what it is made of ---- */

static bool path_make(struct cli *cli, const char **out, const char *directory, const char *name)
{
    struct buf path = buf_make(cli->arena, PATH_MAX_BYTES);
    struct deputy_slice text;
    buf_put_text(&path, directory);
    buf_put_byte(&path, '/');
    buf_put_text(&path, name);
    buf_put_byte(&path, '\0');
    if (buf_finish(&path, &text) != DEPUTY_OK) {
        cli_complain("the name of the directory is too long");
        return false;
    }
    *out = (const char *)text.ptr;
    return true;
}

static bool read_file(struct cli *cli, struct deputy_slice *out, const char *directory, const char *name)
{
    const char *path;
    return path_make(cli, &path, directory, name) && io_read(cli, out, path);
}

static bool write_file(struct cli *cli, struct deputy_slice content, const char *directory, const char *name)
{
    const char *path;
    return path_make(cli, &path, directory, name) && io_write(path, content);
}

static int read_fixture(struct cli *cli, struct fixture *out, const char *directory)
{
    struct fixture_files files;
    struct deputy_refusal refusal;
    if (!read_file(cli, &files.app_keys, directory, "appkeys.json") ||
            !read_file(cli, &files.app_compose, directory, "app-compose.json") ||
            !read_file(cli, &files.sys_config, directory, "sys-config.json") ||
            !read_file(cli, &files.attestation, directory, "attestation.bin"))
        return CLI_UNUSABLE;
    enum deputy_error error = fixture_read(cli->arena, out, &refusal, &files);
    if (error == DEPUTY_E_FIXTURE)
        return cli_refuse(cli, NULL, &refusal), CLI_UNUSABLE;
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "simulate", error);
}

/* The maker that does not exist, and what it publishes. */
static int make_mock(
        struct cli *cli, struct mock *mock, const struct simulate *options, const struct fixture *fixture)
{
    uint8_t seed[MOCK_SEED_BYTES];
    if (hex_read_fixed(seed, sizeof seed, deputy_slice_text(options->seed)) != DEPUTY_OK) {
        cli_complain("--seed takes 64 hexadecimal digits");
        return CLI_UNUSABLE;
    }
    enum deputy_error error = mock_create(cli->arena, mock, seed, fixture->attestation.quote);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "simulate", error);
    if (options->publish == NULL)
        return CLI_YES;
    bool written = write_file(cli, mock->root, options->publish, "root.der") &&
                   write_file(cli, mock->collateral, options->publish, "collateral.json");
    return written ? CLI_YES : CLI_UNUSABLE;
}

/* ---- serving ---- */

static bool listen_places(struct daemon_door *door, struct option_list *places)
{
    if (places->count == 0)
        places->items[places->count++] = DEFAULT_LISTEN;
    if (places->count > DAEMON_MAX_LISTEN) {
        cli_complain("simulate listens on at most %d places", (int)DAEMON_MAX_LISTEN);
        return false;
    }
    for (; door->listen_count < places->count; door->listen_count++)
        door->listen[door->listen_count] = deputy_slice_text(places->items[door->listen_count]);
    return true;
}

static int serve(struct agent *agent, struct option_list *places)
{
    struct daemon_plan plan = {.name = "attest simulate",
            .doors = {{.socket_mode = SOCKET_MODE}},
            .door_count = 1,
            .threads = 1,
            .owner = agent};
    plan.doors[0].routes = simulate_routes(&plan.doors[0].route_count);
    if (!listen_places(&plan.doors[0], places))
        return CLI_UNUSABLE;
    cli_complain("this is a simulator: its keys are known, and its quotes are signed by no hardware");
    return daemon_run(&plan);
}

/* Reads what it needs, and runs. */
static int simulate(struct cli *cli, struct simulate *options)
{
    struct agent agent = {.now = now};
    struct mock mock;
    int code =
            read_fixture(cli, &agent.fixture, options->fixture != NULL ? options->fixture : DEFAULT_FIXTURE);
    if (code == CLI_YES && options->seed != NULL) {
        code = make_mock(cli, &mock, options, &agent.fixture);
        agent.mock = &mock;
    }
    if (code == CLI_YES)
        code = serve(&agent, &options->places);
    secret_wipe(&agent.fixture, sizeof agent.fixture);
    return code;
}

static bool arguments_fit(const struct simulate *options, const struct option_list *arguments)
{
    if (arguments->count > 0)
        cli_complain("attest simulate takes no arguments");
    else if (options->publish != NULL && options->seed == NULL)
        cli_complain("--publish needs --seed: without, there is no maker that publishes");
    else
        return true;
    return false;
}

int cmd_attest_simulate(struct cli *cli, int argc, char **argv)
{
    struct simulate options = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "fixture",
                    .value = "DIR",
                    .help = "appkeys.json, app-compose.json, sys-config.json, attestation.bin (default .)",
                    .text = &options.fixture},
            {.name = "listen",
                    .value = "PLACE",
                    .help = "unix:PATH or HOST:PORT, may be repeated (default unix:dstack.sock)",
                    .list = &options.places},
            {.name = "seed",
                    .value = "HEX",
                    .help = "sign quotes under a root of one's own, made from 32 bytes",
                    .text = &options.seed},
            {.name = "publish",
                    .value = "DIR",
                    .help = "where that root and its collateral go: root.der, collateral.json",
                    .text = &options.publish},
    };
    const struct option_table table = {"attest simulate [options]",
            "Pretends to be the guest agent of a TDX guest of dstack, for development. It reads the files "
            "of\n"
            "dstack's own simulator; its keys are known, and its quotes are signed by no hardware.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    return arguments_fit(&options, &arguments) ? simulate(cli, &options) : CLI_UNUSABLE;
}
