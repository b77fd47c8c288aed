/*
 * The one way to evidence of the guest that this runs in (spec/08 section 1.5, end): dstack's guest agent
 * where there is one, else the kernel.
 */
#ifndef EVIDENCE_SOURCE_H
#define EVIDENCE_SOURCE_H

#include "agent/client.h"
#include "evidence/kernel.h"

/* Where evidence may come from. */
struct source {
    struct agent_place agent;
    struct kernel kernel;
};

/* The places of this machine; endpoint names the agent's (agent_find), or is NULL. */
struct source source_here(const char *endpoint, char *const *environ);

/* What came, of the first source that is there. */
struct source_evidence {
    bool from_agent;
    struct agent_quote agent;      /* from_agent */
    struct kernel_evidence kernel; /* otherwise */
};

/*
 * Evidence that is bound to these bytes, checked to be. DEPUTY_E_SOURCE_NONE when there is no source at all:
 * then, and only then, this is no guest. What a source that is there answers is final: another is not asked,
 * so that nobody who breaks the first can choose the second. Errors of agent_get_quote, of native_evidence.
 * Evidence is made one piece after the other; a second thread waits.
 */
enum deputy_error source_ask(struct deputy_arena *arena, struct source_evidence *out,
        struct deputy_refusal *refusal, const struct source *source,
        const uint8_t report_data[REPORT_DATA_BYTES]);

#endif
