/*
 * Who has a session, is getting one, or has to wait before it is tried again: an entry an owner, the least
 * recently used ones forgotten first. Everything here is called with the table's lock held, except where it
 * says otherwise.
 */
#ifndef BACKEND_SESSION_TABLE_H
#define BACKEND_SESSION_TABLE_H

#include "backend/session_parts.h"
#include <pthread.h>

enum { SESSION_BUCKET_BITS = 14, SESSION_ADDRESS_WORDS = 5 };

struct session_run; /* an activation under way: session.c */
struct activation;

struct session_entry {
    uint8_t owner[20];
    struct session_entry *next; /* in its bucket */
    struct session_entry *newer, *older;
    struct session *session;     /* NULL: none */
    struct session_run *running; /* NULL: none; it says whose entry it is */
    unsigned failures;           /* in a row */
    struct deputy_time retry;    /* after the last of them */
    struct ending fault;         /* of it */
};

/* A grant that is tried before it is kept, until its session is installed or given up. */
struct trial {
    struct sessions *sessions;
    struct trial *next, **link;
    uint8_t owner[20];
    bool overtaken; /* another grant of the owner came, or his went, in the meantime */
};

struct sessions {
    pthread_mutex_t lock;
    struct session_entry *newest, *oldest;
    size_t entries;
    size_t at_hand;
    struct sessions_ear ear;
    struct trial *trials;
    struct session_user *users;
    size_t active; /* activations under way; beyond their limit they wait in the queue */
    struct session_run *queue_first, *queue_last;
    struct shape *shape;                  /* NULL: not known yet */
    struct activation *pool;              /* those that the pool has, or has had and their loops not yet */
    size_t preparing;                     /* of them the pool has so many */
    pthread_cond_t prepared;              /* there is one less */
    uint64_t keys[SESSION_ADDRESS_WORDS]; /* random: nobody can choose addresses of one bucket */
    struct session_entry *buckets[1 << SESSION_BUCKET_BITS];
};

/* NULL when there is none. */
struct session_entry *table_find(struct sessions *sessions, const uint8_t owner[20]);

/* The owner's entry, made if there is none and now the newest; NULL without memory. Whoever is least recently
 * used makes room. */
struct session_entry *table_use(struct sessions *sessions, const uint8_t owner[20]);

/* The entry's session from now on, whose reference it takes; NULL for none. */
void table_set(struct sessions *sessions, struct session_entry *entry, struct session *session);

/* Removes an entry that says nothing any more. */
void table_tidy(struct sessions *sessions, struct session_entry *entry);

/* Forgets what the entry says; what is under way for it goes on for nobody. */
void table_forget(struct sessions *sessions, struct session_entry *entry);

/* Waits for what the pool has, and makes sure that nothing comes of it. For the end; without the lock.
 * activation.c */
void activations_orphan(struct sessions *sessions);

/* What is under way is for nobody any more: those who wait for it are taken up once more. session.c */
void run_overtake(struct session_run *run);

/* Without the lock. Tells of the session, or of the fault when there is none. session.c */
void session_tell(session_fn *then, void *ctx, struct session *session, struct ending fault);

/* Without the lock. NULL without memory. */
struct trial *trial_begin(struct sessions *sessions, const uint8_t owner[20]);
/* Without the lock. */
void trial_end(struct trial *trial);
/* Every trial of the owner. */
void trials_overtake(struct sessions *sessions, const uint8_t owner[20]);

#endif
