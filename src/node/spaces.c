#include "node/spaces.h"
#include "base/arena.h"
#include "base/try.h"

/* Capabilities of one space stand together, since they are sorted by resource: mostly the last one is the one
 * looked for. */
static bool spaces_known(
        const struct deputy_resource *resource, const struct deputy_space *spaces, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        if (deputy_space_equal(&resource->space, &spaces[i - 1]))
            return true;
    }
    return false;
}

enum deputy_error spaces_of_token(
        struct deputy_arena *arena, struct space_list *out, const struct deputy_token *token)
{
    struct deputy_space *spaces = ARENA_ARRAY(arena, struct deputy_space, token->capability_count);
    out->spaces = spaces;
    out->texts = ARENA_ARRAY(arena, struct deputy_slice, token->capability_count);
    out->count = 0;
    ENSURE(spaces != NULL && out->texts != NULL, arena_error(arena));
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_resource *resource = &token->capabilities[i].resource;
        if (resource->kind != DEPUTY_RESOURCE_SPACE || spaces_known(resource, spaces, out->count))
            continue;
        spaces[out->count] = resource->space;
        TRY(deputy_space_format(arena, &out->texts[out->count], &resource->space));
        out->count++;
    }
    return DEPUTY_OK;
}

enum deputy_error spaces_hosted(struct store_read *read, const struct space_list *spaces)
{
    for (size_t i = 0; i < spaces->count; i++) {
        bool hosted = false;
        TRY(store_space_exists(read, &hosted, spaces->texts[i]));
        ENSURE(hosted, DEPUTY_E_STORE_SPACE);
    }
    return DEPUTY_OK;
}
