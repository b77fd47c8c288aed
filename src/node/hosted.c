#include "node/hosted.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

/* Of longer texts the store is asked each time. */
enum { HOSTED_TEXT_MAX = 160 /* owner and name */, HOSTED_ID_MAX = 192 };

/* A copy of a space; its slices point into the text. */
struct hosted_slot {
    struct deputy_space space; /* the name is absent in a free slot */
    uint8_t text[HOSTED_TEXT_MAX];
    uint8_t id[HOSTED_ID_MAX];
    size_t id_len;
};

struct hosted {
    struct hosted_slot slots[HOSTED_SLOTS];
};

enum deputy_error hosted_create(struct hosted **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

void hosted_destroy(struct hosted *hosted)
{
    free(hosted);
}

/* FNV-1a: spaces that share a slot only cost a look at the store. */
static uint32_t hash_more(uint32_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static size_t hosted_index(const struct deputy_space *space)
{
    const struct deputy_principal *owner = &space->owner;
    uint32_t hash = hash_more(2166136261u, space->name.ptr, space->name.len);
    if (owner->kind == DEPUTY_PRINCIPAL_ETHEREUM)
        hash = hash_more(hash, owner->address, sizeof owner->address);
    else
        hash = hash_more(hash, owner->id.ptr, owner->id.len);
    return hash % HOSTED_SLOTS;
}

bool hosted_seen(const struct hosted *hosted, const struct deputy_space *space)
{
    return deputy_slice_present(hosted_id(hosted, space));
}

struct deputy_slice hosted_id(const struct hosted *hosted, const struct deputy_space *space)
{
    const struct hosted_slot *slot = &hosted->slots[hosted_index(space)];
    bool seen = deputy_slice_present(slot->space.name) && deputy_space_equal(&slot->space, space);
    return seen ? deputy_slice_bytes(slot->id, slot->id_len) : (struct deputy_slice){NULL, 0};
}

void hosted_see(struct hosted *hosted, const struct deputy_space *space, struct deputy_slice id)
{
    struct hosted_slot *slot = &hosted->slots[hosted_index(space)];
    struct deputy_slice owner = space->owner.id, name = space->name;
    if (owner.len > sizeof slot->text || name.len > sizeof slot->text - owner.len || id.len > sizeof slot->id)
        return;
    memcpy(slot->text, owner.ptr, owner.len);
    memcpy(slot->text + owner.len, name.ptr, name.len);
    memcpy(slot->id, id.ptr, id.len);
    slot->id_len = id.len;
    slot->space = *space;
    slot->space.owner.id = deputy_slice_bytes(slot->text, owner.len);
    slot->space.name = deputy_slice_bytes(slot->text + owner.len, name.len);
}
