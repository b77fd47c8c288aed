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

struct deputy_slice check_optional_text_of(const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    if (json_to_text(&text, json_member(object, name)) != DEPUTY_OK)
        text = (struct deputy_slice){0};
    return text;
}

const struct json_value *check_vector_named(const struct json_value *list, const char *name)
{
    JSON_EACH (vector, list)
        if (json_text_is(json_member(vector, "name"), name))
            return vector;
    fail_msg("no vector is named %s", name);
    return NULL;
}

bool check_bool_of(const struct json_value *object, const char *name)
{
    bool value;
    if (json_to_bool(&value, json_member(object, name)) != DEPUTY_OK)
        fail_msg("no boolean %s in %.*s", name, (int)object->raw.len, (const char *)object->raw.ptr);
    return value;
}
