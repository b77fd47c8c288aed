#include "cli/view.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "cli/output.h"
#include "cli/words.h"

enum { VIEW_TEXT_MAX = 64 * 1024, VIEW_COLUMNS = 5, VIEW_WIDEST = 60 };

static const char *const headings[VIEW_COLUMNS] = {"space", "service", "path", "actions", "for"};

struct view view_make(struct cli *cli, size_t capacity)
{
    struct view view = {.cli = cli, .rows = ARENA_ARRAY(cli->arena, struct view_row, capacity + 1)};
    view.capacity = view.rows != NULL ? capacity : 0;
    return view;
}

static void view_add(struct view *view, struct view_row row)
{
    if (view->count < view->capacity)
        view->rows[view->count++] = row;
}

/* ---- rows ---- */

/* The name after the slash, when what stands before it is the row's own service. */
static struct deputy_slice action_name(struct deputy_slice service, struct deputy_slice ability)
{
    static const char prefix[] = "tinycloud.";
    size_t skip = sizeof prefix - 1 + service.len;
    if (ability.len > skip + 1 && memcmp(ability.ptr, prefix, sizeof prefix - 1) == 0 &&
            memcmp(ability.ptr + sizeof prefix - 1, service.ptr, service.len) == 0 &&
            ability.ptr[skip] == '/')
        return deputy_slice_bytes(ability.ptr + skip + 1, ability.len - skip - 1);
    return ability;
}

static void put_action(struct buf *text, struct deputy_slice service, struct deputy_slice ability)
{
    buf_put_text(text, text->len > 0 ? ", " : "");
    buf_put(text, action_name(service, ability));
}

static struct deputy_slice owned_name(
        struct cli *cli, struct deputy_slice name, const struct deputy_principal *owner)
{
    const struct deputy_slice args[3] = {name, words_principal(cli, owner)};
    return cli_fill(cli, "{0} of {1}", args);
}

static struct deputy_slice network_text(struct cli *cli, const struct deputy_network *network)
{
    const struct deputy_slice args[3] = {network->name, words_principal(cli, &network->owner)};
    return cli_fill(cli, "network {0} of {1}", args);
}

static struct deputy_slice path_text(struct deputy_slice path)
{
    if (!deputy_slice_present(path))
        return deputy_slice_text("(everything)");
    return path.len == 0 ? deputy_slice_text("(the empty path)") : path;
}

static struct view_row resource_row(struct cli *cli, const struct deputy_resource *resource, bool name_owner)
{
    struct view_row row = {.space = deputy_slice_text("-"), .service = deputy_slice_text("-")};
    if (resource->kind == DEPUTY_RESOURCE_SPACE) {
        const struct deputy_space *space = &resource->space;
        row.space = name_owner ? owned_name(cli, space->name, &space->owner) : space->name;
        row.service = resource->service;
        row.path = path_text(resource->path);
    } else if (resource->kind == DEPUTY_RESOURCE_NETWORK) {
        row.service = deputy_slice_text("encryption");
        row.path = network_text(cli, &resource->network);
    } else {
        row.path = resource->written;
    }
    return row;
}

static bool same_place(const struct deputy_capability *a, const struct deputy_capability *b)
{
    return deputy_slice_equal(a->resource.written, b->resource.written) &&
           deputy_slice_equal(a->caveats, b->caveats);
}

/* NULL when the spaces have several owners, or there is no space at all. */
static const struct deputy_principal *only_owner(const struct deputy_capability *capabilities, size_t count)
{
    const struct deputy_principal *owner = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct deputy_resource *resource = &capabilities[i].resource;
        if (resource->kind != DEPUTY_RESOURCE_SPACE)
            continue;
        if (owner != NULL && !deputy_principal_equal(owner, &resource->space.owner))
            return NULL;
        owner = &resource->space.owner;
    }
    return owner;
}

void view_add_capabilities(struct view *view, const struct deputy_capability *capabilities, size_t count)
{
    const struct deputy_principal *owner = only_owner(capabilities, count);
    if (owner != NULL)
        view->owner = words_principal(view->cli, owner);
    for (size_t i = 0; i < count;) {
        const struct deputy_capability *first = &capabilities[i];
        struct view_row row = resource_row(view->cli, &first->resource, owner == NULL);
        struct buf actions = buf_make(view->cli->arena, VIEW_TEXT_MAX);
        for (; i < count && same_place(first, &capabilities[i]); i++)
            put_action(&actions, row.service, capabilities[i].ability);
        row.actions = cli_text(&actions);
        row.caveats = first->caveats;
        view_add(view, row);
    }
}

