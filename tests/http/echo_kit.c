#include "http/echo_kit.h"
#include "support/check.h"

static struct deputy_slice or_none(struct deputy_slice value)
{
    return deputy_slice_present(value) ? value : T("-");
}

enum http_flow echo_answer(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_header(x, "X-Method", T(http_method_name(http_method(x))));
    http_reply_header(x, "X-Authorization", or_none(http_header(x, "authorization")));
    http_reply_header(x, "X-Type", or_none(http_header(x, "content-type")));
    http_reply_header(x, "X-Length", or_none(http_header(x, "content-length")));
    http_reply_header(x, "X-Expect", or_none(http_header(x, "expect")));
    http_reply_header(x, "X-Cookie", or_none(http_header(x, "cookie")));
    http_reply(x, 200, "application/octet-stream", http_body(x));
    return HTTP_DONE;
}

enum http_flow echo_moved(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_header(x, "Location", T("/echo"));
    http_reply_header(x, "Set-Cookie", T("a=b"));
    http_reply(x, 302, NULL, T(""));
    return HTTP_DONE;
}
