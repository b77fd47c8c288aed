#include "node/quota_ask.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "http/client.h"
#include "http/guard.h"

enum { ASK_URL_MAX = GUARD_URL_MAX + 3 * QUOTA_SPACE_MAX + 64 };

static bool has_byte(struct deputy_slice text, char byte)
{
    return memchr(text.ptr, byte, text.len) != NULL;
}

/* A text with a '@' anywhere is refused: an address needs none, and credentials have one. */
enum deputy_error quota_url_check(struct deputy_slice url)
{
    const char *why = "";
    ENSURE(url.len > 0 && url.len <= GUARD_URL_MAX, DEPUTY_E_GUARD_URL);
    ENSURE(!has_byte(url, '@') && !has_byte(url, '?') && !has_byte(url, '#'), DEPUTY_E_GUARD_URL);
    ENSURE(guard_url_is_web(url, &why) == DEPUTY_OK, DEPUTY_E_GUARD_URL);
    return DEPUTY_OK;
}

enum deputy_error quota_url_make(
        struct deputy_arena *arena, const char **out, struct deputy_slice url, struct deputy_slice space)
{
    struct deputy_slice text;
    struct buf all = buf_make(arena, ASK_URL_MAX);
    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    buf_put(&all, url);
    buf_put_text(&all, "/api/quota/");
    percent_put(&all, space, "-._~:");
    buf_put_byte(&all, '\0');
    TRY(buf_finish(&all, &text));
    *out = (const char *)text.ptr;
    return DEPUTY_OK;
}

enum deputy_error quota_answer_read(struct deputy_arena *arena, uint64_t *bytes, struct deputy_slice body)
{
    const struct json_value *answer;
    int64_t number;
    ENSURE(json_parse(arena, &answer, body) == DEPUTY_OK, DEPUTY_E_QUOTA_ANSWER);
    ENSURE(json_to_int64(&number, json_member(answer, "storage_limit_bytes")) == DEPUTY_OK && number >= 0,
            DEPUTY_E_QUOTA_ANSWER);
    *bytes = (uint64_t)number;
    return DEPUTY_OK;
}

enum deputy_error quota_ask(
        struct deputy_arena *arena, uint64_t *bytes, const struct quota_question *question)
{
    const struct http_client_header headers[] = {
            {deputy_slice_text("Accept"), deputy_slice_text("application/json")}};
    struct http_response response;
    struct http_request request = {
            .method = "GET",
            .headers = headers,
            .header_count = sizeof headers / sizeof headers[0],
            .timeout_ms = question->timeout_ms,
            .connect_ms = QUOTA_CONNECT_MS,
            .cancel = question->cancel,
            .response_max = QUOTA_ANSWER_MAX,
    };
    TRY(quota_url_make(arena, &request.url, question->url, question->space));
    TRY(http_fetch(arena, &response, &request));
    ENSURE(response.status == 200, DEPUTY_E_QUOTA_STATUS);
    return quota_answer_read(arena, bytes, response.body);
}
