#include "node/serve.h"
#include "base/arena.h"
#include "base/try.h"
#include "node/measure.h"
#include "node/quota_ask.h"
#include "node/routes.h"
#include "node/secret.h"
#include "run/config.h"
#include "run/daemon.h"
#include "run/log.h"
#include "run/place.h"
#include "run/settings_node.h"
#include "run/start.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SERVE_ARENA = 4 * 1024 * 1024, DATA_DIRECTORY_MODE = 0700 };

struct serve {
    struct deputy_arena *arena;
    const struct config *config;
    struct node_config node_config;
    struct node *node;
};

static void complain(struct deputy_arena *arena, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    if (deputy_refusal_format(arena, &text, refusal) != DEPUTY_OK)
        text = deputy_slice_text(deputy_error_info(refusal->code)->text);
    fprintf(stderr, "deputy node: %.*s\n", (int)text.len, (const char *)text.ptr);
}

/* ---- settings of services that this version does not have ---- */

static enum deputy_error refuse_absent(struct deputy_refusal *refusal, const char *key)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_SETTING_ABSENT, {deputy_slice_text(key)}};
    return refusal->code;
}

/* A limit or a place that would be ignored must not look as if it held. */
static enum deputy_error check_absent_settings(const struct config *config, struct deputy_refusal *refusal)
{
    static const char *const absent[] = {"storage.database", "storage.blocks.path", "storage.blocks.bucket",
            "storage.blocks.endpoint", "spaces.allowlist", "dstack_endpoint"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        if (config_is_set(config, absent[i]))
            return refuse_absent(refusal, absent[i]);
    }
    if (!deputy_slice_equal(config_text(config, "storage.blocks.type"), deputy_slice_text("local")))
        return refuse_absent(refusal, "storage.blocks.type");
    return DEPUTY_OK;
}

static enum deputy_error check_positive(
        const struct config *config, struct deputy_refusal *refusal, const char *key)
{
    if (config_integer(config, key) > 0)
        return DEPUTY_OK;
    *refusal = (struct deputy_refusal){
            DEPUTY_E_CONFIG_VALUE, {deputy_slice_text(key), deputy_slice_text("a number from 1")}};
    return refusal->code;
}

/* What the settings' kinds do not say. Also asked by --check-config. */
static enum deputy_error check_settings(const struct config *config, struct deputy_refusal *refusal)
{
    TRY(check_absent_settings(config, refusal));
    TRY(check_positive(config, refusal, "deputy.webhook_waiting"));
    TRY(check_positive(config, refusal, "deputy.webhook_waiting_all"));
    if (!config_is_set(config, "quota_url") || quota_url_check(config_text(config, "quota_url")) == DEPUTY_OK)
        return DEPUTY_OK;
    *refusal = (struct deputy_refusal){DEPUTY_E_CONFIG_VALUE,
            {deputy_slice_text("quota_url"),
                    deputy_slice_text("an http or https URL without credentials, query and fragment")}};
    return refusal->code;
}

/* Those whose service is not there, so that nothing goes wrong for their sake: said once, at the start. */
static void tell_idle_settings(const struct config *config)
{
#define TELL_IDLE(key)                                                                                       \
    if (config_is_given(config, key))                                                                        \
    log_event(LOG_WARNING, "setting.without-effect", LOG_WORD("setting", key), LOG_END)
    TELL_IDLE("storage.staging");
    TELL_IDLE("storage.sql.path");
    TELL_IDLE("storage.sql.memory_threshold");
    TELL_IDLE("database.max_connections");
    TELL_IDLE("retention.enabled");
    TELL_IDLE("retention.hook_delivered_days");
    TELL_IDLE("retention.hook_dead_letter_days");
    TELL_IDLE("retention.ticket_expired_days");
    TELL_IDLE("retention.batch_rows");
    TELL_IDLE("tee_mode");
    TELL_IDLE("did_resolution_timeout_ms");
    TELL_IDLE("deputy.audit");
#undef TELL_IDLE
}

/* ---- the daemon's plan ---- */

static enum deputy_error serve_open_all(void *owner, unsigned loops)
{
    struct serve *serve = owner;
    serve->node_config.loops = loops;
    return node_open(&serve->node, &serve->node_config);
}

static void serve_close_all(void *owner)
{
    struct serve *serve = owner;
    node_close(serve->node);
}

static void serve_tell(void *owner, struct buf *out)
{
    const struct serve *serve = owner;
    measure_node(serve->node, out);
}

