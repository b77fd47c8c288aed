/* deputy attest serve: verdicts over HTTP, asked for and given as dstack's verifier service does. */
#include "cli/attest_service.h"
#include "cli/attest_verb.h"
#include "cli/options.h"
#include "crypto/random.h"
#include "evidence/amd.h"
#include "evidence/maker.h"
#include "run/daemon.h"
#include "run/log.h"
#include <string.h>

enum { RATE_DEFAULT = 60, RATE_MOST = 1000000, THREADS = 2, SOCKET_MODE = 0660 };

#define DEFAULT_LISTEN "127.0.0.1:8080"
#define TRACE_HEADER "TinyCloud-Trace-Id" /* as of a node */

struct serve {
    struct attest_options judged; /* root, policy and time */
    struct option_list places;
    const char *collateral, *certificates, *root_list; /* URLs */
    const char *cache;
    const char *rate;
    const char *log_format;
    bool offline;
};

static int run(struct attest_service *service, struct option_list *places)
{
    struct daemon_plan plan = {.name = "attest serve",
            .doors = {{.socket_mode = SOCKET_MODE,
                    .http = {.max_connections = ATTEST_SERVICE_CONNECTIONS,
                            .max_body_memory = ATTEST_SERVICE_BODIES,
                            .trace_ids = true,
                            .trace_header = TRACE_HEADER,
                            .on_error = attest_service_error,
                            .on_answer = attest_service_answered}}},
            .door_count = 1,
            .threads = THREADS,
            .owner = service};
    struct daemon_door *door = &plan.doors[0];
    door->routes = attest_service_routes(&door->route_count);
    if (places->count == 0)
        places->items[places->count++] = DEFAULT_LISTEN;
    if (places->count > DAEMON_MAX_LISTEN)
        return cli_complain("attest serve listens on at most %d places", (int)DAEMON_MAX_LISTEN),
               CLI_UNUSABLE;
    for (; door->listen_count < places->count; door->listen_count++)
        door->listen[door->listen_count] = deputy_slice_text(places->items[door->listen_count]);
    return daemon_run(&plan);
}

/* ---- settings ---- */

static bool usable_base(struct cli *cli, const char *url)
{
    struct deputy_slice base;
    struct deputy_refusal refusal;
    if (url == NULL || maker_base(&base, &refusal, deputy_slice_text(url)) == DEPUTY_OK)
        return true;
    return cli_refuse(cli, NULL, &refusal), false;
}

/* Of what evidence is judged by, the command's files and time; the evidence comes later. */
static bool read_judged(struct cli *cli, struct attest_service *service, struct deputy_attest_policy *policy,
        const struct attest_options *options)
{
    struct deputy_attest_evidence nothing;
    struct deputy_attest_question question;
    if (!attest_read(cli, &nothing, &question, policy, options))
        return false;
    service->root = nothing.root;
    if (options->time != NULL)
        service->time = question.now;
    /* whoever asks compares report_data: a request has no place for a nonce */
    policy->require_nonce = false;
    if (options->files.policy != NULL)
        service->policy = policy;
    return true;
}

static bool make_rate(struct attest_service *service, const char *text)
{
    uint8_t key[32];
    long long per_minute = RATE_DEFAULT;
    if (text != NULL && !option_number(&per_minute, "rate", text, 1, RATE_MOST))
        return false;
    random_bytes(key, sizeof key);
    enum deputy_error error = rate_create(&service->rate, per_minute, per_minute, key);
    return error == DEPUTY_OK ? true : (cli_complain("no memory"), false);
}

static bool start_log(const char *format)
{
    bool is_json = format != NULL && strcmp(format, "json") == 0;
    if (format != NULL && !is_json && strcmp(format, "text") != 0)
        return cli_complain("--log-format is text or json"), false;
    log_start(LOG_INFO, is_json ? LOG_AS_JSON : LOG_AS_TEXT);
    return true;
}

static int serve(struct cli *cli, struct serve *options)
{
    struct deputy_attest_policy policy;
    struct attest_service service = {.cli = cli,
            .intel = {.base = deputy_slice_text(
                              options->collateral != NULL ? options->collateral : INTEL_SERVICE),
                    .root_list = options->root_list},
            .amd = deputy_slice_text(options->certificates != NULL ? options->certificates : AMD_SERVICE),
            .cache = options->cache,
            .offline = options->offline};
    cli->quiet = true; /* notes are for people at a terminal */
    if (!usable_base(cli, options->collateral) || !usable_base(cli, options->certificates) ||
            !usable_base(cli, options->root_list) || !read_judged(cli, &service, &policy, &options->judged) ||
            !start_log(options->log_format) || !make_rate(&service, options->rate))
        return CLI_UNUSABLE;
    int code = run(&service, &options->places);
    rate_destroy(service.rate);
    return code;
}

#define TEXT_OPTION(title, what, target, about)                                                              \
    {                                                                                                        \
        .name = (title), .value = (what), .help = (about), .text = &(target)                                 \
    }

int cmd_attest_serve(struct cli *cli, int argc, char **argv)
{
    struct serve options = {.offline = false};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "listen",
                    .value = "PLACE",
                    .help = "HOST:PORT or unix:PATH; may be repeated (default " DEFAULT_LISTEN ")",
                    .list = &options.places},
            TEXT_OPTION("policy", "FILE", options.judged.files.policy,
                    "what is valid; without one, what dstack's verifier holds evidence to"),
            TEXT_OPTION("root", "FILE", options.judged.files.root,
                    "a root in place of the maker's, for simulators and tests, DER or PEM"),
            TEXT_OPTION("time", "TIME", options.judged.time, "judge as of that time, and not of now"),
            TEXT_OPTION("collateral-url", "URL", options.collateral,
                    "Intel's service or a mirror (default: Intel's own)"),
            TEXT_OPTION("certificates-url", "URL", options.certificates,
                    "AMD's service or a mirror (default: AMD's own)"),
            TEXT_OPTION("root-crl", "URL", options.root_list, "where Intel's root revocation list is"),
            TEXT_OPTION("cache", "DIR", options.cache, "where both are kept (default: in the profile)"),
            {.name = "offline", .help = "fetch nothing: the cache, or no verdict", .flag = &options.offline},
            TEXT_OPTION("rate", "N", options.rate, "requests of one address a minute (default 60)"),
            TEXT_OPTION("log-format", "text|json", options.log_format,
                    "one line a request on standard error (default text)"),
    };
    const struct option_table table = {"attest serve [options]",
            "Answers POST /verify and GET /health as dstack's verifier service does, with our verdict beside "
            "it.\n"
            "It prints \"ready http://...\" once it serves, and ends on SIGTERM.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 0)
        return cli_complain("attest serve takes no arguments but options"), CLI_UNUSABLE;
    return serve(cli, &options);
}
