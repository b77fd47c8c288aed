/*
 * What runs in a genuine TDX guest of dstack: its event log, operating system image, app and keys, against a
 * policy (spec/08 sections 6 to 8). Called with the registers of a quote that was verified before.
 */
#ifndef ATTEST_GUEST_H
#define ATTEST_GUEST_H

#include "attest/td_identity.h"
#include <deputy/attest.h>

/* What the guest says of itself, none of it signed. Absent where it says nothing. */
struct guest_claims {
    struct deputy_slice event_log; /* JSON text, */
    const struct event_log *log;   /* or the same as it was read already; NULL */
    struct deputy_slice vm_config; /* JSON text */
    struct deputy_slice document;  /* of MRCONFIGID, where that is of version 3 (mr_config.h) */
    struct deputy_attest_app_key app_key;
};

/*
 * Answers the questions event_log, os_image, app and keys, and tells who the app is. What does not hold is
 * written down, and the other questions are asked all the same; errors that are none of the evidence's
 * (memory) are returned.
 */
enum deputy_error guest_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct guest_claims *claims, const struct td_measurements *td,
        const struct deputy_attest_policy *policy);

#endif
