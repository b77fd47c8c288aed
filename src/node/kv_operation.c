/* From admitted capabilities to one operation. */
#include "base/arena.h"
#include "base/try.h"
#include "node/kv.h"
#include <deputy/ability.h>
#include <stdlib.h>

static const struct {
    const char *service, *ability;
    enum kv_action action;
} actions[] = {
        {"kv", "tinycloud.kv/get", KV_GET},
        {"kv", "tinycloud.kv/metadata", KV_METADATA},
        {"kv", "tinycloud.kv/list", KV_LIST},
        {"kv", "tinycloud.kv/put", KV_PUT},
        {"kv", "tinycloud.kv/del", KV_DELETE},
        {"capabilities", "tinycloud.capabilities/read", KV_CAPABILITIES},
};

const char *kv_action_name(enum kv_action action)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (actions[i].action == action)
            return actions[i].ability;
    }
    return NULL;
}

static enum kv_action kv_action_of(const struct deputy_capability *capability)
{
    const struct deputy_resource *resource = &capability->resource;
    struct deputy_slice ability;
    if (resource->kind != DEPUTY_RESOURCE_SPACE || !deputy_slice_present(resource->path))
        return KV_NONE;
    deputy_ability_status(&ability, capability->ability);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (!deputy_slice_equal(ability, deputy_slice_text(actions[i].ability)) ||
                !deputy_slice_equal(resource->service, deputy_slice_text(actions[i].service)))
            continue;
        bool acts = actions[i].action != KV_CAPABILITIES ||
                    deputy_slice_equal(resource->path, deputy_slice_text("all"));
        return acts ? actions[i].action : KV_NONE;
    }
    return KV_NONE;
}

bool kv_changes(const struct deputy_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        enum kv_action action = kv_action_of(decision->grants[i].capability);
        if (action == KV_PUT || action == KV_DELETE)
            return true;
    }
    return false;
}

/* Services of later work must refuse, not answer 200 with nothing done. */
static bool asks_for_absent_service(const struct deputy_capability *capability)
{
    static const char *const absent[] = {"sql", "duckdb", "hooks"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        if (capability->resource.kind == DEPUTY_RESOURCE_SPACE &&
                deputy_slice_equal(capability->resource.service, deputy_slice_text(absent[i])))
            return true;
    }
    return false;
}

/* How many capabilities there are of each kind. */
struct kv_tally {
    size_t of[KV_ACTIONS]; /* of[KV_NONE]: those that nothing here acts on */
    size_t acting;
};

static enum deputy_error refuse(
        struct deputy_refusal *refusal, enum deputy_error error, struct deputy_slice about)
{
    *refusal = (struct deputy_refusal){error, {about}};
    return error;
}

static int by_key(const void *a, const void *b)
{
    return deputy_slice_compare(((const struct kv_item *)a)->key, ((const struct kv_item *)b)->key);
}

/* A batch of puts: nothing but puts, in one space, each path once (spec/03 section 8.4). */
static enum deputy_error check_batch_put(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct kv_operation *operation, const struct kv_tally *tally)
{
    const struct deputy_slice none = {0};
    struct kv_item *sorted = ARENA_ARRAY(arena, struct kv_item, operation->count);
    ENSURE(sorted != NULL, arena_error(arena));
    if (tally->of[KV_PUT] != tally->acting || tally->of[KV_NONE] > 0)
        return refuse(refusal, DEPUTY_E_KV_BATCH_ONLY_PUT, none);
    memcpy(sorted, operation->items, operation->count * sizeof *sorted);
    qsort(sorted, operation->count, sizeof *sorted, by_key);
    for (size_t i = 1; i < operation->count; i++) {
        if (!deputy_slice_equal(sorted[i].space, sorted[0].space))
            return refuse(refusal, DEPUTY_E_KV_BATCH_SPACE, none);
        if (deputy_slice_equal(sorted[i].key, sorted[i - 1].key))
            return refuse(refusal, DEPUTY_E_KV_BATCH_DUPLICATE, sorted[i].key);
    }
    return DEPUTY_OK;
}

/* Several capabilities at once: reads of one kind may stand together, and puts in a multipart body. */
static enum deputy_error check_several(const struct kv_operation *operation, const struct kv_tally *tally)
{
    ENSURE(tally->of[KV_PUT] != tally->acting, DEPUTY_E_KV_BATCH_FORM);
    ENSURE(tally->of[KV_PUT] + tally->of[KV_DELETE] == 0, DEPUTY_E_INVALID_INPUTS);
    ENSURE(tally->of[KV_GET] == tally->acting || tally->of[KV_METADATA] == tally->acting,
            DEPUTY_E_KV_BATCH_MIXED);
    return operation->count <= KV_BATCH_KEYS ? DEPUTY_OK : DEPUTY_E_KV_BATCH_KEYS;
}

static enum deputy_error space_id(struct deputy_arena *arena, struct deputy_slice *out,
        const struct hosted *hosted, const struct deputy_space *space)
{
    struct deputy_slice known = hosted_id(hosted, space);
    return deputy_slice_present(known) ? arena_copy(arena, out, known)
                                       : deputy_space_format(arena, out, space);
}

static enum deputy_error operation_collect(struct deputy_arena *arena, struct kv_operation *out,
        struct kv_tally *tally, const struct admission *admission)
{
    const struct deputy_decision *decision = &admission->decision;
    struct kv_item *items = ARENA_ARRAY(arena, struct kv_item, decision->grant_count);
    ENSURE(items != NULL, arena_error(arena));
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_grant *grant = &decision->grants[i];
        enum kv_action action = kv_action_of(grant->capability);
        tally->of[action]++;
        if (action == KV_NONE)
            continue;
        struct kv_item *item = &items[out->count++];
        *item = (struct kv_item){.grant = grant, .key = grant->capability->resource.path};
        TRY(space_id(arena, &item->space, admission->on->hosted, &grant->capability->resource.space));
        out->action = action;
    }
    tally->acting = out->count;
    out->items = items;
    return DEPUTY_OK;
}

/* Networks are made and revoked on routes of their own, and decrypting is told apart before. */
static bool any_network(const struct deputy_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        if (decision->grants[i].capability->resource.kind == DEPUTY_RESOURCE_NETWORK)
            return true;
    }
    return false;
}

static bool any_absent_service(const struct deputy_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        if (asks_for_absent_service(decision->grants[i].capability))
            return true;
    }
    return false;
}

enum deputy_error kv_operation_of(struct deputy_arena *arena, struct kv_operation *out,
        struct deputy_refusal *refusal, const struct admission *admission, bool multipart)
{
    const struct deputy_decision *decision = &admission->decision;
    struct kv_tally tally = {0};
    bool absent = any_absent_service(decision);
    *out = (struct kv_operation){.action = KV_NONE};
    refusal->code = operation_collect(arena, out, &tally, admission);
    TRY(refusal->code);
    bool changes = tally.of[KV_PUT] + tally.of[KV_DELETE] > 0;
    out->batch = (multipart && tally.of[KV_PUT] > 0) || out->count > 1;
    if (any_network(decision))
        return refuse(refusal, DEPUTY_E_DECRYPT_ACTION, (struct deputy_slice){0});
    if (absent)
        return refuse(refusal, changes ? DEPUTY_E_INVALID_INPUTS : DEPUTY_E_SERVICE_ABSENT,
                (struct deputy_slice){0});
    if (multipart && tally.of[KV_PUT] > 0)
        return refusal->code = check_batch_put(arena, refusal, out, &tally);
    if (out->batch)
        refusal->code = check_several(out, &tally);
    return refusal->code;
}
