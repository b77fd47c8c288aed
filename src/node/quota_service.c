#include "node/quota_service.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "node/quota_ask.h"
#include "run/log.h"
#include "run/metrics.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    SERVICE_WAYS = 8,
    SERVICE_SETS = QUOTA_SPACES_MAX / SERVICE_WAYS,
    SERVICE_ARENA = 512 * 1024,
    SERVICE_SECONDS_MAX = 24 * 3600
};

/* A question that waits for its turn, or is under way. */
struct question {
    struct question *next;
    struct known *about;
    struct quota_wait *waits;
    uint64_t deadline_ms; /* UINT64_MAX: nobody waits for it */
    size_t space_len;
    uint8_t space[];
};

/* A space that was asked about. It keeps its place while a question about it is open. */
struct known {
    uint8_t id[HASH_BYTES];
    struct question *question; /* NULL: none is open */
    uint64_t used_ms;          /* 0: the place is free */
    uint64_t due_ms;           /* when it is asked about anew; 0: nothing is known */
    struct quota_limit limit;
};

struct asker {
    struct quota_service *service;
    struct deputy_arena *arena;
    pthread_t thread;
    bool started;
};

struct quota_service {
    struct deputy_slice url; /* owned */
    uint64_t fresh_ms, retry_ms;
    uint8_t key[32]; /* so that nobody can choose spaces that push each other out */
    pthread_mutex_t lock;
    pthread_cond_t asked;
    struct question *first, **last; /* whose turn it is */
    size_t open;                    /* questions, under way ones too */
    struct quota_service_counts counts;
    bool failing; /* the last question */
    atomic_bool stopping;
    struct asker askers[QUOTA_THREADS];
    struct known known[SERVICE_SETS][SERVICE_WAYS];
};

/* Never 0. */
static uint64_t now_ms(void)
{
    return metrics_clock() / 1000 + 1;
}

/* ---- what is known; all with the lock held ---- */

static void space_id(const struct quota_service *service, uint8_t id[HASH_BYTES], struct deputy_slice space)
{
    blake3_keyed(id, service->key, space);
}

static struct known *set_of(struct quota_service *service, const uint8_t id[HASH_BYTES])
{
    uint32_t set;
    memcpy(&set, id, sizeof set);
    return service->known[set % SERVICE_SETS];
}

static struct known *known_find(struct quota_service *service, const uint8_t id[HASH_BYTES])
{
    struct known *ways = set_of(service, id);
    for (size_t i = 0; i < SERVICE_WAYS; i++) {
        if (ways[i].used_ms != 0 && memcmp(ways[i].id, id, HASH_BYTES) == 0)
            return &ways[i];
    }
    return NULL;
}

/* The place of the one used longest ago, that no question is open about; NULL when there is none. */
static struct known *known_make(struct quota_service *service, const uint8_t id[HASH_BYTES])
{
    struct known *ways = set_of(service, id), *oldest = NULL;
    for (size_t i = 0; i < SERVICE_WAYS; i++) {
        if (ways[i].question == NULL && (oldest == NULL || ways[i].used_ms < oldest->used_ms))
            oldest = &ways[i];
    }
    if (oldest == NULL)
        return NULL;
    *oldest = (struct known){.due_ms = 0};
    memcpy(oldest->id, id, HASH_BYTES);
    return oldest;
}

static struct known *known_use(struct quota_service *service, struct deputy_slice space, uint64_t now)
{
    uint8_t id[HASH_BYTES];
    space_id(service, id, space);
    struct known *known = known_find(service, id);
    if (known == NULL)
        known = known_make(service, id);
    if (known != NULL)
        known->used_ms = now;
    return known;
}

struct quota_limit quota_service_said(struct quota_service *service, struct deputy_slice space)
{
    uint8_t id[HASH_BYTES];
    space_id(service, id, space);
    pthread_mutex_lock(&service->lock);
    const struct known *known = known_find(service, id);
    struct quota_limit limit = known != NULL ? known->limit : (struct quota_limit){0};
    pthread_mutex_unlock(&service->lock);
    return limit;
}

