#include "cli/remote.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "cli/output.h"

enum { REMOTE_TIMEOUT_MS = 60000, REMOTE_URL_MAX = 8192, REMOTE_PROTOCOL = 1 };

/* ---- sending ---- */

struct deputy_slice remote_host(const struct cli *cli)
{
    struct deputy_slice host = deputy_slice_text(cli->node);
    while (host.len > 0 && host.ptr[host.len - 1] == '/')
        host.len--;
    return host;
}

static const char *remote_url(struct cli *cli, struct deputy_slice path)
{
    struct deputy_slice url;
    struct buf text = buf_make(cli->arena, REMOTE_URL_MAX);
    buf_put(&text, remote_host(cli));
    buf_put(&text, path);
    buf_put_byte(&text, 0);
    return buf_finish(&text, &url) == DEPUTY_OK ? (const char *)url.ptr : "";
}

int remote_send(struct cli *cli, struct http_response *out, const struct remote_call *call)
{
    struct http_client_header headers[REMOTE_HEADERS_MAX + 1];
    size_t count = 0;
    if (call->header_count > REMOTE_HEADERS_MAX)
        return cli_complain("at most %d headers are sent", REMOTE_HEADERS_MAX), CLI_UNUSABLE;
    if (deputy_slice_present(call->authorization))
        headers[count++] =
                (struct http_client_header){deputy_slice_text("Authorization"), call->authorization};
    for (size_t i = 0; i < call->header_count; i++)
        headers[count++] = call->headers[i];
    const struct http_request request = {.method = call->method,
            .url = remote_url(cli, call->path),
            .headers = headers,
            .header_count = count,
            .body = call->body,
            .timeout_ms = REMOTE_TIMEOUT_MS,
            .response_max = REMOTE_BODY_MAX};
    enum deputy_error error = http_fetch(cli->arena, out, &request);
    if (error == DEPUTY_OK)
        return CLI_YES;
    cli_fail(cli, cli->node, error);
    if (error == DEPUTY_E_HTTP_CONNECT)
        cli_note(cli, "  Is a node there? 'deputy node' starts one; --node URL names another.");
    return error == DEPUTY_E_HTTP_URL || error == DEPUTY_E_ARGUMENT ? CLI_UNUSABLE : CLI_NO;
}

bool remote_is_yes(const struct http_response *response)
{
    return response->status >= 200 && response->status < 300;
}

/* ---- refusals ---- */

static const struct hint {
    const char *text; /* in the node's answer */
    const char *advice;
} hints[] = {
        {"Unauthorized Action", "The delegation does not hold this; 'deputy inspect' shows what it holds."},
        {"Unauthorized Capability", "The proof does not hold this; 'deputy inspect' shows what it holds."},
        {"Unauthorized Invoker", "Sign with the key that the delegation names."},
        {"Unauthorized Delegator", "Sign with the key that the proof names."},
        {"Unauthorized Revoker", "Who gave it, who holds it and who owns the space may revoke it."},
        {"Cannot find parent delegation", "The node does not know a proof: have it sent there, or sign in "
                                          "again with 'deputy sign-in'."},
        {"Key not found", "There is no such value; 'deputy kv ls' lists what is there."},
        {"pace not found", "The node does not host the space: 'deputy sign-in' has it hosted."},
        {"expired or not yet valid",
                "Sign in again, ask for a new delegation, or look at this machine's clock."},
        {"revoked", "It was taken back: ask its issuer for a new one, or sign in again."},
        {"duplicate invocation", "A node takes each invocation once: make a new one."},
        {"lifetime exceeds", "Make it with a smaller --ttl."},
};

static bool contains(struct deputy_slice text, const char *part)
{
    size_t len = strlen(part);
    for (; text.len >= len; text = deputy_slice_bytes(text.ptr + 1, text.len - 1)) {
        if (memcmp(text.ptr, part, len) == 0)
            return true;
    }
    return false;
}

