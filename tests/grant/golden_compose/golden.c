#include "golden.h"
#include "base/codec.h"

struct golden golden;

enum { ANSWER_MAX = 32 * 1024 * 1024 };

const struct json_value *golden_case(struct deputy_slice name)
{
    for (size_t i = 0; i < golden.count; i++) {
        if (deputy_slice_equal(json_member(golden.cases[i], "name")->text, name))
            return golden.cases[i];
    }
    fail_msg("no case %.*s", (int)name.len, (const char *)name.ptr);
    return NULL;
}

struct deputy_slice format_refusal(struct deputy_arena *arena, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    assert_ok(deputy_refusal_format(arena, &text, refusal));
    return text;
}

bool trial_ok(struct trial *trial, enum deputy_error result, const struct deputy_refusal *refusal)
{
    assert_int_equal(result, refusal->code);
    if (result != DEPUTY_OK)
        trial_refuse(trial, format_refusal(trial->arena, refusal));
    return result == DEPUTY_OK;
}

bool trial_ok_plain(struct trial *trial, enum deputy_error result)
{
    struct deputy_refusal refusal = {.code = result};
    return trial_ok(trial, result, &refusal);
}

void trial_refuse(struct trial *trial, struct deputy_slice text)
{
    assert_int_not_equal(text.len, 0);
    trial->refused = true;
    trial->error = text;
}

struct buf answer_buf(struct trial *trial)
{
    return buf_make(trial->arena, ANSWER_MAX);
}

void trial_value(struct trial *trial, struct buf *json)
{
    assert_ok(buf_finish(json, &trial->value));
}

const struct json_value *in_member(const struct trial *trial, const char *name)
{
    const struct json_value *member = json_member(trial->in, name);
    if (member == NULL)
        fail_msg("input has no %s", name);
    return member;
}

struct deputy_slice in_text(const struct trial *trial, const char *name)
{
    struct deputy_slice text;
    assert_ok(json_to_text(&text, in_member(trial, name)));
    return text;
}

struct deputy_slice in_text_or(const struct trial *trial, const char *name, struct deputy_slice otherwise)
{
    return json_member(trial->in, name) == NULL ? otherwise : in_text(trial, name);
}

bool in_bool_or(const struct trial *trial, const char *name, bool otherwise)
{
    const struct json_value *member = json_member(trial->in, name);
    if (member != NULL)
        assert_ok(json_to_bool(&otherwise, member));
    return otherwise;
}

void run_table(struct trial *trial, row_handler *handler)
{
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_array_begin(&writer);
    JSON_EACH (row, in_member(trial, "rows"))
        handler(trial, &writer, row);
    json_array_end(&writer);
    trial_value(trial, &out);
}

bool row_ok(struct trial *trial, struct json_writer *writer, enum deputy_error result,
        const struct deputy_refusal *refusal)
{
    if (result == DEPUTY_OK)
        return true;
    assert_int_equal(result, refusal->code);
    json_object_begin(writer);
    json_key(writer, "error");
    json_text(writer, format_refusal(trial->arena, refusal));
    json_object_end(writer);
    return false;
}

const struct json_value *row_at(const struct json_value *row, size_t index)
{
    const struct json_value *cell = row->first;
    while (cell != NULL && index-- > 0)
        cell = cell->next;
    return cell;
}

void trial_judged(struct trial *trial)
{
    const struct json_value *value = json_member(trial->expected, "value");
    assert_non_null(value);
    trial->value = value->raw;
}

bool starts_with(struct deputy_slice text, struct deputy_slice start)
{
    return text.len >= start.len && memcmp(text.ptr, start.ptr, start.len) == 0;
}
