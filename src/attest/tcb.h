/* What a platform's security versions are worth: spec/08 section 3.5. */
#ifndef ATTEST_TCB_H
#define ATTEST_TCB_H

#include "attest/pck.h"
#include "attest/tcb_info.h"
#include "attest/tdx_quote.h"

/* The worth of each part, as found; a part that the platform does not have is NULL. */
struct tcb_parts {
    const struct tcb_worth *platform;
    const struct tcb_worth *module;
    const struct tcb_worth *qe;
};

/*
 * The best level that the platform meets, component for component, in the order of the levels' own versions
 * and not of the file. td is NULL for SGX. NULL when it meets none.
 */
const struct tcb_worth *tcb_level_match(
        const struct tcb_info *info, const struct pck *pck, const struct td_report *td);

/* The best level of a program with that security version; NULL when there is none. */
const struct tcb_worth *tcb_svn_match(const struct svn_levels *levels, uint16_t svn);

/*
 * The module that the guest runs on, as Intel published it: that of its major version, TEE_TCB_SVN[1]. NULL
 * when there is none, or when signer and attributes of the guest's are others.
 */
const struct tdx_module *tcb_module_match(const struct tcb_info *info, const struct td_report *td);

/* Intel's table: what a module's or enclave's status makes of the platform's. */
enum deputy_attest_status tcb_converge(enum deputy_attest_status base, enum deputy_attest_status other);

/* All parts together: statuses, and advisories, each once, in the order platform, module, enclave. */
enum deputy_error tcb_conclude(
        struct deputy_arena *arena, struct deputy_attest_tcb *out, const struct tcb_parts *parts);

#endif
