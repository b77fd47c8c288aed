/*
 * Requests off the wire: what is read must not depend on where the bytes are cut, and a head that is taken
 * holds what the server counts on.
 */
#include "http/parse.h"
#include "property.h"
#include <strings.h>

enum { BODY_MAX = 64 * 1024 };

struct reading {
    size_t head; /* its length; 0: it did not end */
    int status;
    enum parse_step end;
    size_t used; /* of the body's bytes */
    size_t body_len;
    uint8_t body[BODY_MAX];
};

static size_t count_of(const struct http_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        count += head->fields[i].name.len == strlen(name) &&
                 strncasecmp((const char *)head->fields[i].name.ptr, name, strlen(name)) == 0;
    return count;
}

static void head_holds(const struct http_head *head)
{
    size_t lengths = count_of(head, "content-length"), codings = count_of(head, "transfer-encoding");
    HOLDS(lengths + codings <= 1);
    HOLDS(count_of(head, "host") == 1 || (!head->http_1_1 && count_of(head, "host") == 0));
    HOLDS((codings == 1) == (head->content_length == UINT64_MAX));
    HOLDS(lengths == 1 || codings == 1 || head->content_length == 0);
    for (size_t i = 0; i < head->count; i++) {
        struct deputy_slice value = head->fields[i].value;
        HOLDS(head->fields[i].name.len > 0);
        HOLDS(value.ptr != NULL);
        HOLDS(value.len == 0 ||
                (memchr(value.ptr, '\n', value.len) == NULL && memchr(value.ptr, '\r', value.len) == NULL &&
                        memchr(value.ptr, '\0', value.len) == NULL));
    }
}

/* The body in pieces of at most `step` bytes. */
static void body_read(struct reading *out, struct http_parser *parser, struct deputy_slice bytes, size_t step)
{
    size_t at = 0;
    for (;;) {
        size_t len = bytes.len - at < step ? bytes.len - at : step, used;
        uint8_t *copy = malloc(len + 1); /* of its own, so that nothing reads beyond it */
        HOLDS(copy != NULL);
        memcpy(copy, bytes.ptr + at, len);
        out->end = parse_body(parser, deputy_slice_bytes(copy, len), &used);
        HOLDS(used <= len);
        at += out->end == PARSE_BAD ? 0 : used;
        if (out->end == PARSE_PIECE) {
            HOLDS(out->body_len + parser->piece.len <= BODY_MAX);
            memcpy(out->body + out->body_len, parser->piece.ptr, parser->piece.len);
            out->body_len += parser->piece.len;
        }
        free(copy);
        if (out->end == PARSE_COMPLETE || out->end == PARSE_BAD ||
                (out->end == PARSE_MORE && at == bytes.len))
            break;
    }
    out->used = at;
}

static void request_read(struct reading *out, struct deputy_slice bytes, size_t step)
{
    static struct http_head head;
    static struct http_parser parser;
    size_t scanned = 0;
    memset(&parser, 0, sizeof parser);
    out->head = out->body_len = out->used = 0;
    out->status = 0;
    for (size_t len = 0; out->head == 0 && len < bytes.len;) {
        len = bytes.len - len < step ? bytes.len : len + step;
        out->head = parse_head_end(deputy_slice_bytes(bytes.ptr, len), &scanned);
    }
    if (out->head == 0)
        return;
    out->status = parse_head(&parser, &head, deputy_slice_bytes(bytes.ptr, out->head));
    if (out->status != 0)
        return;
    head_holds(&head);
    body_read(out, &parser, deputy_slice_bytes(bytes.ptr + out->head, bytes.len - out->head), step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, cut;
    if (size < 2 || size > BODY_MAX)
        return 0;
    struct deputy_slice bytes = deputy_slice_bytes(data + 1, size - 1);
    request_read(&whole, bytes, bytes.len);
    request_read(&cut, bytes, 1 + data[0] % 16);
    HOLDS(whole.head == cut.head && whole.status == cut.status);
    if (whole.head == 0 || whole.status != 0)
        return 0;
    HOLDS(whole.end == cut.end);
    if (whole.end == PARSE_BAD)
        return 0;
    HOLDS(whole.used == cut.used && whole.body_len == cut.body_len);
    HOLDS(memcmp(whole.body, cut.body, whole.body_len) == 0);
    return 0;
}
