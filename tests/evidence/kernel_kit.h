/*
 * A kernel to ask for evidence: a directory that looks like an entry of configfs-tsm, and a process that
 * plays what happens behind it. What no process can do to plain files (EBUSY, ioctls) is done by the calls.
 */
#ifndef TESTS_EVIDENCE_KERNEL_KIT_H
#define TESTS_EVIDENCE_KERNEL_KIT_H

#include "evidence/kernel.h"
#include "support/check.h"
#include <stdio.h>

enum play {
    PLAY_TRUE,         /* each write is answered with evidence that is bound to it */
    PLAY_SILENT,       /* no write is answered */
    PLAY_RIVAL_ONCE,   /* somebody else writes too: the first answer is two generations on */
    PLAY_RIVAL_ALWAYS, /* likewise, each time */
    PLAY_RIVAL_LATE,   /* somebody writes while the first answer is read */
    PLAY_OTHER,        /* the answer is bound to something else */
    PLAY_EMPTY         /* the answer has no bytes */
};

struct kernel_kit {
    char root[64];  /* a directory of its own */
    char entry[96]; /* below it */
    pid_t player;
    struct deputy_slice evidence; /* what is answered with, and */
    size_t bound_at;              /* where in it report_data is */
    struct kernel kernel;         /* to be asked */
};

/* A directory, and nothing in it: no guest. */
void kit_begin(struct kernel_kit *kit);

/* The entry, of that provider ("tdx_guest\n"), with a player behind it. */
void kit_play(struct kernel_kit *kit, struct deputy_arena *arena, const char *provider, enum play play);

/* A file of the entry. */
void kit_put(const struct kernel_kit *kit, const char *name, struct deputy_slice content);

/* A path below the root, in static memory. */
const char *kit_path(const struct kernel_kit *kit, const char *name);

void kit_end(struct kernel_kit *kit);

#endif
