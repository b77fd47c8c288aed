#include "base/arena.h"
#include "base/try.h"
#include "node/capabilities.h"

static enum deputy_error read_direction(enum capabilities_direction *out, const struct json_value *value)
{
    *out = json_text_is(value, "created")    ? DIRECTION_CREATED
           : json_text_is(value, "received") ? DIRECTION_RECEIVED
                                             : DIRECTION_ALL;
    ENSURE(*out != DIRECTION_ALL || value == NULL || json_text_is(value, "all"), DEPUTY_E_INVALID_INPUTS);
    return DEPUTY_OK;
}

static enum deputy_error read_actions(const struct json_value **out, const struct json_value *value)
{
    *out = value;
    if (value == NULL)
        return DEPUTY_OK;
    ENSURE(json_is(value, JSON_ARRAY), DEPUTY_E_INVALID_INPUTS);
    JSON_EACH (action, value)
        ENSURE(json_is(action, JSON_STRING), DEPUTY_E_INVALID_INPUTS);
    return DEPUTY_OK;
}

static enum deputy_error read_filters(struct capabilities_question *out, const struct json_value *filters)
{
    if (filters == NULL || json_is(filters, JSON_NULL))
        return DEPUTY_OK;
    const struct json_value *path = json_member(filters, "path");
    ENSURE(json_is(filters, JSON_OBJECT), DEPUTY_E_INVALID_INPUTS);
    ENSURE(path == NULL || json_to_text(&out->path, path) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    TRY(read_actions(&out->actions, json_member(filters, "actions")));
    return read_direction(&out->direction, json_member(filters, "direction"));
}

static enum deputy_error read_params(
        struct capabilities_question *out, struct deputy_refusal *refusal, const struct json_value *params)
{
    struct deputy_slice text;
    if (json_text_is(json_member(params, "type"), "list"))
        return read_filters(out, json_member(params, "filters"));
    ENSURE(json_text_is(json_member(params, "type"), "chain"), DEPUTY_E_INVALID_INPUTS);
    ENSURE(json_to_text(&text, json_member(params, "delegation_cid")) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    out->chain = true;
    enum deputy_error error = deputy_cid_parse(&out->cid, text);
    if (error == DEPUTY_OK || error == DEPUTY_E_CID_FOREIGN) /* the latter names nothing here */
        return DEPUTY_OK;
    *refusal = (struct deputy_refusal){DEPUTY_E_CAPABILITIES_CID, {text}};
    return refusal->code;
}

enum deputy_error capabilities_question_read(struct deputy_arena *arena, struct capabilities_question *out,
        struct deputy_refusal *refusal, const struct deputy_token *token)
{
    const struct json_value *facts;
    *out = (struct capabilities_question){0};
    if (!deputy_slice_present(token->facts))
        return DEPUTY_OK;
    TRY(json_parse(arena, &facts, token->facts));
    JSON_EACH (fact, facts) {
        const struct json_value *params = json_member(fact, "capabilitiesReadParams");
        if (params != NULL)
            return read_params(out, refusal, params);
    }
    return DEPUTY_OK;
}

bool capabilities_in_space(const struct deputy_capability *capability, const struct deputy_space *space)
{
    return capability->resource.kind == DEPUTY_RESOURCE_SPACE &&
           deputy_space_equal(&capability->resource.space, space);
}

static bool has_path(
        const struct deputy_token *token, const struct deputy_space *space, struct deputy_slice wanted)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        struct deputy_slice path = token->capabilities[i].resource.path;
        if (capabilities_in_space(&token->capabilities[i], space) && path.len >= wanted.len &&
                deputy_slice_equal(deputy_slice_bytes(path.ptr, wanted.len), wanted))
            return true;
    }
    return false;
}

static bool has_action(
        const struct deputy_token *token, const struct deputy_space *space, const struct json_value *actions)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        JSON_EACH (action, actions) {
            if (capabilities_in_space(&token->capabilities[i], space) &&
                    deputy_slice_equal(action->text, token->capabilities[i].ability))
                return true;
        }
    }
    return false;
}

bool capabilities_wanted(const struct capabilities_question *question, const struct deputy_space *space,
        const struct deputy_principal *root, const struct deputy_token *token)
{
    if (question->direction == DIRECTION_CREATED && !deputy_principal_equal(&token->issuer, root))
        return false;
    if (question->direction == DIRECTION_RECEIVED && !deputy_principal_equal(&token->audience, root))
        return false;
    return (!deputy_slice_present(question->path) || has_path(token, space, question->path)) &&
           (question->actions == NULL || has_action(token, space, question->actions));
}