static struct view_row permission_row(struct cli *cli, const struct deputy_permission *permission)
{
    static const char prefix[] = "tinycloud.";
    struct view_row row = {.space = permission->space, .service = permission->service};
    struct deputy_space space;
    struct deputy_network network;
    struct buf actions = buf_make(cli->arena, VIEW_TEXT_MAX);
    if (row.service.len > sizeof prefix - 1 && memcmp(row.service.ptr, prefix, sizeof prefix - 1) == 0)
        row.service = deputy_slice_bytes(
                row.service.ptr + sizeof prefix - 1, row.service.len - (sizeof prefix - 1));
    if (deputy_space_parse(&space, permission->space) == DEPUTY_OK)
        row.space = space.name;
    row.path = permission->path.len > 0 ? permission->path : path_text((struct deputy_slice){0});
    if (deputy_network_parse(&network, permission->path) == DEPUTY_OK) {
        row.space = deputy_slice_text("-");
        row.path = network_text(cli, &network);
    }
    for (size_t i = 0; i < permission->action_count; i++)
        put_action(&actions, row.service, permission->actions[i]);
    row.actions = cli_text(&actions);
    return row;
}

void view_add_permissions(struct view *view, struct deputy_permissions permissions, struct deputy_slice who)
{
    for (size_t i = 0; i < permissions.count; i++) {
        struct view_row row = permission_row(view->cli, &permissions.items[i]);
        row.who = who;
        view_add(view, row);
    }
}

/* ---- printing ---- */

static struct deputy_slice cell(const struct view_row *row, size_t column)
{
    const struct deputy_slice cells[VIEW_COLUMNS] = {
            row->space, row->service, row->path, row->actions, row->who};
    return cells[column];
}

/* Characters, as far as a terminal shows each in one place. */
static size_t width(struct deputy_slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static size_t column_width(const struct view *view, size_t column)
{
    size_t widest = strlen(headings[column]);
    for (size_t i = 0; i < view->count; i++) {
        size_t this = width(cell(&view->rows[i], column));
        if (this > widest && this <= VIEW_WIDEST)
            widest = this;
    }
    return widest;
}

static void print_row(FILE *out, const struct deputy_slice *cells, const size_t *widths, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        size_t used = width(cells[i]);
        cli_put_safe(out, cells[i]);
        for (; i + 1 < columns && used < widths[i] + 2; used++)
            fputc(' ', out);
        if (i + 1 < columns && width(cells[i]) > widths[i])
            fputs("  ", out);
    }
    fputc('\n', out);
}

static void print_caveats(FILE *out, const char *indent, struct deputy_slice caveats)
{
    if (!deputy_slice_present(caveats))
        return;
    fprintf(out, "%s    only within: ", indent);
    cli_put_safe(out, caveats);
    fputc('\n', out);
}

static void print_owner(const struct view *view, FILE *out, const char *indent)
{
    if (!deputy_slice_present(view->owner))
        return;
    fprintf(out, "%sin the spaces of ", indent);
    cli_put_safe(out, view->owner);
    fputc('\n', out);
}

void view_print(const struct view *view, FILE *out, const char *indent)
{
    struct deputy_slice cells[VIEW_COLUMNS];
    size_t widths[VIEW_COLUMNS];
    bool with_who = view->count > 0 && deputy_slice_present(view->rows[0].who);
    size_t columns = with_who ? VIEW_COLUMNS : VIEW_COLUMNS - 1;
    for (size_t i = 0; i < columns; i++) {
        widths[i] = column_width(view, i);
        cells[i] = deputy_slice_text(headings[i]);
    }
    print_owner(view, out, indent);
    fputs(indent, out);
    print_row(out, cells, widths, columns);
    for (size_t row = 0; row < view->count; row++) {
        for (size_t i = 0; i < columns; i++)
            cells[i] = cell(&view->rows[row], i);
        fputs(indent, out);
        print_row(out, cells, widths, columns);
        print_caveats(out, indent, view->rows[row].caveats);
    }
}
