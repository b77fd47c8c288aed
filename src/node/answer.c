#include "node/answer.h"

/* Errors of encodings and tokens: what was sent cannot be read, so nothing was decided. */
static bool is_undecodable(enum deputy_error error)
{
    return error == DEPUTY_E_AUTHORIZATION_MISSING || error == DEPUTY_E_LIMIT ||
           (error <= -100 && error > -300 && error != DEPUTY_E_SIGNATURE);
}

static bool is_store(enum deputy_error error)
{
    return error <= -800 && error > -900 && error != DEPUTY_E_STORE_SPACE && error != DEPUTY_E_STORE_REPLAY;
}

/* Of a request to decrypt through /invoke: all but the token's own time and a body that is none. */
static bool is_forbidden(enum deputy_error error)
{
    bool chain = error <= -300 && error > -400 && error != DEPUTY_E_INVOCATION_TIME &&
                 error != DEPUTY_E_LIFETIME_EXCEEDED;
    return chain || (error <= -500 && error > -600 && error != DEPUTY_E_DECRYPT_JSON);
}

static int answer_status(enum answer_route route, enum deputy_error error)
{
    int status = deputy_error_info(error)->status;
    if (is_undecodable(error))
        return 401;
    if (route == ANSWER_REVOKE && status == 401)
        return 403;
    if (route == ANSWER_DECRYPT && is_forbidden(error))
        return 403;
    return status;
}

void answer_refusal(struct http_exchange *x, enum answer_route route, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    int status = answer_status(route, refusal->code);
    http_set_reason(x, refusal->code);
    if (is_store(refusal->code)) /* what the store says is for the log, not for the network */
        text = deputy_slice_text("database error: unavailable");
    else if (status == 500 || deputy_refusal_format(http_arena(x), &text, refusal) != DEPUTY_OK) {
        http_reply_error(x, status);
        return;
    }
    http_reply_text(x, status, text);
}

void answer_error(struct http_exchange *x, enum answer_route route, enum deputy_error error)
{
    struct deputy_refusal refusal = {.code = error};
    answer_refusal(x, route, &refusal);
}

void answer_json(struct http_exchange *x, int status, struct buf *built)
{
    struct deputy_slice text;
    if (buf_finish(built, &text) == DEPUTY_OK)
        http_reply_json(x, status, text);
    else
        http_reply_error(x, 500);
}

bool answer_json_expected(struct http_exchange *x)
{
    static const char json[] = "application/json";
    struct deputy_slice type = http_header(x, "content-type");
    size_t len = sizeof json - 1;
    if (type.len >= len && memcmp(type.ptr, json, len) == 0 &&
            (type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' '))
        return true;
    http_reply_error(x, 415);
    return false;
}
