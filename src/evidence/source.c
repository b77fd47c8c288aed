#include "evidence/source.h"
#include "attest/attestation.h"
#include "base/try.h"
#include "evidence/bound.h"
#include "evidence/native.h"
#include <pthread.h>

struct source source_here(const char *endpoint, char *const *environ)
{
    return (struct source){agent_find(endpoint, environ), kernel_running(environ)};
}

/* The agent says what its answer is bound to; here is what counts, the evidence itself. */
static enum deputy_error agent_is_bound(struct deputy_arena *arena, const struct agent_quote *quote,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct attestation attestation;
    struct kernel_evidence evidence = {.quote = quote->quote};
    if (quote->quote.len == 0) {
        TRY(attestation_parse(arena, &attestation, quote->attestation));
        bool tdx = attestation.platform == ATTESTATION_TDX;
        evidence.quote = tdx ? attestation.quote : (struct deputy_slice){0};
        evidence.report = attestation.report;
    }
    return evidence_is_bound(&evidence, report_data) ? DEPUTY_OK : DEPUTY_E_SOURCE_BINDING;
}

static enum deputy_error ask(struct deputy_arena *arena, struct source_evidence *out,
        struct deputy_refusal *refusal, const struct source *source,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    *out = (struct source_evidence){.from_agent = source->agent.there};
    if (!out->from_agent)
        return native_evidence(arena, &out->kernel, refusal, &source->kernel, report_data);
    TRY(agent_get_quote(arena, &out->agent, refusal, &source->agent, report_data));
    return agent_is_bound(arena, &out->agent, report_data);
}

enum deputy_error source_ask(struct deputy_arena *arena, struct source_evidence *out,
        struct deputy_refusal *refusal, const struct source *source,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    enum deputy_error error = ask(arena, out, refusal, source, report_data);
    pthread_mutex_unlock(&one_at_a_time);
    return error;
}
