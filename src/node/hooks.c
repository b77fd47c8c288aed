#include "node/hooks.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "node/hook_hub.h"
#include "node/mutation.h"
#include "node/webhook_post.h"
#include "run/log.h"
#include <stdlib.h>

enum { HOOK_TEXT_MAX = 1024 };

enum deputy_error hooks_create(struct hooks **out, const struct hook_limits *limits, size_t loops)
{
    struct hooks *hooks = calloc(1, sizeof *hooks);
    ENSURE(hooks != NULL, DEPUTY_E_NOMEM);
    hooks->limits = *limits;
    hooks->hubs = calloc(loops, sizeof(struct hook_hub *));
    hooks->room = loops;
    pthread_mutex_init(&hooks->lock, NULL);
    if (hooks->hubs == NULL) {
        hooks_destroy(hooks);
        return DEPUTY_E_NOMEM;
    }
    *out = hooks;
    return DEPUTY_OK;
}

void hooks_destroy(struct hooks *hooks)
{
    if (hooks == NULL)
        return;
    pthread_mutex_destroy(&hooks->lock);
    free(hooks->hubs);
    free(hooks);
}

const struct hook_limits *hooks_limits(const struct hooks *hooks)
{
    return &hooks->limits;
}

bool hooks_heard(const struct hooks *hooks)
{
    return atomic_load(&hooks->streams) > 0;
}

uint64_t hooks_dropped(const struct hooks *hooks)
{
    return atomic_load(&hooks->dropped);
}

/* ---- an event ---- */

/* One for all events of a commit in a space: nothing else is made of this invocation there. */
static enum deputy_error epoch_make(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice space, const uint8_t *cause)
{
    struct deputy_cid cid;
    const struct deputy_slice parts[] = {
            deputy_slice_text("deputy hook epoch v1"), deputy_slice_bytes(cause, HASH_BYTES), space};
    blake3_parts(cid.digest, parts, sizeof parts / sizeof parts[0]);
    return deputy_cid_format(arena, out, &cid, DEPUTY_CID_BASE32);
}

static uint64_t event_index(const struct mutation *mutation, struct deputy_slice space)
{
    uint64_t index = 0;
    for (const struct hook_event *event = mutation->events; event != NULL; event = event->next)
        index += deputy_slice_equal(event->space, space);
    return index;
}

static void put_member(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

struct event_parts {
    struct deputy_slice epoch, actor, time;
    uint64_t index;
};

static enum deputy_error event_json(
        struct deputy_arena *arena, struct hook_event *event, const struct event_parts *parts)
{
    struct buf out = buf_make(arena, STORE_NOTICE_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    put_member(&json, "type", deputy_slice_text("write"));
    put_member(&json, "id", event->id);
    put_member(&json, "space", event->space);
    put_member(&json, "service", event->service);
    put_member(&json, "ability", deputy_slice_text(hook_ability_name(event->ability)));
    put_member(&json, "path", event->path);
    put_member(&json, "actor", parts->actor);
    put_member(&json, "epoch", parts->epoch);
    json_key(&json, "eventIndex");
    json_int(&json, (int64_t)parts->index);
    put_member(&json, "timestamp", parts->time);
    json_object_end(&json);
    return buf_finish(&out, &event->json);
}

static enum deputy_error event_make(struct deputy_arena *arena, struct hook_event *event,
        const struct mutation *mutation, struct deputy_time now)
{
    struct event_parts parts = {.index = event_index(mutation, event->space)};
    struct buf id = buf_make(arena, HOOK_TEXT_MAX), time = buf_make(arena, HOOK_TEXT_MAX);
    TRY(epoch_make(arena, &parts.epoch, event->space, mutation->admission.token->cid.digest));
    TRY(deputy_principal_format(arena, &parts.actor, &mutation->admission.token->issuer));
    time_put_iso(&time, now);
    TRY(buf_finish(&time, &parts.time));
    buf_put(&id, parts.epoch);
    buf_put_byte(&id, ':');
    buf_put_decimal(&id, parts.index);
    TRY(buf_finish(&id, &event->id));
    return event_json(arena, event, &parts);
}

struct webhook_list {
    struct store_webhook *webhooks;
    size_t count;
};

/* What is due to whom, in the transaction of the write: it is told, or nothing was written. */
static enum deputy_error deliveries_insert(struct hook_event *event, struct store_write *write,
        const struct webhook_list *list, const struct store_delivery_bounds *bounds)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct store_webhook *webhook = &list->webhooks[i];
        const struct hook_scope scope = {.space = webhook->space,
                .service = webhook->service,
                .prefix = webhook->prefix,
                .abilities = webhook->abilities};
        if (!hook_scope_matches(&scope, event->space, event->service, event->ability, event->path))
            continue;
        const struct store_notice notice = {webhook->id, event->id, event->json};
        TRY(store_delivery_insert(write, &notice, bounds, &event->dropped));
        event->posted = true;
    }
    return DEPUTY_OK;
}

static enum deputy_error event_record(struct mutation *mutation, struct store_write *write,
        const struct hook_write *what, const struct webhook_list *list)
{
    struct hook_event *event = ARENA_NEW(mutation->arena, struct hook_event);
    ENSURE(event != NULL, arena_error(mutation->arena));
    *event = (struct hook_event){
            .space = what->space, .service = what->service, .path = what->path, .ability = what->ability};
    TRY(event_make(mutation->arena, event, mutation, store_write_now(write)));
    TRY(deliveries_insert(event, write, list, &mutation->admission.on->node->webhooks.waiting));
    struct hook_event **last = &mutation->events;
    while (*last != NULL)
        last = &(*last)->next;
    *last = event;
    return DEPUTY_OK;
}

/* An event that nobody listens for is not made. */
enum deputy_error hooks_record(
        struct mutation *mutation, struct store_write *write, const struct hook_write *what)
{
    struct webhook_list list = {NULL, 0};
    bool heard = hooks_heard(mutation->admission.on->node->hooks);
    TRY(store_webhook_list(
            mutation->arena, &list.webhooks, &list.count, store_write_view(write), what->space));
    return heard || list.count > 0 ? event_record(mutation, write, what, &list) : DEPUTY_OK;
}

/* ---- to the loops ---- */

static void event_send(struct hooks *hooks, const struct hook_event *event)
{
    struct hook_letter *letter = hook_letter_make(event);
    pthread_mutex_lock(&hooks->lock);
    for (size_t i = 0; i < hooks->count; i++)
        hook_hub_deliver(hooks->hubs[i], letter);
    pthread_mutex_unlock(&hooks->lock);
    hook_letter_release(letter);
}

/* Said once; the metric says how many. */
static void drops_tell(struct hooks *hooks, uint64_t dropped)
{
    if (atomic_fetch_add(&hooks->dropped, dropped) == 0)
        log_event(LOG_WARNING, "webhook.dropped", LOG_COUNT("deliveries", dropped), LOG_END);
}

void hooks_publish(const struct mutation *mutation)
{
    if (mutation->events == NULL)
        return;
    const struct node *node = mutation->admission.on->node;
    bool posted = false, heard = hooks_heard(node->hooks);
    uint64_t dropped = 0;
    for (const struct hook_event *event = mutation->events; event != NULL; event = event->next) {
        posted = posted || event->posted;
        dropped += event->dropped;
        if (heard)
            event_send(node->hooks, event);
    }
    if (posted)
        webhook_post_wake(node->post);
    if (dropped > 0)
        drops_tell(node->hooks, dropped);
}
