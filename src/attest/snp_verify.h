/* The verdict on a report of AMD SEV-SNP (spec/08 section 5.3). */
#ifndef ATTEST_SNP_VERIFY_H
#define ATTEST_SNP_VERIFY_H

#include "attest/snp_key.h"
#include <deputy/attest.h>

/* What is shown. DER; the root that came along is not among it, since nobody believes that one. */
struct snp_evidence {
    struct deputy_slice report;
    struct deputy_slice key;          /* certificate of the VCEK or VLEK */
    struct deputy_slice intermediate; /* certificate of the ASK or ASVK */
    struct deputy_slice list;         /* of what the root revoked, or absent: that is not asked then */
    struct deputy_slice document;     /* whose digest is HOST_DATA (mr_config.h), or absent */
    struct deputy_attest_app_key app_key;
};

/* What is asked about it. */
struct snp_question {
    const struct deputy_attest_policy *policy;
    struct deputy_slice root;        /* DER of a root of one's own, or absent: AMD's */
    struct deputy_slice report_data; /* the 64 bytes that the report must be bound to, or absent: not asked */
    int64_t now;                     /* Unix seconds */
    struct deputy_attest_cache *cache; /* or NULL */
};

/* OK when there is a verdict, good or bad. It points into evidence and arena. */
enum deputy_error snp_verify(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct snp_evidence *evidence, const struct snp_question *question);

/* ---- its parts, each of which writes down what it finds ---- */

/* Which numbers a report has, in the layout of its product. */
struct snp_tcbs {
    struct deputy_attest_snp_tcb current, reported, committed, launch;
};

/* Security versions: of the key, against each other, against the policy's least. */
void snp_judge_tcb(struct deputy_attest_verdict *v, const struct snp_report *report,
        const struct snp_tcbs *tcbs, const struct snp_key *key,
        const struct deputy_attest_snp_policy *policy);

/* The guest's own policy, the platform under it, and the policy's lists. */
void snp_judge_guest(struct deputy_attest_verdict *v, const struct snp_report *report,
        const struct snp_key *key, const struct deputy_attest_policy *policy);

#endif