struct quota_service_counts quota_service_count(struct quota_service *service)
{
    pthread_mutex_lock(&service->lock);
    struct quota_service_counts counts = service->counts;
    pthread_mutex_unlock(&service->lock);
    return counts;
}

/* ---- questions; with the lock held ---- */

static struct question *question_make(struct known *about, struct deputy_slice space, uint64_t now)
{
    struct question *question = malloc(sizeof *question + space.len);
    if (question == NULL)
        return NULL;
    *question = (struct question){.about = about,
            .deadline_ms = about->due_ms == 0 ? now + QUOTA_TOTAL_MS : UINT64_MAX,
            .space_len = space.len};
    memcpy(question->space, space.ptr, space.len);
    return question;
}

/* What holds from now on: an answer, or that there is none. */
static void known_settle(
        struct quota_service *service, struct known *known, const uint64_t *bytes, uint64_t now)
{
    known->limit = bytes != NULL ? (struct quota_limit){true, *bytes} : (struct quota_limit){0};
    known->due_ms = now + (bytes != NULL ? service->fresh_ms : service->retry_ms);
    if (bytes != NULL)
        service->counts.answered++;
    else
        service->counts.failed++;
}

/* What cannot be asked fails at once. */
static void question_begin(
        struct quota_service *service, struct known *known, struct deputy_slice space, uint64_t now)
{
    struct question *question = NULL;
    if (service->open < QUOTA_QUESTIONS_MAX && space.len <= QUOTA_SPACE_MAX)
        question = question_make(known, space, now);
    if (question == NULL) {
        known_settle(service, known, NULL, now);
        return;
    }
    known->question = question;
    *service->last = question;
    service->last = &question->next;
    service->open++;
    pthread_cond_signal(&service->asked);
}

bool quota_service_need(struct quota_service *service, struct deputy_slice space, struct quota_wait *wait)
{
    uint64_t now = now_ms();
    pthread_mutex_lock(&service->lock);
    struct known *known = known_use(service, space, now);
    if (known == NULL) /* all places it might have are being asked about */
        service->counts.failed++;
    else if (known->question == NULL && known->due_ms <= now)
        question_begin(service, known, space, now);
    bool unknown = known != NULL && known->question != NULL && known->due_ms == 0;
    if (unknown && wait != NULL) {
        wait->next = known->question->waits;
        known->question->waits = wait;
    }
    pthread_mutex_unlock(&service->lock);
    return unknown;
}

static struct question *question_next(struct quota_service *service)
{
    struct question *question = service->first;
    if (question == NULL)
        return NULL;
    service->first = question->next;
    if (service->first == NULL)
        service->last = &service->first;
    return question;
}

/* A letter may be opened, and its memory gone, as soon as it is posted. */
static void waits_tell(struct quota_wait *wait)
{
    while (wait != NULL) {
        struct quota_wait *next = wait->next;
        loop_post(wait->loop, &wait->letter);
        wait = next;
    }
}

/* True when the service fails, or answers, other than the time before. */
static bool question_end(
        struct quota_service *service, struct question *question, enum deputy_error error, uint64_t bytes)
{
    bool failed = error != DEPUTY_OK, turned = failed != service->failing;
    known_settle(service, question->about, failed ? NULL : &bytes, now_ms());
    service->failing = failed;
    service->open--;
    question->about->question = NULL;
    waits_tell(question->waits);
    free(question);
    return turned;
}

/* ---- the threads ---- */

/* Where somebody waits, its time began when it was asked, not when its turn came. Where nobody does, a long
 * queue is no failure: what was said before goes on to hold. */
static enum deputy_error question_ask(struct asker *asker, const struct question *question, uint64_t *bytes)
{
    uint64_t now = now_ms();
    ENSURE(now < question->deadline_ms, DEPUTY_E_HTTP_TIMEOUT);
    uint64_t left = question->deadline_ms - now;
    const struct quota_question ask = {
            .url = asker->service->url,
            .space = deputy_slice_bytes(question->space, question->space_len),
            .timeout_ms = left < QUOTA_TOTAL_MS ? (uint32_t)left : QUOTA_TOTAL_MS,
            .cancel = &asker->service->stopping,
    };
    deputy_arena_reset(asker->arena);
    return quota_ask(asker->arena, bytes, &ask);
}

