#include "http/parse.h"
#include <strings.h>

/* ---- the lines of a head, before llhttp sees them ---- */

size_t parse_head_end(struct deputy_slice bytes, size_t *scanned)
{
    while (*scanned < bytes.len) {
        const uint8_t *line_end = memchr(bytes.ptr + *scanned, '\n', bytes.len - *scanned);
        if (line_end == NULL) {
            *scanned = bytes.len;
            return 0;
        }
        size_t at = (size_t)(line_end - bytes.ptr);
        *scanned = at + 1;
        if ((at >= 1 && bytes.ptr[at - 1] == '\n') || (at >= 2 && memcmp(line_end - 2, "\n\r", 2) == 0))
            return at + 1;
    }
    return 0;
}

/* The line without its CR LF; false when it ends otherwise. (A CR or NUL inside a line is refused by llhttp.)
 */
static bool line_take(struct deputy_slice *bytes, struct deputy_slice *line)
{
    const uint8_t *end = memchr(bytes->ptr, '\n', bytes->len);
    if (end == NULL || end == bytes->ptr || end[-1] != '\r')
        return false;
    *line = deputy_slice_bytes(bytes->ptr, (size_t)(end - 1 - bytes->ptr));
    bytes->len -= line->len + 2;
    bytes->ptr = end + 1;
    return true;
}

/* A field line starts with its name, and the colon follows the name at once: no obs-fold, no "Name : value".
 */
static bool field_line_is_strict(struct deputy_slice line)
{
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL || colon == line.ptr)
        return false;
    return line.ptr[0] != ' ' && line.ptr[0] != '\t' && colon[-1] != ' ' && colon[-1] != '\t';
}

/* Method, target and version with one space between each. */
static bool request_line_is_strict(struct deputy_slice line)
{
    size_t spaces = 0;
    for (size_t i = 0; i < line.len; i++)
        spaces += line.ptr[i] == ' ';
    return spaces == 2;
}

static bool lines_are_strict(struct deputy_slice bytes)
{
    struct deputy_slice line;
    if (!line_take(&bytes, &line) || !request_line_is_strict(line))
        return false;
    while (line_take(&bytes, &line)) {
        if (line.len == 0)
            return bytes.len == 0;
        if (!field_line_is_strict(line))
            return false;
    }
    return false;
}

/* ---- what llhttp tells ---- */

static struct http_parser *parser_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

static int refuse(struct http_parser *parser, int status)
{
    parser->status = status;
    return HPE_USER;
}

/* Spans of one thing follow each other without a gap, since the head lies in one piece. */
static void span_extend(struct deputy_slice *slice, const char *at, size_t len)
{
    if (slice->ptr == NULL)
        slice->ptr = (const uint8_t *)at;
    slice->len += len;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t len)
{
    span_extend(&parser_of(llhttp)->head->target, at, len);
    return 0;
}

static int on_field_name(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_parser *parser = parser_of(llhttp);
    struct http_head *head = parser->head;
    if (head ==
            NULL) /* a trailer field after the last chunk: nobody needs them, and they have hidden attacks */
        return refuse(parser, 400);
    if (head->count == HTTP_MAX_FIELDS)
        return refuse(parser, 431);
    span_extend(&head->fields[head->count].name, at, len);
    return 0;
}

static int on_field_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_head *head = parser_of(llhttp)->head;
    span_extend(&head->fields[head->count].value, at, len);
    return 0;
}

static int on_field_value_complete(llhttp_t *llhttp)
{
    struct http_head *head = parser_of(llhttp)->head;
    if (head == NULL)
        return HPE_USER;
    struct deputy_slice *value = &head->fields[head->count].value;
    if (value->ptr == NULL)
        *value = deputy_slice_text("");
    while (value->len > 0 && (value->ptr[value->len - 1] == ' ' || value->ptr[value->len - 1] == '\t'))
        value->len--;
    head->count++;
    if (head->count < HTTP_MAX_FIELDS)
        head->fields[head->count] = (struct http_field){{NULL, 0}, {NULL, 0}};
    return 0;
}

