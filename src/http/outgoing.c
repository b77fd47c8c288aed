#include "http/outgoing.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include <pthread.h>
#include <strings.h>

enum { OUTGOING_MAX_LINE = 512 * 1024 };

/* ---- what holds for all ---- */

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void policy_set(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

void outgoing_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_start);
}

CURL *outgoing_handle(void)
{
    outgoing_start();
    CURL *curl = curl_easy_init();
    if (curl != NULL)
        policy_set(curl);
    return curl;
}

void outgoing_trust(CURL *curl, struct deputy_slice authorities)
{
    struct curl_blob blob = {
            .data = (void *)(uintptr_t)authorities.ptr, .len = authorities.len, .flags = CURL_BLOB_NOCOPY};
    if (!deputy_slice_present(authorities))
        return;
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

bool outgoing_is_web(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* ---- what goes out ---- */

static bool is_one_line(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' && text.ptr[i] != '\t')
            return false;
    }
    return true;
}

/* An empty value is written "Name;": libcurl would leave "Name:" out. */
static enum deputy_error header_line(
        struct deputy_arena *arena, char **out, const struct http_client_header *header)
{
    struct buf line = buf_make(arena, OUTGOING_MAX_LINE);
    struct deputy_slice text;
    ENSURE(is_one_line(header->name) && is_one_line(header->value), DEPUTY_E_ARGUMENT);
    ENSURE(header->name.len > 0 && memchr(header->name.ptr, ':', header->name.len) == NULL,
            DEPUTY_E_ARGUMENT);
    buf_reserve(&line, header->name.len + header->value.len + 3);
    buf_put(&line, header->name);
    buf_put_text(&line, header->value.len > 0 ? ": " : ";");
    buf_put(&line, header->value);
    buf_put_byte(&line, '\0');
    TRY(buf_finish(&line, &text));
    *out = (char *)text.ptr;
    return DEPUTY_OK;
}

static bool names_type(const struct http_client_header *headers, size_t count)
{
    static const char name[] = "Content-Type";
    for (size_t i = 0; i < count; i++) {
        struct deputy_slice known = headers[i].name;
        if (known.len == sizeof name - 1 && strncasecmp((const char *)known.ptr, name, known.len) == 0)
            return true;
    }
    return false;
}

enum deputy_error outgoing_headers(struct deputy_arena *arena, struct curl_slist **out,
        const struct http_client_header *headers, size_t count)
{
    /* A client that waits for leave to send its body loses a second where nobody gives it; and a body whose
     * type nobody told is not a form. */
    static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
    struct curl_slist *nodes = ARENA_ARRAY(arena, struct curl_slist, count + 2);
    ENSURE(nodes != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++) {
        TRY(header_line(arena, &nodes[i].data, &headers[i]));
        nodes[i].next = &nodes[i + 1];
    }
    nodes[count] = (struct curl_slist){.data = no_expect};
    if (!names_type(headers, count)) {
        nodes[count].next = &nodes[count + 1];
        nodes[count + 1].data = no_type;
    }
    *out = nodes;
    return DEPUTY_OK;
}

/* ---- what comes back ---- */

static struct deputy_slice trimmed(const uint8_t *from, const uint8_t *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r' || to[-1] == '\n'))
        to--;
    return deputy_slice_bytes(from, (size_t)(to - from));
}

enum deputy_error outgoing_head_line(struct outgoing_head *head, const char *line, size_t len)
{
    const uint8_t *start = (const uint8_t *)line, *colon = memchr(line, ':', len);
    head->len += len;
    ENSURE(head->len <= OUTGOING_MAX_HEAD, DEPUTY_E_HTTP_TOO_LARGE);
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        head->count = 0;
        return DEPUTY_OK;
    }
    ENSURE(len == 0 || (*line != ' ' && *line != '\t'), DEPUTY_E_HTTP_SYNTAX); /* folded */
    if (colon == NULL)
        return DEPUTY_OK;
    ENSURE(head->count < OUTGOING_MAX_HEADERS, DEPUTY_E_HTTP_TOO_LARGE);
    struct http_client_header *header = &head->headers[head->count++];
    TRY(arena_copy(head->arena, &header->name, trimmed(start, colon)));
    return arena_copy(head->arena, &header->value, trimmed(colon + 1, start + len));
}

enum deputy_error outgoing_error(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return DEPUTY_OK;
    case CURLE_URL_MALFORMAT:
        return DEPUTY_E_HTTP_URL;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK:
        return DEPUTY_E_HTTP_TIMEOUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND: /* a body that was sent in part and cannot be sent again */
        return DEPUTY_E_HTTP_CUT_OFF;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* the URL's is http or https: it is the answer that is not HTTP/1 */
    case CURLE_BAD_CONTENT_ENCODING:
        return DEPUTY_E_HTTP_SYNTAX;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return DEPUTY_E_HTTP_CERTIFICATE;
    case CURLE_OUT_OF_MEMORY:
        return DEPUTY_E_NOMEM;
    default:
        return DEPUTY_E_HTTP_CONNECT;
    }
}
