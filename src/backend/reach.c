#include "backend/reach.h"
#include "base/try.h"

enum deputy_error reach_read(struct reach *out, struct deputy_slice node, bool private_too)
{
    out->private_too = private_too;
    return http_place_read(&out->node, (const char *)node.ptr);
}

bool reach_is_guarded(const struct reach *reach)
{
    return reach->node.named && !reach->private_too;
}

struct http_caller_config reach_caller(const struct reach *reach, struct deputy_slice node)
{
    return (struct http_caller_config){.server = (const char *)node.ptr,
            .guarded = reach_is_guarded(reach),
            .allowed = reach->node.named ? NULL : reach->node.at,
            .allowed_count = reach->node.count};
}

/* ---- the sandbox ---- */

static enum sandbox_addresses addresses_of(const struct reach *reach)
{
    return !reach->node.named        ? SANDBOX_ADDRESSES_LISTED
           : reach_is_guarded(reach) ? SANDBOX_ADDRESSES_PUBLIC
                                     : SANDBOX_ADDRESSES_SERVER;
}

static void path_add(struct reach_sandbox *out, const char *path, enum sandbox_use use)
{
    if (path != NULL)
        out->paths[out->plan.path_count++] = (struct sandbox_path){path, use};
}

/* The socket of a guest agent is no file that is opened. */
static void evidence_add(struct reach_sandbox *out, const struct source *source)
{
    struct http_place agent;
    path_add(out, source->kernel.tsm, SANDBOX_WRITES);
    path_add(out, source->kernel.tsm_entry, SANDBOX_WRITES);
    path_add(out, source->kernel.sev_guest, SANDBOX_ASKS);
    if (source->agent.socket == NULL && http_place_read(&agent, source->agent.url) == DEPUTY_OK)
        out->ports[out->plan.port_count++] = agent.port;
}

void reach_sandbox_fill(struct reach_sandbox *out, const struct reach *reach, const char *directory,
        const struct source *source)
{
    *out = (struct reach_sandbox){.plan = {.addresses = addresses_of(reach)}};
    out->plan.paths = out->paths;
    out->plan.ports = out->ports;
    out->ports[out->plan.port_count++] = reach->node.port;
    path_add(out, directory, SANDBOX_WRITES);
    evidence_add(out, source);
}
