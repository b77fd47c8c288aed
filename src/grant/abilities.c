#include "grant/abilities.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/permission.h"
#include "grant/text.h"

struct ability_rows ability_rows_make(struct deputy_arena *arena)
{
    return (struct ability_rows){arena, NULL, 0, 0};
}

static enum deputy_error grow(struct ability_rows *rows)
{
    size_t capacity = rows->capacity == 0 ? 16 : 2 * rows->capacity;
    struct deputy_ability_row *copy = ARENA_ARRAY(rows->arena, struct deputy_ability_row, capacity);
    ENSURE(copy != NULL, arena_error(rows->arena));
    if (rows->count > 0)
        memcpy(copy, rows->rows, rows->count * sizeof *copy);
    rows->rows = copy;
    rows->capacity = capacity;
    return DEPUTY_OK;
}

static enum deputy_error find_or_add(struct ability_rows *rows, struct deputy_ability_row **out,
        struct deputy_slice service, struct deputy_slice path)
{
    for (size_t i = 0; i < rows->count; i++) {
        *out = &rows->rows[i];
        if (deputy_slice_equal((*out)->service, service) && deputy_slice_equal((*out)->path, path))
            return DEPUTY_OK;
    }
    if (rows->count == rows->capacity)
        TRY(grow(rows));
    *out = &rows->rows[rows->count++];
    **out = (struct deputy_ability_row){service, path, NULL, 0};
    return DEPUTY_OK;
}

enum deputy_error ability_rows_add(struct ability_rows *rows, struct deputy_slice service,
        struct deputy_slice path, const struct deputy_slice *actions, size_t count)
{
    struct deputy_ability_row *row;
    TRY(find_or_add(rows, &row, service, path));
    struct deputy_slice *merged =
            ARENA_ARRAY(rows->arena, struct deputy_slice, row->action_count + count + 1);
    ENSURE(merged != NULL, arena_error(rows->arena));
    if (row->action_count > 0)
        memcpy(merged, row->actions, row->action_count * sizeof *merged);
    size_t total = row->action_count;
    for (size_t i = 0; i < count; i++) {
        if (!text_among(actions[i], merged, total))
            merged[total++] = actions[i];
    }
    row->actions = merged;
    row->action_count = total;
    return DEPUTY_OK;
}

static bool service_seen_before(const struct deputy_ability_row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (deputy_slice_equal(rows[i].service, rows[index].service))
            return true;
    }
    return false;
}

void ability_rows_put(struct json_writer *writer, const struct deputy_ability_row *rows, size_t count)
{
    json_object_begin(writer);
    for (size_t i = 0; i < count; i++) {
        if (service_seen_before(rows, i))
            continue;
        json_key_slice(writer, rows[i].service);
        json_object_begin(writer);
        for (size_t j = i; j < count; j++) {
            if (!deputy_slice_equal(rows[j].service, rows[i].service))
                continue;
            json_key_slice(writer, rows[j].path);
            json_put_texts(writer, rows[j].actions, rows[j].action_count);
        }
        json_object_end(writer);
    }
    json_object_end(writer);
}

enum deputy_error ability_row_uri(struct deputy_arena *arena, struct deputy_slice *uri,
        struct deputy_slice space, const struct deputy_ability_row *row)
{
    struct buf text = buf_make(arena, space.len + row->service.len + row->path.len + 3);
    buf_put(&text, space);
    buf_put_byte(&text, '/');
    buf_put(&text, row->service);
    if (row->path.len > 0) {
        buf_put_byte(&text, '/');
        buf_put(&text, row->path);
    }
    return buf_finish(&text, uri);
}
