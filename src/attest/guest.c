#include "attest/guest.h"
#include "attest/app.h"
#include "attest/keys.h"
#include "attest/mr_config.h"
#include "attest/os_image.h"
#include "attest/policy.h"
#include "attest/verdict.h"
#include "base/arena.h"
#include "base/codec.h"

struct guest {
    struct deputy_arena *arena;
    struct deputy_attest_verdict *v;
    const struct guest_claims *claims;
    const struct td_measurements *td;
    const struct deputy_attest_policy *policy;
    struct event_log log; /* empty until it is known to replay */
    struct app_events events;
    struct key_provider provider;
    struct deputy_attest_app app;
};

/* A question that was answered with no is answered: the others are asked all the same. */
static enum deputy_error go_on(enum deputy_error error)
{
    return error == DEPUTY_E_EVIDENCE ? DEPUTY_OK : error;
}

static struct deputy_slice bytes48(const uint8_t *bytes)
{
    return deputy_slice_bytes(bytes, RTMR_BYTES);
}

/* ---- the event log ---- */

/*
 * The registers that the log must replay to: the app's in any case. Guests strip boot events from a log, and
 * keep the ACPI tables; one that tells other events of a register must tell all of them.
 */
static uint8_t registers_told(const struct event_log *log)
{
    uint8_t set = RTMRS_OF_APP;
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].name.len == 0)
            set |= (uint8_t)(1U << log->events[i].imr);
    return set;
}

static enum deputy_error log_hold(struct guest *g, enum deputy_error error)
{
    bool is_lack = error == DEPUTY_OK || error == DEPUTY_E_NOMEM || error == DEPUTY_E_INTERNAL;
    return is_lack ? error
                   : verdict_refuse_for(g->v, CHECK(EVENT_LOG), CODE(EVENT_LOG),
                             "a log that replays to the quote and can be read in one way",
                             deputy_error_info(error)->text);
}

/* The document that MRCONFIGID names, if it is shown, and the log are about one app. */
static enum deputy_error document_check(struct guest *g, const struct app_events *events)
{
    enum { DOCUMENT = 3 };
    uint8_t expected[RTMR_BYTES] = {DOCUMENT};
    struct mr_config config = {0};
    if (!deputy_slice_present(g->claims->document))
        return DEPUTY_OK;
    mr_config_v3_digest(expected + 1, g->claims->document);
    ENSURE(memcmp(expected, g->td->mr_config_id, RTMR_BYTES) == 0, DEPUTY_E_EVENT_LOG_CONFIG);
    TRY(mr_config_parse(g->arena, &config, g->claims->document));
    ENSURE(deputy_slice_equal(config.compose_hash, events->compose_hash), DEPUTY_E_EVENT_LOG_CONFIG);
    ENSURE(!deputy_slice_present(config.app_id) || deputy_slice_equal(config.app_id, events->app_id),
            DEPUTY_E_EVENT_LOG_CONFIG);
    return DEPUTY_OK;
}

static enum deputy_error log_read(struct guest *g)
{
    struct event_log log;
    struct app_events events;
    enum mr_config_verdict config;
    if (g->claims->log != NULL)
        log = *g->claims->log;
    else
        TRY(log_hold(g, event_log_parse(g->arena, &log, g->claims->event_log)));
    struct rtmrs quoted = g->td->rtmrs;
    TRY(log_hold(g, event_log_check(&log, &quoted, registers_told(&log))));
    TRY(log_hold(g, event_log_app(&events, &log, g->policy->app.require_system_ready)));
    if (deputy_slice_present(events.key_provider))
        TRY(log_hold(g, key_provider_parse(g->arena, &g->provider, events.key_provider)));
    TRY(log_hold(g, mr_config_check(g->arena, &config, g->td->mr_config_id, &events, &g->provider)));
    TRY(log_hold(g, document_check(g, &events)));
    g->log = log;
    g->events = events;
    return DEPUTY_OK;
}

static enum deputy_error judge_log(struct guest *g)
{
    if (g->claims->log == NULL && !deputy_slice_present(g->claims->event_log)) {
        verdict_skip(g->v, CHECK(EVENT_LOG), "no event log came with the quote");
        return DEPUTY_OK;
    }
    TRY(go_on(log_read(g)));
    verdict_pass(g->v, CHECK(EVENT_LOG));
    return DEPUTY_OK;
}

/* ---- who the app is ---- */

static enum deputy_error digest_new(struct guest *g, uint8_t **digest)
{
    *digest = arena_alloc_bytes(g->arena, HASH_BYTES);
    return *digest != NULL ? DEPUTY_OK : arena_error(g->arena);
}