static enum deputy_error serve_open_loop(void **app, void *owner, struct loop *loop, struct metrics *metrics)
{
    struct serve *serve = owner;
    struct node_loop *on = NULL;
    TRY(node_loop_create(&on, serve->node, loop));
    on->metrics = metrics;
    *app = on;
    return DEPUTY_OK;
}

static void serve_close_loop(void *app)
{
    node_loop_destroy(app);
}

static void serve_rest_loop(void *app)
{
    store_rest(((const struct node_loop *)app)->node->store);
}

static enum deputy_error serve_listen(struct serve *serve, struct daemon_door *door)
{
    TRY(start_listen(door, serve->config, "deputy.listen"));
    if (door->listen_count > 0)
        return DEPUTY_OK;
    door->listen_count = 1;
    return start_address(serve->arena, &door->listen[0], serve->config, "port");
}

/* Webhooks go to public addresses, unless it is for development; the quota service may be anywhere. */
static enum sandbox_addresses addresses_of(const struct config *config)
{
    bool any = config_boolean(config, "deputy.dev") || config_is_set(config, "quota_url");
    return any ? SANDBOX_ADDRESSES_ANY : SANDBOX_ADDRESSES_PUBLIC;
}

/* The store has threads of its own, and so everything is opened within the sandbox. The directory has to be
 * there then; where it cannot be made, the store says so. What SQLite sorts in files goes there too. */
static void serve_confine(const struct serve *serve, struct sandbox_plan *out, struct sandbox_path *data)
{
    const char *directory = serve->node_config.directory;
    *data = (struct sandbox_path){directory, SANDBOX_WRITES};
    *out = (struct sandbox_plan){.mode = start_sandbox(serve->config, "deputy.sandbox"),
            .paths = data,
            .path_count = 1,
            .addresses = addresses_of(serve->config)};
    if (mkdir(directory, DATA_DIRECTORY_MODE) == 0 || errno == EEXIST)
        setenv("SQLITE_TMPDIR", directory, 1);
}

static void door_fill(const struct config *config, struct daemon_door *door)
{
    door->routes = node_routes(&door->route_count);
    door->http =
            (struct http_config){.max_connections = (size_t)config_integer(config, "deputy.max_connections"),
                    .max_per_peer = (size_t)config_integer(config, "deputy.max_connections_per_address"),
                    .cors = config_boolean(config, "cors"),
                    .trace_ids = config_boolean(config, "log.tracing.enabled"),
                    .trace_header = (const char *)config_text(config, "log.tracing.traceheader").ptr,
                    .on_answer = measure_answer};
}

/* Exit status 2 with a message, or 0. */
static int door_place(struct serve *serve, struct daemon_door *door)
{
    if (serve_listen(serve, door) != DEPUTY_OK)
        return fprintf(stderr, "deputy node: at most %d addresses to listen on\n", DAEMON_MAX_LISTEN), 2;
    if (place_mode_read(&door->socket_mode, config_text(serve->config, "deputy.socket_mode")) != DEPUTY_OK)
        return fprintf(stderr, "deputy node: deputy.socket_mode: expected octal digits such as 0660\n"), 2;
    return 0;
}

/* Exit status with a message, or 0. */
static int plan_fill(struct serve *serve, struct daemon_plan *plan)
{
    const struct config *config = serve->config;
    *plan = (struct daemon_plan){
            .name = "node",
            .tls_certificate = (const char *)config_text(config, "deputy.tls.cert").ptr,
            .tls_key = (const char *)config_text(config, "deputy.tls.key").ptr,
            .threads = (unsigned)config_integer(config, "deputy.threads"),
            .door_count = 1,
            .open_all = serve_open_all,
            .open_loop = serve_open_loop,
            .rest_loop = serve_rest_loop,
            .close_loop = serve_close_loop,
            .close_all = serve_close_all,
            .tell = serve_tell,
            .owner = serve,
    };
    if (config_boolean(config, "telemetry.enabled") &&
            start_address(serve->arena, &plan->telemetry, config, "prometheus.port") != DEPUTY_OK)
        return 1;
    if ((plan->tls_certificate == NULL) != (plan->tls_key == NULL))
        return fprintf(stderr, "deputy node: deputy.tls.cert and deputy.tls.key belong together\n"), 2;
    door_fill(config, &plan->doors[0]);
    return door_place(serve, &plan->doors[0]);
}

