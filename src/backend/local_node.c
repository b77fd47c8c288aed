#include "backend/local_node.h"
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <strings.h>

#define META "x-tinycloud-meta-"

enum { NAME_MAX_BYTES = 128 };

static bool is_meta(struct deputy_slice name)
{
    size_t len = sizeof META - 1;
    return name.len > len && name.len < NAME_MAX_BYTES && strncasecmp((const char *)name.ptr, META, len) == 0;
}

/* ---- to the node ---- */

static const char *const of_read[] = {"if-none-match", "x-tinycloud-max-response-bytes", NULL};
static const char *const of_change[] = {"if-match", NULL};
static const char *const of_value[] = {"if-match", "if-none-match", "content-type", "content-encoding",
        "content-language", "content-disposition", NULL};
static const char *const of_none[] = {NULL};

static const char *const *names_of(enum local_headers headers)
{
    static const char *const *const lists[] = {
            [LOCAL_HEADERS_READ] = of_read,
            [LOCAL_HEADERS_CHANGE] = of_change,
            [LOCAL_HEADERS_VALUE] = of_value,
            [LOCAL_HEADERS_NONE] = of_none,
    };
    return lists[headers];
}

struct header_list {
    struct deputy_arena *arena;
    struct http_client_header *items;
    size_t count;
};

static enum deputy_error add(struct header_list *list, struct deputy_slice name, struct deputy_slice value)
{
    ENSURE(list->count < LOCAL_HEADERS_MAX, DEPUTY_E_LOCAL_HEADERS);
    struct http_client_header *item = &list->items[list->count++];
    TRY(arena_copy(list->arena, &item->name, name));
    return arena_copy(list->arena, &item->value, value);
}

static enum deputy_error add_named(struct header_list *list, const struct http_exchange *x, const char *name)
{
    struct deputy_slice value = http_header(x, name);
    return deputy_slice_present(value) ? add(list, deputy_slice_text(name), value) : DEPUTY_OK;
}

static enum deputy_error add_meta(struct header_list *list, const struct http_exchange *x)
{
    struct deputy_slice name, value;
    for (size_t i = 0; http_header_at(x, i, &name, &value); i++) {
        if (is_meta(name))
            TRY(add(list, name, value));
    }
    return DEPUTY_OK;
}

enum deputy_error local_node_request(struct deputy_arena *arena, const struct http_client_header **headers,
        size_t *count, const struct http_exchange *x, const struct local_request *request)
{
    struct header_list list = {arena, ARENA_ARRAY(arena, struct http_client_header, LOCAL_HEADERS_MAX), 0};
    ENSURE(list.items != NULL, arena_error(arena));
    for (size_t i = 0; i < request->more_count; i++)
        TRY(add(&list, request->more[i].name, request->more[i].value));
    for (const char *const *name = names_of(request->headers); *name != NULL; name++)
        TRY(add_named(&list, x, *name));
    if (request->headers == LOCAL_HEADERS_VALUE)
        TRY(add_meta(&list, x));
    *headers = list.items;
    *count = list.count;
    return DEPUTY_OK;
}

/* ---- to the app ---- */

static void pass_meta(struct http_exchange *x, const struct http_client_header *header)
{
    char name[NAME_MAX_BYTES];
    if (!is_meta(header->name))
        return;
    memcpy(name, header->name.ptr, header->name.len);
    name[header->name.len] = '\0';
    http_reply_header(x, name, header->value);
}

void local_node_headers(struct http_exchange *x, const struct http_response *head)
{
    static const char *const passed[] = {"Content-Type", "Content-Encoding", "Content-Language",
            "Content-Disposition", "ETag", "Cache-Control"};
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        struct deputy_slice value = http_response_header(head, passed[i]);
        if (deputy_slice_present(value))
            http_reply_header(x, passed[i], value);
    }
    for (size_t i = 0; i < head->header_count; i++)
        pass_meta(x, &head->headers[i]);
}

uint64_t local_node_length(const struct http_response *head)
{
    struct deputy_slice text = http_response_header(head, "content-length");
    uint64_t length = 0;
    if (text.len == 0 || text.len > 18)
        return UINT64_MAX;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return UINT64_MAX;
        length = length * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return length;
}

/* ---- refusals ---- */

struct refusal_kind {
    int status;
    const char *name;
    enum backend_blame blame;
};

static const struct refusal_kind *kind_of(int status)
{
    static const struct refusal_kind kinds[] = {
            {404, "not_found", BLAME_DATA},
            {409, "conflict", BLAME_DATA},
            {412, "precondition_failed", BLAME_DATA},
            {413, "payload_too_large", BLAME_REQUEST},
            {402, "quota_exceeded", BLAME_DATA},
            {0, "refused", BLAME_REQUEST},
    };
    const struct refusal_kind *kind = kinds;
    while (kind->status != 0 && kind->status != status)
        kind++;
    return kind;
}

/* Cut text may end within a character. */
static struct deputy_slice words_of(struct deputy_slice said)
{
    for (size_t cut = 0; cut < 4 && said.len > 0; cut++) {
        if (utf8_valid(said))
            return said;
        said.len--;
    }
    return deputy_slice_text("the data node says nothing more");
}

void local_node_refusal(struct http_exchange *x, int status, struct deputy_slice said)
{
    const struct refusal_kind *kind = kind_of(status);
    http_set_reason(x, DEPUTY_E_LOCAL_REFUSED);
    backend_answer_error(x, status, kind->name, words_of(said), kind->blame);
}