static enum deputy_error note_derived(struct guest *g)
{
    uint8_t *system, *aggregated;
    TRY(digest_new(g, &system));
    TRY(digest_new(g, &aggregated));
    mr_system(system, g->td, g->events.key_provider);
    mr_aggregated(aggregated, g->td);
    g->v->measurements[DEPUTY_ATTEST_MEASURED_MR_SYSTEM] = deputy_slice_bytes(system, HASH_BYTES);
    g->v->measurements[DEPUTY_ATTEST_MEASURED_MR_AGGREGATED] = deputy_slice_bytes(aggregated, HASH_BYTES);
    return DEPUTY_OK;
}

static enum deputy_error judge_app(struct guest *g)
{
    g->app.present = deputy_slice_present(g->events.compose_hash) || deputy_slice_present(g->events.app_id);
    g->app.app_id = g->events.app_id;
    g->app.compose_hash = g->events.compose_hash;
    g->app.instance_id = g->events.instance_id;
    g->app.key_provider_name = g->provider.name;
    if (deputy_slice_present(g->events.key_provider)) {
        TRY(note_derived(g));
        TRY(hex_read(g->arena, &g->app.key_provider_id, g->provider.id));
    }
    app_judge(g->v, &g->app, &g->policy->app);
    return DEPUTY_OK;
}

/* ---- the operating system ---- */

static bool image_matches(const struct deputy_attest_image *image, const struct td_measurements *td)
{
    return deputy_slice_equal(image->mr_td, bytes48(td->mr_td)) &&
           deputy_slice_equal(image->rtmr1, bytes48(td->rtmrs.value[1])) &&
           deputy_slice_equal(image->rtmr2, bytes48(td->rtmrs.value[2])) &&
           (!image->rtmr0.present || policy_list_has(&image->rtmr0, bytes48(td->rtmrs.value[0])));
}

static void judge_images(struct guest *g)
{
    const struct deputy_attest_images *images = &g->policy->tdx.images;
    for (size_t i = 0; i < images->count; i++)
        if (image_matches(&images->items[i], g->td)) {
            if (!images->items[i].rtmr0.present)
                verdict_warn(g->v, "rtmr0 not pinned");
            return;
        }
    (void)verdict_refuse_for(g->v, CHECK(OS_IMAGE), CODE(POLICY_IMAGES), "the registers of one of the images",
            "compare mr_td, rtmr0, rtmr1 and rtmr2 with those of the image that you deployed");
}

static enum deputy_error image_hold(struct guest *g, enum deputy_error error)
{
    bool is_lack = error == DEPUTY_OK || error == DEPUTY_E_NOMEM || error == DEPUTY_E_INTERNAL;
    return is_lack ? error
                   : verdict_refuse_for(g->v, CHECK(OS_IMAGE), CODE(POLICY_OS_IMAGE_HASHES),
                             "measurements that follow from a published image",
                             deputy_error_info(error)->text);
}

/* The hash is believed only when the registers follow from it. */
static enum deputy_error judge_image_hash(struct guest *g)
{
    struct os_image image;
    TRY(image_hold(g, os_image_parse(g->arena, &image, g->claims->vm_config)));
    TRY(image_hold(g, os_image_check(&image, g->td, &g->log)));
    struct deputy_slice hash = deputy_slice_bytes(image.hash, HASH_BYTES);
    TRY(arena_copy(g->arena, &g->app.os_image_hash, hash));
    if (!policy_list_has(&g->policy->tdx.os_image_hashes, hash))
        return verdict_refuse(g->v, CHECK(OS_IMAGE), CODE(POLICY_OS_IMAGE_HASHES),
                (struct verdict_detail){.found = g->app.os_image_hash});
    return DEPUTY_OK;
}

static enum deputy_error judge_os(struct guest *g)
{
    const struct deputy_attest_tdx_policy *policy = &g->policy->tdx;
    if (policy->images.present)
        judge_images(g);
    if (policy->os_image_hashes.present)
        TRY(go_on(judge_image_hash(g)));
    bool is_asked = policy->images.present || policy->os_image_hashes.present;
    if (is_asked)
        verdict_pass(g->v, CHECK(OS_IMAGE));
    else if (policy->os_unchecked)
        verdict_skip(g->v, CHECK(OS_IMAGE), "the policy leaves the operating system unchecked");
    else
        (void)verdict_refuse_for(g->v, CHECK(OS_IMAGE), CODE(POLICY_IMAGES), "a policy that names an image",
                "add images or os_image_hashes to the policy, or say os_unchecked");
    return DEPUTY_OK;
}

enum deputy_error guest_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct guest_claims *claims, const struct td_measurements *td,
        const struct deputy_attest_policy *policy)
{
    struct guest g = {.arena = arena, .v = v, .claims = claims, .td = td, .policy = policy};
    TRY(judge_log(&g));
    TRY(judge_os(&g));
    TRY(judge_app(&g));
    return keys_judge(arena, v, &claims->app_key, g.events.app_id, &policy->app);
}