static int serve_run(struct serve *serve)
{
    struct daemon_plan plan;
    struct sandbox_plan sandbox;
    struct sandbox_path data;
    int status = plan_fill(serve, &plan);
    if (status != 0)
        return status;
    start_log(serve->config);
    tell_idle_settings(serve->config);
    if (config_boolean(serve->config, "deputy.dev"))
        fprintf(stderr,
                "deputy node: --dev: the node's secret may be public; use this for development only\n");
    serve_confine(serve, &sandbox, &data);
    plan.sandbox = &sandbox;
    plan.sandbox_first = true;
    return daemon_run(&plan);
}

static struct quota_config quota_settings(const struct config *config)
{
    return (struct quota_config){.standard = (uint64_t)config_integer(config, "storage.limit"),
            .public_spaces = (uint64_t)config_integer(config, "public_spaces.storage_limit"),
            .service = {.url = config_text(config, "quota_url"),
                    .fresh_s = config_integer(config, "deputy.quota_fresh_seconds"),
                    .retry_s = config_integer(config, "deputy.quota_retry_seconds")}};
}

static enum deputy_error serve_prepare(struct serve *serve, struct deputy_refusal *refusal)
{
    refusal->code = node_secret(serve->arena, &serve->node_config.secret, serve->config);
    TRY(refusal->code);
    serve->node_config.directory = (const char *)config_text(serve->config, "storage.datadir").ptr;
    serve->node_config.max_lifetime_s = config_integer(serve->config, "invocation.max_lifetime_secs");
    serve->node_config.quota = quota_settings(serve->config);
    serve->node_config.sql_workers = (size_t)config_integer(serve->config, "deputy.sql_workers");
    serve->node_config.sql_handles = (size_t)config_integer(serve->config, "deputy.sql_open");
    serve->node_config.sql_time_s = config_integer(serve->config, "deputy.sql_seconds");
    serve->node_config.hooks = (struct hook_limits){
            .ticket_ttl_s = config_integer(serve->config, "hooks.max_ticket_ttl_seconds"),
            .scopes_per_ticket = (size_t)config_integer(serve->config, "hooks.max_scopes_per_ticket"),
            .streams = (size_t)config_integer(serve->config, "hooks.max_active_sse_streams"),
            .stream_events = (size_t)config_integer(serve->config, "hooks.sse_broadcast_capacity"),
    };
    serve->node_config.webhooks = (struct webhook_limits){
            .per_space = (size_t)config_integer(serve->config, "hooks.max_webhook_subscriptions_per_space"),
            .timeout_s = config_integer(serve->config, "hooks.webhook_timeout_seconds"),
            .attempts = config_integer(serve->config, "hooks.webhook_max_attempts"),
            .waiting = {.each = config_integer(serve->config, "deputy.webhook_waiting"),
                    .all = config_integer(serve->config, "deputy.webhook_waiting_all")},
            .any_address = config_boolean(serve->config, "deputy.dev"),
    };
    serve->node_config.admin_secret = config_text(serve->config, "admin_secret");
    serve->node_config.public_per_minute =
            config_integer(serve->config, "public_spaces.rate_limit_per_minute");
    serve->node_config.public_burst = config_integer(serve->config, "public_spaces.rate_limit_burst");
    serve->node_config.proxies.addresses =
            config_list(serve->config, "deputy.trusted_proxies", &serve->node_config.proxies.count);
    serve->node_config.strict_replay =
            deputy_slice_equal(config_text(serve->config, "deputy.replay"), deputy_slice_text("strict"));
    return DEPUTY_OK;
}

static int serve_with(struct serve *serve, char *const *environment, char *const *arguments)
{
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error error =
            config_read(serve->arena, &serve->config, &refusal, &settings_node, environment, arguments);
    if (error == DEPUTY_OK)
        error = check_settings(serve->config, &refusal);
    if (error == DEPUTY_OK && config_check_only(serve->config))
        return start_print_settings(serve->arena, serve->config);
    if (error == DEPUTY_OK)
        error = serve_prepare(serve, &refusal);
    if (error == DEPUTY_OK)
        return serve_run(serve);
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    complain(serve->arena, &refusal);
    return 2;
}

int node_serve(char *const *environment, char *const *arguments, struct node_clock clock)
{
    struct serve serve = {.node_config.clock = clock};
    enum deputy_error error = deputy_arena_create(&serve.arena, SERVE_ARENA);
    if (error != DEPUTY_OK) {
        fprintf(stderr, "deputy node: %s\n", deputy_error_info(error)->text);
        return 1;
    }
    int status = serve_with(&serve, environment, arguments);
    deputy_arena_destroy(serve.arena);
    return status;
}
