#include "attest/members.h"
#include "base/nearest.h"

enum deputy_error member_refuse(
        struct member_reader *reader, const struct json_value *value, const char *expected)
{
    struct deputy_slice name =
            deputy_slice_present(value->key) ? value->key : deputy_slice_text("an element");
    *reader->refusal = (struct deputy_refusal){DEPUTY_E_POLICY_VALUE, {name, deputy_slice_text(expected)}};
    return DEPUTY_E_POLICY_VALUE;
}

static const struct member *find(const struct member_table *table, struct deputy_slice name)
{
    for (size_t i = 0; i < table->count; i++)
        if (deputy_slice_equal(name, deputy_slice_text(table->rows[i].name)))
            return &table->rows[i];
    return NULL;
}

static enum deputy_error refuse_unknown(
        struct member_reader *reader, const struct member_table *table, struct deputy_slice name)
{
    struct deputy_slice meant = deputy_slice_text(table->rows[0].name);
    for (size_t i = 1; i < table->count; i++) {
        struct deputy_slice known = deputy_slice_text(table->rows[i].name);
        if (edit_distance(name, known) < edit_distance(name, meant))
            meant = known;
    }
    *reader->refusal = (struct deputy_refusal){DEPUTY_E_POLICY_MEMBER, {name, meant}};
    return DEPUTY_E_POLICY_MEMBER;
}

static enum deputy_error refuse_missing(struct member_reader *reader, const char *name)
{
    *reader->refusal = (struct deputy_refusal){
            DEPUTY_E_POLICY_VALUE, {deputy_slice_text(name), deputy_slice_text("to be there")}};
    return DEPUTY_E_POLICY_VALUE;
}

enum deputy_error members_read(struct member_reader *reader, void *object, const struct json_value *value,
        const struct member_table *table)
{
    if (!json_is(value, JSON_OBJECT))
        return member_refuse(reader, value, "an object");
    JSON_EACH (child, value) {
        const struct member *row = find(table, child->key);
        if (row == NULL)
            return refuse_unknown(reader, table, child->key);
        TRY(row->read(reader, (uint8_t *)object + row->offset, child));
    }
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].required && json_member(value, table->rows[i].name) == NULL)
            return refuse_missing(reader, table->rows[i].name);
    return DEPUTY_OK;
}

enum deputy_error member_flag(struct member_reader *reader, void *field, const struct json_value *value)
{
    return json_to_bool(field, value) == DEPUTY_OK ? DEPUTY_OK
                                                   : member_refuse(reader, value, "true or false");
}

enum deputy_error member_count(struct member_reader *reader, void *field, const struct json_value *value)
{
    int64_t *out = field;
    return json_to_int64(out, value) == DEPUTY_OK && *out >= 0
                   ? DEPUTY_OK
                   : member_refuse(reader, value, "a whole number that is not negative");
}

enum deputy_error member_text(struct member_reader *reader, void *field, const struct json_value *value)
{
    struct deputy_slice *out = field;
    return json_to_text(out, value) == DEPUTY_OK && out->len > 0 ? DEPUTY_OK
                                                                 : member_refuse(reader, value, "a text");
}
