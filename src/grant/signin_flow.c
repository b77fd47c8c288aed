#include <deputy/signin_flow.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "grant/attempt.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"

enum { FLOW_PATH_MAX = 4096, PROTOCOL = 1 };

struct deputy_flow deputy_flow_start(const struct deputy_session *session, const struct deputy_plan *plan)
{
    return (struct deputy_flow){.step = DEPUTY_FLOW_INFO, .session = session, .plan = plan};
}

static enum deputy_error path_with(struct deputy_arena *arena, struct deputy_slice *path, const char *start,
        struct deputy_slice component)
{
    struct buf text = buf_make(arena, FLOW_PATH_MAX);
    buf_put_text(&text, start);
    percent_put(&text, component, "-_.!~*'()"); /* as encodeURIComponent */
    return buf_finish(&text, path);
}

static enum deputy_error post_delegate(struct deputy_flow_request *out, struct deputy_slice header)
{
    out->method = "POST";
    out->path = deputy_slice_text("/delegate");
    out->authorization = header;
    return DEPUTY_OK;
}

enum deputy_error deputy_flow_next(
        struct deputy_arena *arena, struct deputy_flow_request *out, const struct deputy_flow *flow)
{
    *out = (struct deputy_flow_request){.step = flow->step, .method = "GET"};
    switch (flow->step) {
    case DEPUTY_FLOW_INFO:
        out->path = deputy_slice_text("/info");
        return DEPUTY_OK;
    case DEPUTY_FLOW_SESSION:
    case DEPUTY_FLOW_SESSION_AGAIN:
        return post_delegate(out, flow->session->authority.header);
    case DEPUTY_FLOW_PEER:
        return path_with(arena, &out->path, "/peer/generate/", flow->session->authority.space);
    case DEPUTY_FLOW_HOST:
        return post_delegate(out, flow->host_header);
    case DEPUTY_FLOW_NETWORK:
        out->network = flow->plan->raw[flow->network].path;
        return path_with(arena, &out->path, "/encryption/networks/", out->network);
    case DEPUTY_FLOW_NETWORK_CREATE:
        out->method = "POST";
        out->path = deputy_slice_text("/encryption/networks");
        out->network = flow->plan->raw[flow->network].path;
        return DEPUTY_OK;
    case DEPUTY_FLOW_SIGN_HOST:
    case DEPUTY_FLOW_DONE:
        break;
    }
    return DEPUTY_OK;
}

void deputy_flow_hosted(struct deputy_flow *flow, struct deputy_slice header)
{
    flow->host_header = header;
    flow->step = DEPUTY_FLOW_HOST;
}

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

/* A network of one's own in which one may decrypt: the plan marks it by the right to make it. */
static bool is_own_network(const struct deputy_ability_row *row)
{
    return text_among(deputy_slice_text(SERVICE_ENCRYPTION "/decrypt"), row->actions, row->action_count) &&
           text_among(
                   deputy_slice_text(SERVICE_ENCRYPTION "/network.create"), row->actions, row->action_count);
}

static void go_to_network(struct deputy_flow *flow, size_t from)
{
    flow->step = DEPUTY_FLOW_DONE;
    for (size_t i = from; flow->plan != NULL && i < flow->plan->raw_count; i++) {
        if (is_own_network(&flow->plan->raw[i])) {
            flow->network = i;
            flow->step = DEPUTY_FLOW_NETWORK;
            return;
        }
    }
}

/* NULL when the body is no JSON. Memory that runs out says nothing about the body. */
static enum deputy_error body_read(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice body)
{
    enum deputy_error result = json_parse(arena, out, body);
    if (error_is_of_memory(result))
        return result;
    if (result != DEPUTY_OK)
        *out = NULL;
    return DEPUTY_OK;
}

static enum deputy_error info_answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    const struct json_value *info;
    int64_t protocol = 0;
    TRY(body_read(attempt->arena, &info, body));
    if (!is_success(status) || json_to_int64(&protocol, json_member(info, "protocol")) != DEPUTY_OK ||
            protocol != PROTOCOL)
        return attempt_refuse(attempt, DEPUTY_E_NODE_PROTOCOL);
    flow->step = DEPUTY_FLOW_SESSION;
    return DEPUTY_OK;
}