int remote_refused(struct cli *cli, const char *about, const struct http_response *response)
{
    fprintf(stderr, "deputy: %s: the node refused (%d): ", about, response->status);
    cli_put_safe(stderr, response->body);
    fputc('\n', stderr);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (contains(response->body, hints[i].text)) {
            cli_note(cli, "  %s", hints[i].advice);
            break;
        }
    }
    return CLI_NO;
}

/* ---- the node's own routes ---- */

static enum deputy_error read_spaces(
        struct cli *cli, const struct deputy_slice **out, size_t *count, const struct json_value *list)
{
    size_t most = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct deputy_slice *texts = ARENA_ARRAY(cli->arena, struct deputy_slice, most + 1);
    *out = texts;
    *count = 0;
    if (texts == NULL)
        return DEPUTY_E_NOMEM;
    if (most == 0)
        return DEPUTY_OK;
    JSON_EACH (item, list) {
        enum deputy_error error = json_to_text(&texts[(*count)++], item);
        if (error != DEPUTY_OK)
            return error;
    }
    return DEPUTY_OK;
}

/* Older nodes answer with nothing but the CID. */
static enum deputy_error read_registered(
        struct cli *cli, struct remote_registered *out, struct deputy_slice body)
{
    const struct json_value *answer;
    *out = (struct remote_registered){.cid = body};
    if (body.len == 0 || body.ptr[0] != '{')
        return DEPUTY_OK;
    enum deputy_error error = json_parse(cli->arena, &answer, body);
    if (error == DEPUTY_OK)
        error = json_to_text(&out->cid, json_member(answer, "cid"));
    if (error == DEPUTY_OK)
        error = read_spaces(cli, &out->skipped, &out->skipped_count, json_member(answer, "skipped"));
    if (error == DEPUTY_OK)
        error = read_spaces(cli, &out->activated, &out->activated_count, json_member(answer, "activated"));
    return error;
}

int remote_delegate(
        struct cli *cli, struct remote_registered *out, const char *about, struct deputy_slice header)
{
    struct http_response response;
    const struct remote_call call = {
            .method = "POST", .path = deputy_slice_text("/delegate"), .authorization = header};
    int code = remote_send(cli, &response, &call);
    if (code != CLI_YES)
        return code;
    if (!remote_is_yes(&response))
        return remote_refused(cli, about, &response);
    enum deputy_error error = read_registered(cli, out, response.body);
    return error == DEPUTY_OK ? CLI_YES : (cli_fail(cli, "the node's answer", error), CLI_NO);
}

int remote_info(struct cli *cli, struct deputy_slice *did)
{
    struct http_response response;
    const struct json_value *info;
    int64_t protocol = 0;
    const struct remote_call call = {.method = "GET", .path = deputy_slice_text("/info")};
    int code = remote_send(cli, &response, &call);
    if (code != CLI_YES)
        return code;
    *did = (struct deputy_slice){0};
    if (!remote_is_yes(&response) || json_parse(cli->arena, &info, response.body) != DEPUTY_OK ||
            json_to_int64(&protocol, json_member(info, "protocol")) != DEPUTY_OK ||
            protocol != REMOTE_PROTOCOL)
        return cli_complain("%s: no data node of protocol %d answers there", cli->node, REMOTE_PROTOCOL),
               CLI_NO;
    json_to_text(did, json_member(info, "nodeId"));
    return CLI_YES;
}

int remote_peer(struct cli *cli, struct deputy_slice *did, struct deputy_slice space)
{
    struct http_response response;
    struct remote_call call = {.method = "GET"};
    struct buf path = buf_make(cli->arena, REMOTE_URL_MAX);
    buf_put_text(&path, "/peer/generate/");
    percent_put(&path, space, "");
    if (buf_finish(&path, &call.path) != DEPUTY_OK)
        return cli_fail(cli, "the space", DEPUTY_E_LIMIT);
    int code = remote_send(cli, &response, &call);
    *did = response.body;
    return code != CLI_YES || remote_is_yes(&response) ? code : remote_refused(cli, "hosting", &response);
}
