#include "backend/answer.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "grant/attempt.h"

enum { ANSWER_MAX = 64 * 1024 };

static const char internal_error[] =
        "{\"error\":\"internal_error\",\"message\":\"Internal error\",\"fault\":\"backend\"}";

/* What clients know of an error under another name or status than the error table's. */
struct known {
    const char *name;
    int status;
};

static const struct {
    enum deputy_error code;
    struct known known;
} KNOWN[] = {
        {DEPUTY_E_INTERNAL, {"internal_error", 500}},
        {DEPUTY_E_NOMEM, {"internal_error", 500}},
        {DEPUTY_E_LIMIT, {"payload_too_large", 413}},
        {DEPUTY_E_HTTP_TOO_LARGE, {"payload_too_large", 413}},
        {DEPUTY_E_UTF8, {"invalid_json", 400}},
        {DEPUTY_E_JSON_SYNTAX, {"invalid_json", 400}},
        {DEPUTY_E_JSON_DEPTH, {"invalid_json", 400}},
        {DEPUTY_E_JSON_DUPLICATE, {"invalid_json", 400}},
        {DEPUTY_E_JSON_TRAILING, {"invalid_json", 400}},
        {DEPUTY_E_JSON_NUMBER, {"invalid_body", 400}},
        {DEPUTY_E_JSON_TYPE, {"invalid_body", 400}},
        {DEPUTY_E_DELEGATION_REFUSED, {"no_delegation", 403}},
        {DEPUTY_E_CALL_REFUSED, {"no_delegation", 403}},
        {DEPUTY_E_GRANT_RECORD, {"store_unavailable", 503}},
};

/* To a client 401 says that its token is bad, and it throws the token away: errors of encodings, tokens and
 * chains, which a node answers so, are not about that. */
static bool is_of_library(enum deputy_error code)
{
    return code < 0 && code > -600;
}

static struct known known_of(enum deputy_error code)
{
    const struct deputy_error_info *info = deputy_error_info(code);
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        if (KNOWN[i].code == code)
            return KNOWN[i].known;
    }
    return (struct known){info->name, info->status == 401 && is_of_library(code) ? 400 : info->status};
}

struct deputy_slice backend_refusal_text(struct deputy_arena *arena, const struct deputy_refusal *refusal)
{
    const struct deputy_refusal bare = {.code = refusal->code};
    struct deputy_slice text = deputy_slice_text("");
    if (deputy_refusal_format(arena, &text, refusal) != DEPUTY_OK || !utf8_valid(text))
        deputy_refusal_format(arena, &text, &bare);
    return text;
}

void backend_answer_error(struct http_exchange *x, int status, const char *name, struct deputy_slice message,
        enum backend_blame blame)
{
    struct buf text = buf_make(http_arena(x), ANSWER_MAX);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "error");
    json_text_z(&writer, name);
    json_key(&writer, "message");
    json_text(&writer, message);
    json_key(&writer, "fault");
    json_text_z(&writer, backend_blame_name(blame));
    json_object_end(&writer);
    backend_answer_json(x, status, &text);
}

void backend_answer_fault(struct http_exchange *x, const struct backend_fault *fault)
{
    struct known known = known_of(fault->refusal.code);
    http_set_reason(x, fault->refusal.code);
    backend_answer_error(
            x, known.status, known.name, backend_refusal_text(http_arena(x), &fault->refusal), fault->blame);
}

void backend_answer_json(struct http_exchange *x, int status, struct buf *built)
{
    struct deputy_slice text;
    if (buf_finish(built, &text) == DEPUTY_OK)
        http_reply_json(x, status, text);
    else
        http_reply_json(x, 500, deputy_slice_text(internal_error));
}

const char *backend_blame_name(enum backend_blame blame)
{
    static const char *const names[] = {
            [BLAME_REQUEST] = "request",
            [BLAME_GRANT] = "grant",
            [BLAME_NODE] = "node",
            [BLAME_DATA] = "data",
            [BLAME_BACKEND] = "backend",
    };
    return names[blame];
}