/* Once when it begins to fail, and once when it answers again: the metrics say how often. */
static void turn_log(enum deputy_error error)
{
    if (error != DEPUTY_OK)
        log_event(LOG_WARNING, "quota.unanswered", LOG_ERROR(error), LOG_END);
    else
        log_event(LOG_INFO, "quota.answered", LOG_END);
}

static void *asker_main(void *ctx)
{
    struct asker *asker = ctx;
    struct quota_service *service = asker->service;
    pthread_mutex_lock(&service->lock);
    while (!atomic_load(&service->stopping)) {
        uint64_t bytes = 0;
        struct question *question = question_next(service);
        if (question == NULL) {
            pthread_cond_wait(&service->asked, &service->lock);
            continue;
        }
        pthread_mutex_unlock(&service->lock);
        enum deputy_error error = question_ask(asker, question, &bytes);
        pthread_mutex_lock(&service->lock);
        bool turned = question_end(service, question, error, bytes);
        pthread_mutex_unlock(&service->lock);
        if (turned && !atomic_load(&service->stopping))
            turn_log(error);
        pthread_mutex_lock(&service->lock);
    }
    pthread_mutex_unlock(&service->lock);
    return NULL;
}

static enum deputy_error askers_start(struct quota_service *service)
{
    for (size_t i = 0; i < QUOTA_THREADS; i++) {
        struct asker *asker = &service->askers[i];
        asker->service = service;
        TRY(deputy_arena_create(&asker->arena, SERVICE_ARENA));
        ENSURE(pthread_create(&asker->thread, NULL, asker_main, asker) == 0, DEPUTY_E_NOMEM);
        asker->started = true;
    }
    return DEPUTY_OK;
}

static uint64_t millis_of(int64_t seconds)
{
    return (uint64_t)(seconds < SERVICE_SECONDS_MAX ? seconds : SERVICE_SECONDS_MAX) * 1000;
}

static enum deputy_error service_fill(
        struct quota_service *service, const struct quota_service_config *config)
{
    uint8_t *url = malloc(config->url.len);
    ENSURE(url != NULL, DEPUTY_E_NOMEM);
    memcpy(url, config->url.ptr, config->url.len);
    service->url = deputy_slice_bytes(url, config->url.len);
    service->fresh_ms = millis_of(config->fresh_s);
    service->retry_ms = millis_of(config->retry_s);
    random_bytes(service->key, sizeof service->key);
    return askers_start(service);
}

enum deputy_error quota_service_create(struct quota_service **out, const struct quota_service_config *config)
{
    struct quota_service *service = calloc(1, sizeof *service);
    ENSURE(service != NULL, DEPUTY_E_NOMEM);
    service->last = &service->first;
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->asked, NULL);
    enum deputy_error error = service_fill(service, config);
    if (error != DEPUTY_OK) {
        quota_service_destroy(service);
        return error;
    }
    *out = service;
    return DEPUTY_OK;
}

static void askers_stop(struct quota_service *service)
{
    pthread_mutex_lock(&service->lock);
    atomic_store(&service->stopping, true);
    pthread_cond_broadcast(&service->asked);
    pthread_mutex_unlock(&service->lock);
    for (size_t i = 0; i < QUOTA_THREADS; i++) {
        if (service->askers[i].started)
            pthread_join(service->askers[i].thread, NULL);
        deputy_arena_destroy(service->askers[i].arena);
    }
}

void quota_service_destroy(struct quota_service *service)
{
    if (service == NULL)
        return;
    askers_stop(service);
    struct question *question;
    while ((question = question_next(service)) != NULL)
        free(question);
    pthread_cond_destroy(&service->asked);
    pthread_mutex_destroy(&service->lock);
    free((void *)(uintptr_t)service->url.ptr);
    free(service);
}
