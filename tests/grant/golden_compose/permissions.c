/* Expansion, caveats and the subset test. */
#include "permissions.h"
#include "golden.h"
#include "grant/json_plain.h"
#include "grant/permission.h"
#include "grant/subset.h"
#include "grant/text.h"

static struct deputy_slice text_or_absent(const struct json_value *value)
{
    return value == NULL ? (struct deputy_slice){NULL, 0} : value->text;
}

struct deputy_permission permission_of(struct trial *trial, const struct json_value *value)
{
    const struct json_value *actions = json_member(value, "actions");
    const struct json_value *caveats = json_member(value, "caveats");
    struct deputy_slice *list = ARENA_ARRAY(trial->arena, struct deputy_slice, actions->count + 1);
    size_t count = 0;
    JSON_EACH (action, actions)
        list[count++] = action->text;
    return (struct deputy_permission){.service = json_member(value, "service")->text,
            .space = text_or_absent(json_member(value, "space")),
            .path = json_member(value, "path")->text,
            .actions = list,
            .action_count = count,
            .description = text_or_absent(json_member(value, "description")),
            .caveats = caveats == NULL ? (struct deputy_slice){NULL, 0} : caveats->raw};
}

struct deputy_permissions permissions_of(struct trial *trial, const struct json_value *list)
{
    struct deputy_permission *items = ARENA_ARRAY(trial->arena, struct deputy_permission, list->count + 1);
    size_t count = 0;
    if (list->kind == JSON_ARRAY) {
        JSON_EACH (item, list)
            items[count++] = permission_of(trial, item);
    }
    return (struct deputy_permissions){items, count};
}

static struct deputy_permissions expanded(struct trial *trial, const struct json_value *list)
{
    struct deputy_permissions out;
    struct deputy_refusal refusal;
    assert_ok(deputy_permissions_expand(trial->arena, &out, &refusal, permissions_of(trial, list)));
    return out;
}

static void actions_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_permission entry = {.service = row_at(row, 0)->text, .path = T("x")};
    struct deputy_slice list[4];
    JSON_EACH (action, row_at(row, 1))
        list[entry.action_count++] = action->text;
    entry.actions = list;
    struct deputy_permissions out;
    struct deputy_refusal refusal;
    assert_ok(
            deputy_permissions_expand(trial->arena, &out, &refusal, (struct deputy_permissions){&entry, 1}));
    json_put_texts(writer, out.items[0].actions, out.items[0].action_count);
}

void run_expand_actions(struct trial *trial)
{
    run_table(trial, actions_row);
}

/* The entry with what expansion does not touch taken from the input: members that we do not keep (x, the
 * expiry's text), which the reference copies. */
static void put_expanded(
        struct json_writer *writer, const struct deputy_permission *entry, const struct json_value *input)
{
    bool encryption = text_is(entry->service, "tinycloud.encryption");
    json_object_begin(writer);
    json_key(writer, "service");
    json_text(writer, entry->service);
    json_key(writer, "path");
    json_text(writer, entry->path);
    json_key(writer, "actions");
    json_put_texts(writer, entry->actions, entry->action_count);
    if (deputy_slice_present(entry->space)) {
        json_key(writer, "space");
        json_text(writer, entry->space);
    }
    if (entry->skip_prefix) {
        json_key(writer, "skipPrefix");
        json_bool(writer, true);
    }
    JSON_EACH (member, input) {
        bool copied = text_is(member->key, "x") || text_is(member->key, "expiry") ||
                      text_is(member->key, "description") || text_is(member->key, "caveats");
        if (!copied || encryption)
            continue;
        json_key_slice(writer, member->key);
        json_raw(writer, member->raw);
    }
    json_object_end(writer);
}

static void entries_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_permissions out;
    struct deputy_refusal refusal;
    enum deputy_error result =
            deputy_permissions_expand(trial->arena, &out, &refusal, permissions_of(trial, row->first));
    if (!row_ok(trial, writer, result, &refusal))
        return;
    json_array_begin(writer);
    for (size_t i = 0; i < out.count; i++)
        put_expanded(writer, &out.items[i], row_at(row->first, i));
    json_array_end(writer);
}

void run_expand_entries(struct trial *trial)
{
    run_table(trial, entries_row);
}

static void caveats_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_slice canonical;
    struct deputy_slice json =
            row->first->kind == JSON_NULL ? (struct deputy_slice){NULL, 0} : row->first->raw;
    assert_ok(caveats_canonical(trial->arena, &canonical, json));
    json_text(writer, canonical);
}

void run_canonical_caveats(struct trial *trial)
{
    run_table(trial, caveats_row);
}

/* What the client must answer is the fourth digit of the row; the node's rule is the third. */
void run_path_contains(struct trial *trial)
{
    size_t held_count = 0;
    JSON_EACH (row, in_member(trial, "rows")) {
        struct deputy_slice held = row_at(row, 0)->text;
        struct deputy_slice wanted = row_at(row, 1)->text;
        bool contains = subset_path_contains(held, wanted);
        if (contains != (row_at(row, 2)->text.ptr[3] == '1'))
            fail_msg("%.*s in %.*s", (int)wanted.len, wanted.ptr, (int)held.len, held.ptr);
        held_count += contains;
    }
    assert_true(held_count > 20);
    trial_judged(trial);
}

/* The first digit is the reference's subset test: ours is never wider, and knows no star in this table. */
void run_action_contains(struct trial *trial)
{
    const struct json_value *digits = json_member(trial->expected, "value")->first;
    JSON_EACH (row, in_member(trial, "rows")) {
        struct deputy_slice held = row_at(row, 0)->text;
        struct deputy_slice wanted = row_at(row, 1)->text;
        bool contains = subset_action_contains(held, wanted);
        assert_int_equal(contains, deputy_slice_equal(held, wanted));
        assert_true(!contains || digits->text.ptr[0] == '1');
        digits = digits->next;
    }
    assert_null(digits);
    trial_judged(trial);
}

void run_is_subset(struct trial *trial)
{
    struct deputy_permissions wanted = expanded(trial, in_member(trial, "requested"));
    struct deputy_permissions held = expanded(trial, in_member(trial, "granted"));
    struct deputy_permissions missing;
    if (!trial_ok_plain(trial, deputy_subset_check(trial->arena, &missing, wanted, held)))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "subset");
    json_bool(&writer, missing.count == 0);
    json_key(&writer, "missing");
    json_array_begin(&writer);
    size_t at = 0;
    for (size_t i = 0; i < wanted.count && at < missing.count; i++) {
        if (wanted.items[i].actions == missing.items[at].actions) {
            json_int(&writer, (int64_t)i);
            at++;
        }
    }
    json_array_end(&writer);
    json_object_end(&writer);
    assert_int_equal(at, missing.count);
    trial_value(trial, &out);
}
