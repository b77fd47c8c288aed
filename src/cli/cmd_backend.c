/* deputy backend: acts for the users of an app, as far as they grant it. Its settings are those of
 * run/settings_backend.h. */
#include "backend/identity.h"
#include "backend/serve.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/upkeep_verb.h"
#include <sys/stat.h>

#define DEFAULT_KEY "./backend-data/identity.json"
#define DEFAULT_DATA "./backend-data"

extern char **environ;

static struct deputy_time read_clock(void *ctx)
{
    (void)ctx;
    return cli_now();
}

static void print_help(void)
{
    printf("usage: deputy backend [options]\n"
           "       deputy backend init [--key FILE]\n"
           "       deputy backend doctor | backup FILE | restore FILE [options]\n\n"
           "Runs a backend until it is told to end (SIGTERM): owners sign in, grant it what it asks for, and "
           "it "
           "acts on their\ndata at the node within that. It prints \"ready http://...\" once it serves.\n\n"
           "'init' makes its identity key, where there is none, and prints its DID. The other verbs look "
           "after what it has kept,\nbeside it or while it is down; 'deputy backend VERB --help' explains "
           "one.\n\n"
           "options:\n"
           "  --listen HOST:PORT[,...]   where to listen (default 127.0.0.1:3001)\n"
           "  --local PLACE              where the app's own server asks: unix:/path, or HOST:PORT on "
           "loopback\n"
           "  --data DIR                 the directory of what it keeps (default ./backend-data)\n"
           "  --config FILE              a TOML file (default deputy.toml when it is there)\n"
           "  --key-file FILE            its identity key (default identity.json in the data directory)\n"
           "  --permissions FILE         what it asks every owner for: a JSON array as in a manifest\n"
           "  --manifest FILE            the app's manifest, which must ask for at least as much\n"
           "  --node URL                 the data node\n"
           "  --threads N                event loops (default: one for each core)\n"
           "  --log-format text|json     how it logs, on standard error\n"
           "  --dev                      pages of localhost, a node without TLS; never in production\n"
           "  --check-config             print every setting and where it comes from, and end\n\n"
           "The key comes from the file that is named, else from a dstack guest agent, the file in the data "
           "directory or\nBACKEND_PRIVATE_KEY, whichever is there first. Exit codes: 0 ended well; 1 could "
           "not "
           "start or end well; 2 settings\nthat cannot be used.\n");
}

/* ---- init ---- */

static int print_did(struct cli *cli, const char *path)
{
    const struct backend_key_sources sources = {.chosen = BACKEND_KEY_FILE, .file = path};
    struct backend_identity *identity = NULL;
    enum deputy_error result = backend_identity_open(&identity, &sources);
    if (result != DEPUTY_OK)
        return cli_fail(cli, path, result);
    struct deputy_slice did = backend_identity_did(identity);
    printf("%.*s\n", (int)did.len, (const char *)did.ptr);
    backend_identity_destroy(identity);
    return CLI_YES;
}

static int init(struct cli *cli, int argc, char **argv)
{
    const char *path = NULL;
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "key", .value = "FILE", .help = "where the key goes (mode 0600)", .text = &path},
    };
    const struct option_table table = {"backend init [--key FILE]",
            "Makes the identity key of a backend and prints its DID. A key that is there is not replaced.",
            rows, 1};
    enum option_result read = options_read(&table, argc, argv, &arguments);
    if (read != OPTION_GO_ON)
        return options_exit(read);
    if (arguments.count > 0)
        return cli_complain("backend init takes no arguments"), CLI_UNUSABLE;
    if (path == NULL) {
        path = DEFAULT_KEY;
        mkdir(DEFAULT_DATA, 0700);
    }
    enum deputy_error result = backend_identity_init(path);
    return result == DEPUTY_OK ? print_did(cli, path) : cli_fail(cli, path, result);
}

static const struct {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
} verbs[] = {
        {"init", init},
        {"doctor", cmd_backend_doctor},
        {"backup", cmd_backend_backup},
        {"restore", cmd_backend_restore},
};

int cmd_backend(struct cli *cli, int argc, char **argv)
{
    const struct backend_clock clock = {.now = read_clock};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return CLI_YES;
    }
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(cli, argc - 1, argv + 1);
    }
    return backend_serve(environ, argv + 1, clock);
}
