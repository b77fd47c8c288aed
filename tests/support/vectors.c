#include "support/vectors.h"

const struct json_value *check_vectors(struct deputy_arena *arena, const char *file, const char *group)
{
    const struct json_value *root;
    assert_ok(json_parse(arena, &root, check_data(arena, file)));
    const struct json_value *list = json_member(json_member(root, "vectors"), group);
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        fail_msg("%s has no vectors.%s", file, group);
    return list;
}

struct deputy_slice check_text_of(const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    if (json_to_text(&text, json_member(object, name)) != DEPUTY_OK)
        fail_msg("no text %s in %.*s", name, (int)object->raw.len, (const char *)object->raw.ptr);
    return text;
}

bool check_bool_of(const struct json_value *object, const char *name)
{
    bool value;
    if (json_to_bool(&value, json_member(object, name)) != DEPUTY_OK)
        fail_msg("no boolean %s in %.*s", name, (int)object->raw.len, (const char *)object->raw.ptr);
    return value;
}