static int on_headers_complete(llhttp_t *llhttp)
{
    struct http_head *head = parser_of(llhttp)->head;
    head->http_1_1 = llhttp->http_minor == 1;
    head->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    head->content_length = (llhttp->flags & F_CHUNKED) != 0 ? UINT64_MAX : llhttp->content_length;
    llhttp->upgrade = 0; /* an offer that we do not take */
    return 0;
}

static int on_chunk_extension(llhttp_t *llhttp, const char *at, size_t len)
{
    (void)at;
    (void)len;
    return refuse(parser_of(llhttp), 400);
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    parser_of(llhttp)->piece = deputy_slice_bytes(at, len);
    return len > 0 ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
    parser_of(llhttp)->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t parser_settings = {
        .on_url = on_url,
        .on_header_field = on_field_name,
        .on_header_value = on_field_value,
        .on_header_value_complete = on_field_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_chunk_extension_name = on_chunk_extension,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
};

/* ---- what a head must be ---- */

static bool field_is(const struct http_field *field, const char *name)
{
    return field->name.len == strlen(name) &&
           strncasecmp((const char *)field->name.ptr, name, field->name.len) == 0;
}

struct deputy_slice head_field(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (field_is(&head->fields[i], name))
            return head->fields[i].value;
    }
    return (struct deputy_slice){NULL, 0};
}

static size_t head_field_count(const struct http_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        count += field_is(&head->fields[i], name);
    return count;
}

static bool text_is_nocase(struct deputy_slice text, const char *expected)
{
    return text.len == strlen(expected) && strncasecmp((const char *)text.ptr, expected, text.len) == 0;
}

static int sizes_judge(const struct http_head *head)
{
    size_t others = 0;
    if (head->target.len > HTTP_MAX_TARGET)
        return 414;
    for (size_t i = 0; i < head->count; i++) {
        const struct http_field *field = &head->fields[i];
        if (!field_is(field, "authorization"))
            others += field->name.len + field->value.len + strlen(": \r\n");
        else if (field->value.len > HTTP_MAX_AUTHORIZATION)
            return 431;
    }
    return others > HTTP_MAX_OTHER_FIELDS ? 431 : 0;
}

/* A host and an optional port: nothing that a URL parser would cut elsewhere. */
static bool host_is_strict(struct deputy_slice host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]%";
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '\0' || strchr(allowed, host.ptr[i]) == NULL)
            return false;
    }
    return host.len > 0;
}

static int host_judge(const struct http_head *head)
{
    size_t count = head_field_count(head, "host");
    if (count > 1 || (count == 0 && head->http_1_1))
        return 400;
    return count == 0 || host_is_strict(head_field(head, "host")) ? 0 : 400;
}

/* One Content-Length, or one "chunked", or neither: never both (RFC 9112 section 6.3). */
static int framing_judge(const struct http_head *head)
{
    size_t lengths = head_field_count(head, "content-length");
    size_t codings = head_field_count(head, "transfer-encoding");
    if (lengths + codings > 1)
        return 400;
    if (codings == 1)
        return head->http_1_1 && text_is_nocase(head_field(head, "transfer-encoding"), "chunked") ? 0 : 400;
    return head->content_length > INT64_MAX ? 400 : 0;
}

static int expect_judge(struct http_head *head)
{
    struct deputy_slice expect = head_field(head, "expect");
    if (!deputy_slice_present(expect) || !head->http_1_1)
        return 0;
    head->expects_continue = text_is_nocase(expect, "100-continue");
    return head->expects_continue ? 0 : 417;
}

/* The origin form alone: "/path?query", or "*" for OPTIONS. */
static int target_judge(const struct http_head *head)
{
    if (head->method == HTTP_METHOD_OPTIONS && deputy_slice_equal(head->target, deputy_slice_text("*")))
        return 0;
    if (head->target.len == 0 || head->target.ptr[0] != '/')
        return 400;
    for (size_t i = 0; i < head->target.len; i++) {
        if (head->target.ptr[i] <= ' ' || head->target.ptr[i] >= 0x7f || head->target.ptr[i] == '#')
            return 400;
    }
    return 0;
}

