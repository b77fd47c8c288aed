/*
 * Descriptors of encryption networks, as the node told them a short while ago: so that reading secret after
 * secret does not ask for the same one each time. Only for what is opened, where the node has the last word
 * anyway; nothing is ever sealed under one that is kept here.
 *
 * Bounded: a fixed number of places, each for the last descriptor that came to it. From any thread.
 */
#ifndef BACKEND_DESCRIPTORS_H
#define BACKEND_DESCRIPTORS_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    DESCRIPTORS_MAX = 1024,
    DESCRIPTORS_LIFE_MS = 60 * 1000,
    DESCRIPTORS_MAX_BYTES = 4096 /* a larger one is not kept */
};

struct descriptors;

enum deputy_error descriptors_create(struct descriptors **out);
/* NULL is allowed. */
void descriptors_destroy(struct descriptors *descriptors);

/* The descriptor's text, in the arena; absent where the node is to be asked. Times are of loop_now_ms. */
enum deputy_error descriptors_find(struct deputy_arena *arena, struct deputy_slice *text,
        struct descriptors *descriptors, struct deputy_slice network, uint64_t now_ms);

/* Keeps it as long as there is memory for it; that there is none is no failure. */
void descriptors_keep(struct descriptors *descriptors, struct deputy_slice network, struct deputy_slice text,
        uint64_t now_ms);

/* What was done with it failed: perhaps it is not true any more. */
void descriptors_drop(struct descriptors *descriptors, struct deputy_slice network);

#endif
