#include "evidence/maker.h"
#include "base/try.h"

enum { STATUS_OK = 200, STATUS_REDIRECTS = 300, STATUS_MISTAKES = 400 };

static bool begins(struct deputy_slice text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.ptr, with, strlen(with)) == 0;
}

/* After the scheme: a host of this machine, and nothing that a longer name could begin with. */
static bool is_here(struct deputy_slice authority)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t len = strlen(hosts[i]);
        if (begins(authority, hosts[i]) &&
                (authority.len == len || authority.ptr[len] == ':' || authority.ptr[len] == '/'))
            return true;
    }
    return false;
}

static bool is_plain(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '@' || c == '\\')
            return false;
    }
    return true;
}

enum deputy_error maker_base(
        struct deputy_slice *out, struct deputy_refusal *refusal, struct deputy_slice text)
{
    const size_t secure = strlen("https://"), open = strlen("http://");
    *refusal = (struct deputy_refusal){DEPUTY_E_COLLATERAL_URL, {text, {0}}};
    *out = text;
    while (out->len > 0 && out->ptr[out->len - 1] == '/')
        out->len--;
    ENSURE(is_plain(*out) && out->len < MAKER_URL_MAX / 2, DEPUTY_E_COLLATERAL_URL);
    if (begins(*out, "https://") && out->len > secure)
        return DEPUTY_OK;
    ENSURE(begins(*out, "http://"), DEPUTY_E_COLLATERAL_URL);
    return is_here(deputy_slice_bytes(out->ptr + open, out->len - open)) ? DEPUTY_OK
                                                                         : DEPUTY_E_COLLATERAL_URL;
}

enum deputy_error maker_refuse(struct deputy_refusal *refusal, const char *url, const char *why)
{
    *refusal = (struct deputy_refusal){
            DEPUTY_E_COLLATERAL_FETCH, {deputy_slice_text(url), deputy_slice_text(why)}};
    return DEPUTY_E_COLLATERAL_FETCH;
}

static const char *why_not(int status)
{
    if (status >= STATUS_REDIRECTS && status < STATUS_MISTAKES)
        return "it points to another place, which is not followed";
    return status == 404 ? "it knows nothing of this platform" : "it does not answer with status 200";
}

enum deputy_error maker_get(struct deputy_arena *arena, struct http_response *out,
        struct deputy_refusal *refusal, const char *url)
{
    const struct http_request request = {
            .method = "GET", .url = url, .timeout_ms = MAKER_TIMEOUT_MS, .response_max = MAKER_BODY_MAX};
    enum deputy_error error = http_fetch(arena, out, &request);
    ENSURE(error != DEPUTY_E_NOMEM && error != DEPUTY_E_LIMIT, error);
    if (error != DEPUTY_OK)
        return maker_refuse(refusal, url, deputy_error_info(error)->text);
    return out->status == STATUS_OK ? DEPUTY_OK : maker_refuse(refusal, url, why_not(out->status));
}
