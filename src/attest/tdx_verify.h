/* Verifying quotes of Intel TDX and SGX: spec/08 sections 3.2 and 4. */
#ifndef ATTEST_TDX_VERIFY_H
#define ATTEST_TDX_VERIFY_H

#include "attest/tdx_quote.h"
#include <deputy/attest.h>

/*
 * All that needs no policy: the steps of section 3.2 up to the converged status. Fills tcb and measurements
 * of the verdict. Without collateral the signatures alone are checked, and what it would have answered is
 * refused.
 */
enum deputy_error tdx_verify(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct tdx_quote *quote, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question);

#endif