static int head_judge(struct http_head *head)
{
    int status = sizes_judge(head);
    if (status == 0)
        status = host_judge(head);
    if (status == 0)
        status = framing_judge(head);
    if (status == 0)
        status = target_judge(head);
    return status == 0 ? expect_judge(head) : status;
}

static enum http_method method_of(const llhttp_t *llhttp)
{
    switch (llhttp->method) {
    case HTTP_GET:
        return HTTP_METHOD_GET;
    case HTTP_HEAD:
        return HTTP_METHOD_HEAD;
    case HTTP_POST:
        return HTTP_METHOD_POST;
    case HTTP_PUT:
        return HTTP_METHOD_PUT;
    case HTTP_DELETE:
        return HTTP_METHOD_DELETE;
    case HTTP_OPTIONS:
        return HTTP_METHOD_OPTIONS;
    case HTTP_PATCH:
        return HTTP_METHOD_PATCH;
    default:
        return HTTP_METHOD_OTHER;
    }
}

static int version_judge(const llhttp_t *llhttp)
{
    return llhttp->http_major == 1 && llhttp->http_minor <= 1 ? 0 : 505;
}

int parse_head(struct http_parser *parser, struct http_head *head, struct deputy_slice bytes)
{
    head->method = HTTP_METHOD_OTHER;
    head->target = (struct deputy_slice){NULL, 0};
    head->count = 0;
    head->expects_continue = head->keep_alive = false;
    head->fields[0] = (struct http_field){{NULL, 0}, {NULL, 0}};
    if (!lines_are_strict(bytes))
        return 400;

    llhttp_init(&parser->llhttp, HTTP_REQUEST, &parser_settings);
    parser->llhttp.data = parser;
    parser->head = head;
    parser->complete = false;
    parser->status = 400;
    enum llhttp_errno result = llhttp_execute(&parser->llhttp, (const char *)bytes.ptr, bytes.len);
    parser->head = NULL;
    if (result != HPE_OK && !(result == HPE_PAUSED && parser->complete))
        return parser->status;
    head->method = method_of(&parser->llhttp);
    int status = version_judge(&parser->llhttp);
    return status == 0 ? head_judge(head) : status;
}

/* Chunks end with CR LF: llhttp takes a bare LF for their last line. */
static bool end_is_strict(struct http_parser *parser, struct deputy_slice used)
{
    for (size_t i = used.len > 2 ? used.len - 2 : 0; i < used.len; i++) {
        parser->tail[0] = parser->tail[1];
        parser->tail[1] = used.ptr[i];
    }
    bool chunked = (parser->llhttp.flags & F_CHUNKED) != 0;
    return !parser->complete || !chunked || memcmp(parser->tail, "\r\n", 2) == 0;
}

enum parse_step parse_body(struct http_parser *parser, struct deputy_slice bytes, size_t *used)
{
    *used = 0;
    if (parser->complete)
        return PARSE_COMPLETE;
    parser->piece = (struct deputy_slice){NULL, 0};
    if (llhttp_get_errno(&parser->llhttp) == HPE_PAUSED)
        llhttp_resume(&parser->llhttp);
    enum llhttp_errno result = llhttp_execute(&parser->llhttp, (const char *)bytes.ptr, bytes.len);
    if (result != HPE_OK && result != HPE_PAUSED)
        return PARSE_BAD;
    *used = bytes.len;
    if (result == HPE_PAUSED)
        *used = (size_t)((const uint8_t *)llhttp_get_error_pos(&parser->llhttp) - bytes.ptr);
    if (!end_is_strict(parser, deputy_slice_bytes(bytes.ptr, *used)))
        return PARSE_BAD;
    if (parser->piece.len > 0)
        return PARSE_PIECE;
    return parser->complete ? PARSE_COMPLETE : PARSE_MORE;
}
