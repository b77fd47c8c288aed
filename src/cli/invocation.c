#include "cli/invocation.h"
#include "base/codec.h"
#include "cli/output.h"

enum { INVOCATION_TTL = 60 };

bool invocation_header(struct invocation *invocation, struct deputy_slice name, struct deputy_slice value)
{
    if (invocation->header_count == REMOTE_HEADERS_MAX) {
        cli_complain("at most %d headers are sent", REMOTE_HEADERS_MAX);
        return false;
    }
    invocation->headers[invocation->header_count++] = (struct http_client_header){name, value};
    return true;
}

int invocation_send(struct cli *cli, struct http_response *out, const struct actor *actor,
        const struct invocation *invocation)
{
    struct deputy_action action = invocation->action;
    struct remote_call call = {.method = "POST",
            .path = deputy_slice_text("/invoke"),
            .headers = invocation->headers,
            .header_count = invocation->header_count,
            .body = invocation->body};
    if (!deputy_slice_present(action.space))
        action.space = actor->space;
    int code = actor_invoke(cli, &call.authorization, actor, &action,
            invocation->ttl != 0 ? invocation->ttl : INVOCATION_TTL);
    return code == CLI_YES ? remote_send(cli, out, &call) : code;
}

void invocation_put_body(struct cli *cli, struct json_writer *json, struct deputy_slice body)
{
    struct deputy_slice text;
    if (utf8_valid(body)) {
        json_key(json, "body");
        json_text(json, body);
        return;
    }
    struct buf encoded = buf_make(cli->arena, OUTPUT_JSON_MAX);
    base64_put(&encoded, body);
    json_key(json, "bodyBase64");
    if (buf_finish(&encoded, &text) == DEPUTY_OK)
        json_text(json, text);
    else
        buf_fail(json->out, encoded.error);
}
