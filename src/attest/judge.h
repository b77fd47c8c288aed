/* What a policy says of evidence that is genuine: spec/08 section 8.1. Every question is asked. */
#ifndef ATTEST_JUDGE_H
#define ATTEST_JUDGE_H

#include "attest/tdx_quote.h"
#include <deputy/attest.h>

/* Of any platform: is it allowed, and is its root the maker's? */
void judge_platform(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy);
void judge_root(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy, bool is_makers);

/* The security status, advisories and evaluation number of a TDX or SGX platform. */
void judge_tcb(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy);

/* Attributes of a trust domain, and of an enclave: section 3.6. */
void judge_td(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy,
        const struct td_report *td);
void judge_enclave(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy,
        const struct enclave_report *enclave);

/* What an enclave has no such thing of: event log, operating system, app of dstack, keys. */
void judge_enclave_app(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy);

#endif
