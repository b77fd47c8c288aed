#include "backend/session_table.h"
#include "base/try.h"
#include "crypto/random.h"
#include <stdlib.h>
#include <string.h>

/* ---- sessions ---- */

struct session *session_make(const uint8_t owner[20], struct shape *shape, size_t count)
{
    struct session *session = calloc(1, sizeof *session + count * sizeof(struct deputy_cid) + shape->actions);
    if (session == NULL)
        return NULL;
    atomic_store(&session->references, 1);
    atomic_fetch_add(&shape->references, 1);
    session->shape = shape;
    session->count = count;
    memcpy(session->owner, owner, sizeof session->owner);
    return session;
}

struct session *session_retain(struct session *session)
{
    atomic_fetch_add(&session->references, 1);
    return session;
}

void session_release(struct session *session)
{
    if (atomic_fetch_sub(&session->references, 1) > 1)
        return;
    if (session->trial != NULL)
        trial_end(session->trial);
    shape_release(session->shape);
    free(session);
}

/* ---- the buckets ---- */

/* Multiply-shift over the words of the address: two addresses share a bucket by chance alone. */
static struct session_entry **bucket_of(struct sessions *sessions, const uint8_t owner[20])
{
    uint32_t words[SESSION_ADDRESS_WORDS];
    uint64_t sum = 0;
    memcpy(words, owner, sizeof words);
    for (size_t i = 0; i < SESSION_ADDRESS_WORDS; i++)
        sum += sessions->keys[i] * words[i];
    return &sessions->buckets[sum >> (64 - SESSION_BUCKET_BITS)];
}

struct session_entry *table_find(struct sessions *sessions, const uint8_t owner[20])
{
    struct session_entry *entry = *bucket_of(sessions, owner);
    while (entry != NULL && memcmp(entry->owner, owner, sizeof entry->owner) != 0)
        entry = entry->next;
    return entry;
}

static void order_leave(struct sessions *sessions, struct session_entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &sessions->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &sessions->oldest) = entry->newer;
}

static void order_join(struct sessions *sessions, struct session_entry *entry)
{
    entry->newer = NULL;
    entry->older = sessions->newest;
    *(entry->older != NULL ? &entry->older->newer : &sessions->oldest) = entry;
    sessions->newest = entry;
}

static void entry_free(struct sessions *sessions, struct session_entry *entry)
{
    struct session_entry **at = bucket_of(sessions, entry->owner);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    order_leave(sessions, entry);
    sessions->entries--;
    free(entry);
}

/* What is under way keeps its entry: there are never many of those. */
static void make_room(struct sessions *sessions)
{
    struct session_entry *entry = sessions->oldest;
    while (entry != NULL && entry->running != NULL)
        entry = entry->newer;
    if (entry == NULL)
        return;
    table_set(sessions, entry, NULL);
    entry_free(sessions, entry);
}

static struct session_entry *entry_add(struct sessions *sessions, const uint8_t owner[20])
{
    struct session_entry **bucket = bucket_of(sessions, owner);
    struct session_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    memcpy(entry->owner, owner, sizeof entry->owner);
    if (sessions->entries >= SESSIONS_MAX)
        make_room(sessions);
    entry->next = *bucket;
    *bucket = entry;
    order_join(sessions, entry);
    sessions->entries++;
    return entry;
}

struct session_entry *table_use(struct sessions *sessions, const uint8_t owner[20])
{
    struct session_entry *entry = table_find(sessions, owner);
    if (entry == NULL)
        return entry_add(sessions, owner);
    order_leave(sessions, entry);
    order_join(sessions, entry);
    return entry;
}

void table_set(struct sessions *sessions, struct session_entry *entry, struct session *session)
{
    if (entry->session != NULL) {
        sessions->at_hand--;
        session_release(entry->session);
    }
    sessions->at_hand += session != NULL;
    entry->session = session;
}

void table_tidy(struct sessions *sessions, struct session_entry *entry)
{
    if (entry->session == NULL && entry->running == NULL && entry->failures == 0)
        entry_free(sessions, entry);
}

void table_forget(struct sessions *sessions, struct session_entry *entry)
{
    table_set(sessions, entry, NULL);
    entry->running = NULL;
    entry->failures = 0;
    table_tidy(sessions, entry);
}

/* ---- trials ---- */

struct trial *trial_begin(struct sessions *sessions, const uint8_t owner[20])
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        return NULL;
    trial->sessions = sessions;
    memcpy(trial->owner, owner, sizeof trial->owner);
    pthread_mutex_lock(&sessions->lock);
    trial->next = sessions->trials;
    trial->link = &sessions->trials;
    if (trial->next != NULL)
        trial->next->link = &trial->next;
    sessions->trials = trial;
    pthread_mutex_unlock(&sessions->lock);
    return trial;
}

void trial_end(struct trial *trial)
{
    pthread_mutex_t *lock = &trial->sessions->lock;
    pthread_mutex_lock(lock);
    *trial->link = trial->next;
    if (trial->next != NULL)
        trial->next->link = trial->link;
    pthread_mutex_unlock(lock);
    free(trial);
}

void trials_overtake(struct sessions *sessions, const uint8_t owner[20])
{
    for (struct trial *trial = sessions->trials; trial != NULL; trial = trial->next)
        trial->overtaken = trial->overtaken || memcmp(trial->owner, owner, sizeof trial->owner) == 0;
}

/* ---- the table ---- */

enum deputy_error sessions_create(struct sessions **out)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);
    ENSURE(sessions != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&sessions->lock, NULL);
    pthread_cond_init(&sessions->prepared, NULL);
    random_bytes((uint8_t *)sessions->keys, sizeof sessions->keys);
    *out = sessions;
    return DEPUTY_OK;
}

void sessions_destroy(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    activations_orphan(sessions);
    while (sessions->newest != NULL)
        table_forget(sessions, sessions->newest);
    if (sessions->shape != NULL)
        shape_release(sessions->shape);
    pthread_cond_destroy(&sessions->prepared);
    pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

void sessions_set_ear(struct sessions *sessions, struct sessions_ear ear)
{
    sessions->ear = ear;
}

size_t sessions_count(struct sessions *sessions)
{
    pthread_mutex_lock(&sessions->lock);
    size_t count = sessions->at_hand;
    pthread_mutex_unlock(&sessions->lock);
    return count;
}

static enum deputy_error shape_locked(
        struct shape **out, struct sessions *sessions, const struct backend_wants *wants)
{
    if (sessions->shape == NULL)
        TRY(shape_make(&sessions->shape, wants));
    if (!shape_fits(sessions->shape, wants))
        return shape_make(out, wants);
    *out = sessions->shape;
    atomic_fetch_add(&sessions->shape->references, 1);
    return DEPUTY_OK;
}

enum deputy_error sessions_shape(
        struct shape **out, struct sessions *sessions, const struct backend_wants *wants)
{
    pthread_mutex_lock(&sessions->lock);
    enum deputy_error result = shape_locked(out, sessions, wants);
    pthread_mutex_unlock(&sessions->lock);
    return result;
}
