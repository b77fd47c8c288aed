/* What an owner has granted, and who has granted anything. */
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_handlers.h"
#include "backend/local_query.h"
#include "backend/local_read.h"
#include "backend/local_standing.h"
#include "base/arena.h"

enum { VIEW_MAX = 4 * 1024 * 1024, LOOK_ARENA = 16 * 1024 * 1024 };

/* ---- one owner ---- */

struct grant_view {
    struct http_exchange *x;
    struct backend_loop *on;
    struct local_standing standing;
    struct backend_wants wants;
    enum deputy_error error;
};

static void view_read(void *ctx)
{
    struct grant_view *view = ctx;
    uint8_t owner[20];
    memcpy(owner, view->standing.owner, sizeof owner);
    view->error =
            local_standing_read(http_arena(view->x), &view->standing, &view->wants, view->on->backend, owner);
}

static void put_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

/* tinycloud.kv/get is get, below the service tinycloud.kv, which is kv: as calls name them. */
static struct deputy_slice behind(struct deputy_slice text, char mark)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != (uint8_t)mark)
        at--;
    return deputy_slice_bytes(text.ptr + at, text.len - at);
}

static void put_resource(struct json_writer *json, const struct deputy_permission *permission)
{
    json_object_begin(json);
    put_text(json, "service", behind(permission->service, '.'));
    put_text(json, "space", permission->space);
    put_text(json, "path", permission->path);
    json_key(json, "actions");
    json_array_begin(json);
    for (size_t i = 0; i < permission->action_count; i++)
        json_text(json, behind(permission->actions[i], '/'));
    json_array_end(json);
    json_key(json, "caveats");
    if (deputy_slice_present(permission->caveats)) {
        json_raw(json, permission->caveats);
    } else {
        json_array_begin(json);
        json_array_end(json);
    }
    json_object_end(json);
}

/* Whatever a grant gives beyond the policy is of no use: a grant that stands gives just what is wanted. */
static void put_resources(struct json_writer *json, const struct grant_view *view)
{
    enum standing standing = view->standing.standing;
    json_key(json, "resources");
    json_array_begin(json);
    for (size_t i = 0; i < view->wants.entries.count; i++) {
        if (standing == STANDING_ACTIVE || standing == STANDING_PENDING)
            put_resource(json, &view->wants.entries.items[i]);
    }
    json_array_end(json);
}

static void view_answer(void *ctx)
{
    struct grant_view *view = ctx;
    if (view->error != DEPUTY_OK) {
        local_refuse(view->x, DEPUTY_E_STORE_UNAVAILABLE, BLAME_BACKEND);
        return;
    }
    struct buf text = buf_make(http_arena(view->x), VIEW_MAX);
    struct json_writer json = json_writer_make(&text);
    local_standing_finish(&view->standing, view->on->backend);
    json_object_begin(&json);
    local_standing_put(&json, &view->standing);
    put_text(&json, "node", view->on->backend->node);
    put_resources(&json, view);
    json_object_end(&json);
    backend_answer_json(view->x, 200, &text);
}

enum http_flow local_grant(struct http_exchange *x, void *app)
{
    struct grant_view *view = ARENA_NEW(http_arena(x), struct grant_view);
    if (view == NULL)
        return local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    *view = (struct grant_view){.x = x, .on = app};
    if (!local_admits_owner(x, app, view->standing.owner))
        return HTTP_DONE;
    http_offload(x, view_read, view_answer, view);
    return HTTP_LATER;
}

/* ---- all owners ---- */

struct owners_page {
    struct http_exchange *x;
    struct backend_loop *on;
    const uint8_t *after; /* NULL: from the first */
    uint8_t cursor[20];
    size_t limit, count;
    bool more;
    struct local_standing *standings;
    enum deputy_error error;
};

/* One more than the page shows whether there are more. */
static enum deputy_error page_fill(struct owners_page *page, struct deputy_arena *scratch)
{
    struct deputy_arena *arena = http_arena(page->x);
    const struct backend *backend = page->on->backend;
    const uint8_t(*owners)[20];
    size_t count;
    TRY(grants_list(arena, &owners, &count, backend->grants, page->after, page->limit + 1));
    page->more = count > page->limit;
    page->count = page->more ? page->limit : count;
    page->standings = ARENA_ARRAY(arena, struct local_standing, page->count + 1);
    ENSURE(page->standings != NULL, arena_error(arena));
    for (size_t i = 0; i < page->count; i++) {
        TRY(local_standing_read(scratch, &page->standings[i], NULL, backend, owners[i]));
        deputy_arena_reset(scratch);
    }
    return DEPUTY_OK;
}

static void page_read(void *ctx)
{
    struct owners_page *page = ctx;
    struct deputy_arena *scratch;
    page->error = deputy_arena_create(&scratch, LOOK_ARENA);
    if (page->error != DEPUTY_OK)
        return;
    page->error = page_fill(page, scratch);
    deputy_arena_destroy(scratch);
}

static void put_cursor(struct json_writer *json, const struct owners_page *page)
{
    char address[42];
    json_key(json, "cursor");
    if (!page->more) {
        json_null(json);
        return;
    }
    deputy_address_format(address, page->standings[page->count - 1].owner);
    json_text(json, deputy_slice_bytes(address, sizeof address));
}

static void page_answer(void *ctx)
{
    struct owners_page *page = ctx;
    if (page->error != DEPUTY_OK) {
        local_refuse(page->x, DEPUTY_E_STORE_UNAVAILABLE, BLAME_BACKEND);
        return;
    }
    struct buf text = buf_make(http_arena(page->x), VIEW_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "owners");
    json_array_begin(&json);
    for (size_t i = 0; i < page->count; i++) {
        if (page->standings[i].standing == STANDING_NONE)
            continue; /* over, and its owner knows */
        local_standing_finish(&page->standings[i], page->on->backend);
        json_object_begin(&json);
        local_standing_put(&json, &page->standings[i]);
        json_object_end(&json);
    }
    json_array_end(&json);
    put_cursor(&json, page);
    json_object_end(&json);
    backend_answer_json(page->x, 200, &text);
}

static enum deputy_error page_asked(struct owners_page *page)
{
    struct deputy_slice limit, cursor;
    TRY(local_query(page->x, "limit", &limit));
    TRY(local_query(page->x, "cursor", &cursor));
    TRY(local_limit_read(&page->limit, limit));
    if (!deputy_slice_present(cursor))
        return DEPUTY_OK;
    ENSURE(local_owner_read(page->cursor, cursor) == DEPUTY_OK, DEPUTY_E_LOCAL_CURSOR);
    page->after = page->cursor;
    return DEPUTY_OK;
}

enum http_flow local_owners(struct http_exchange *x, void *app)
{
    struct owners_page *page = ARENA_NEW(http_arena(x), struct owners_page);
    if (page == NULL)
        return local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    *page = (struct owners_page){.x = x, .on = app};
    if (!local_admits(x, app))
        return HTTP_DONE;
    enum deputy_error error = page_asked(page);
    if (error != DEPUTY_OK)
        return local_refuse(x, error, BLAME_REQUEST);
    http_offload(x, page_read, page_answer, page);
    return HTTP_LATER;
}
