#include "backend/handin.h"
#include "backend/public.h"
#include "backend/revocation.h"
#include "backend/watch.h"
#include "base/try.h"

static void tell(const struct errand *errand, enum grant_change change, struct deputy_time expires)
{
    struct grant_news news = {.change = change, .at = errand->now, .expires = expires};
    memcpy(news.owner, errand->owner, sizeof news.owner);
    grant_watch_tell(errand->on->backend->watch, &news);
}

static enum deputy_error wants_of(const struct errand *errand, struct backend_wants *wants)
{
    struct deputy_refusal refusal;
    return backend_policy_for(errand->arena, wants, &refusal, &errand->on->backend->policy, errand->owner);
}

/* What is there and cannot be read counts, too. */
static bool has_grant(const struct errand *errand)
{
    struct backend_wants wants;
    struct grant before = {.state = GRANT_NONE};
    enum deputy_error result = wants_of(errand, &wants);
    if (result == DEPUTY_OK)
        result = grants_look(errand->arena, &before, errand->on->backend->grants, &wants, errand->now);
    return result != DEPUTY_OK || before.state == GRANT_ACTIVE;
}

/* What is kept and what is in use change together: two changes of one owner never cross. */
static void placing_begin(const struct errand *errand)
{
    pthread_mutex_lock(&errand->on->backend->public_of->placing);
}

static void placing_end(const struct errand *errand)
{
    pthread_mutex_unlock(&errand->on->backend->public_of->placing);
}

/* ---- looking, and taking back ---- */

static enum deputy_error find(struct errand *errand, struct grant *out)
{
    struct backend_wants wants;
    TRY(wants_of(errand, &wants));
    return grants_find(errand->arena, out, errand->on->backend->grants, &wants, errand->now);
}

enum deputy_error handin_find(struct errand *errand, struct grant *out)
{
    placing_begin(errand);
    enum deputy_error result = find(errand, out);
    if (result == DEPUTY_OK && (out->state == GRANT_EXPIRED || out->state == GRANT_STALE)) {
        session_drop(errand->on->backend->sessions, errand->owner);
        tell(errand, GRANT_ENDED, out->expires);
    }
    placing_end(errand);
    return result;
}

enum deputy_error handin_withdraw(struct errand *errand, struct session **used)
{
    struct backend *backend = errand->on->backend;
    placing_begin(errand);
    bool had = has_grant(errand);
    enum deputy_error result = grants_drop(backend->grants, errand->owner);
    *used = session_withdraw(backend->sessions, errand->owner);
    if (result == DEPUTY_OK && had)
        tell(errand, GRANT_WITHDRAWN, (struct deputy_time){0});
    placing_end(errand);
    return result;
}

/* ---- keeping ---- */

static enum deputy_error keep(struct handin *handin)
{
    const struct backend *backend = handin->errand.on->backend;
    enum grant_change change = has_grant(&handin->errand) ? GRANT_REPLACED : GRANT_GIVEN;
    TRY(grants_keep(
            &handin->attempt, &handin->wants, handin->serialized, handin->taken.expires, handin->errand.now));
    if (handin->session != NULL)
        session_install(backend->sessions, handin->session);
    else
        session_drop(backend->sessions, handin->errand.owner);
    tell(&handin->errand, change, handin->taken.expires);
    return DEPUTY_OK;
}

/* On the pool: keeps it unless it was refused, and ends the attempt in any case. */
static void settle(void *ctx)
{
    struct handin *handin = ctx;
    if (handin->result == DEPUTY_OK) {
        placing_begin(&handin->errand);
        handin->result = keep(handin);
        placing_end(&handin->errand);
        handin->ours = true;
    }
    if (handin->attempt.grants != NULL)
        grants_end(&handin->attempt);
}

/* What was tried and is not kept is taken back at the node. */
static void settled(void *ctx)
{
    struct handin *handin = ctx;
    handin->told(handin);
    if (handin->session != NULL && handin->result != DEPUTY_OK)
        revocation_begin(handin->errand.on, handin->session, handin->session->count, NULL, NULL);
    if (handin->session != NULL)
        session_release(handin->session);
    errand_end(&handin->errand);
}

/* ---- trying ---- */

/* A node that cannot be asked has not refused: the grant is kept, and taken into use when it is needed. */
static void tried(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct handin *handin = ctx;
    handin->session = fault == NULL ? session : NULL;
    handin->ours = false;
    if (fault != NULL) {
        handin->ours = fault->blame == BLAME_BACKEND;
        handin->refused_by_node = !handin->ours;
        handin->pending = fault->blame == BLAME_NODE && !handin->must_activate;
        handin->result = handin->pending ? DEPUTY_OK : fault->refusal.code;
        handin->refusal = (struct deputy_refusal){.code = handin->result};
    }
    errand_run(&handin->errand, settle, settled);
}

static void judged(void *ctx)
{
    struct handin *handin = ctx;
    struct errand *errand = &handin->errand;
    if (handin->result == DEPUTY_OK) {
        handin->ours = true;
        handin->result = session_try(errand->on, &handin->taken, &handin->wants, tried, handin);
    }
    if (handin->result != DEPUTY_OK)
        errand_run(errand, settle, settled);
}

/* ---- judging ---- */

/* Whose it is, by what is signed: one account of the one chain, in every space. */
static enum deputy_error owner_find(struct handin *handin)
{
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    TRY(deputy_portable_parse(
            handin->errand.arena, &portable, &delegation, &handin->refusal, handin->serialized));
    ENSURE(portable.has_chain, DEPUTY_E_SIDECAR_CHAIN);
    ENSURE(delegation.owner.chain == BACKEND_CHAIN, DEPUTY_E_GRANT_OWNER);
    memcpy(handin->errand.owner, delegation.owner.address, sizeof handin->errand.owner);
    return DEPUTY_OK;
}

static enum deputy_error judge(struct handin *handin)
{
    static const struct intake_proofs none = {NULL, 0};
    const struct errand *errand = &handin->errand;
    struct intake_rules rules = errand->on->backend->intake;
    if (handin->names_owner)
        rules.format_count = 0;
    TRY(wants_of(errand, &handin->wants));
    return intake_take(errand->arena, &handin->taken, &handin->refusal, &rules, &handin->wants,
            handin->serialized, &none, errand->now);
}

/* The attempt begins before anything is judged: what is withdrawn meanwhile stays withdrawn. */
static void judge_work(void *ctx)
{
    struct handin *handin = ctx;
    if (handin->names_owner)
        handin->result = owner_find(handin);
    if (handin->result != DEPUTY_OK)
        return;
    grants_begin(handin->errand.on->backend->grants, &handin->attempt, handin->errand.owner);
    handin->result = judge(handin);
}

enum http_flow handin_run(struct handin *handin)
{
    return errand_run(&handin->errand, judge_work, judged);
}
