/* One of the doctor's checks over a store that is closed. */
#ifndef STORE_KIT_AUDIT_H
#define STORE_KIT_AUDIT_H

#include "kit.h"
#include "store/audit.h"

typedef enum deputy_error kit_audit_fn(struct store_audit *audit);

struct kit_findings {
    const char *check; /* the name that each must carry */
    size_t count;
};

static inline void kit_audit_found(void *ctx, const struct audit_finding *finding)
{
    struct kit_findings *findings = ctx;
    assert_string_equal(finding->check, findings->check);
    findings->count++;
}

static inline void kit_audit_progress(void *ctx, const char *check, uint64_t rows, bool ended)
{
    (void)ctx;
    (void)check;
    (void)rows;
    (void)ended;
}

/* How much it finds. */
static inline size_t kit_audit(const struct kit *kit, const char *check, kit_audit_fn *run)
{
    struct kit_findings findings = {.check = check};
    const struct audit_sink sink = {kit_audit_found, kit_audit_progress, &findings};
    struct store_audit *audit;
    assert_ok(store_audit_open(&audit, kit->directory, kit_seal_key, &sink));
    assert_ok(run(audit));
    store_audit_close(audit);
    return findings.count;
}

#endif