/* The answer names the space among those that do not exist. Older nodes answer with a CID: then none is. */
static enum deputy_error skipped_read(
        struct deputy_arena *arena, bool *skipped, struct deputy_slice body, struct deputy_slice space)
{
    const struct json_value *answer;
    *skipped = false;
    TRY(body_read(arena, &answer, body));
    const struct json_value *spaces = json_member(answer, "skipped");
    if (!json_is(spaces, JSON_ARRAY))
        return DEPUTY_OK;
    JSON_EACH (item, spaces)
        *skipped = *skipped || (item->kind == JSON_STRING && deputy_slice_equal(item->text, space));
    return DEPUTY_OK;
}

static enum deputy_error session_answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    bool skipped;
    if (!is_success(status) && status != 404)
        return attempt_refuse_about(attempt, DEPUTY_E_ACTIVATE_SESSION, body);
    TRY(skipped_read(attempt->arena, &skipped, body, flow->session->authority.space));
    if (skipped || status == 404)
        flow->step = DEPUTY_FLOW_PEER;
    else
        go_to_network(flow, 0);
    return DEPUTY_OK;
}

static enum deputy_error peer_answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    if (!is_success(status)) {
        enum deputy_error code = attempt_refuse_number(attempt, DEPUTY_E_NODE_PEER, status);
        attempt->refusal->args[1] = body;
        return code;
    }
    flow->peer = body;
    flow->step = DEPUTY_FLOW_SIGN_HOST;
    return DEPUTY_OK;
}

static enum deputy_error again_answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    bool skipped;
    if (!is_success(status))
        return attempt_refuse_about(attempt, DEPUTY_E_ACTIVATE_AGAIN, body);
    TRY(skipped_read(attempt->arena, &skipped, body, flow->session->authority.space));
    if (skipped)
        return attempt_refuse_about(attempt, DEPUTY_E_SPACE_NOT_CREATED, flow->session->authority.space);
    go_to_network(flow, 0);
    return DEPUTY_OK;
}

static enum deputy_error host_answer(const struct attempt *attempt, struct deputy_flow *flow, int status)
{
    if (!is_success(status))
        return attempt_refuse_about(attempt, DEPUTY_E_SPACE_NOT_CREATED, flow->session->authority.space);
    flow->step = DEPUTY_FLOW_SESSION_AGAIN;
    return DEPUTY_OK;
}

static enum deputy_error network_answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    if (status == 404 && flow->step == DEPUTY_FLOW_NETWORK) {
        flow->step = DEPUTY_FLOW_NETWORK_CREATE;
        return DEPUTY_OK;
    }
    if (!is_success(status))
        return attempt_refuse_about_two(
                attempt, DEPUTY_E_NODE_NETWORK, flow->plan->raw[flow->network].path, body);
    go_to_network(flow, flow->network + 1);
    return DEPUTY_OK;
}

static enum deputy_error answer(
        const struct attempt *attempt, struct deputy_flow *flow, int status, struct deputy_slice body)
{
    switch (flow->step) {
    case DEPUTY_FLOW_INFO:
        return info_answer(attempt, flow, status, body);
    case DEPUTY_FLOW_SESSION:
        return session_answer(attempt, flow, status, body);
    case DEPUTY_FLOW_PEER:
        return peer_answer(attempt, flow, status, body);
    case DEPUTY_FLOW_HOST:
        return host_answer(attempt, flow, status);
    case DEPUTY_FLOW_SESSION_AGAIN:
        return again_answer(attempt, flow, status, body);
    case DEPUTY_FLOW_NETWORK:
    case DEPUTY_FLOW_NETWORK_CREATE:
        return network_answer(attempt, flow, status, body);
    case DEPUTY_FLOW_SIGN_HOST:
    case DEPUTY_FLOW_DONE:
        break;
    }
    return DEPUTY_E_ARGUMENT;
}

enum deputy_error deputy_flow_answer(struct deputy_arena *arena, struct deputy_flow *flow,
        struct deputy_refusal *refusal, int status, struct deputy_slice body)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, answer(&attempt, flow, status, body));
}
