/* A policy that accepts what a verdict has shown, and nothing else (spec/08 section 8.1). */
#ifndef ATTEST_POLICY_PIN_H
#define ATTEST_POLICY_PIN_H

#include <deputy/attest_policy.h>

/*
 * JSON of a policy that pins platform, security status, measurements, app and key provider as a good verdict
 * tells them, and asks for a nonce. What the verdict does not tell is left out; where it tells no operating
 * system the policy says so. DEPUTY_E_ARGUMENT when the verdict is not good.
 */
enum deputy_error policy_pin(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_attest_verdict *verdict);

#endif
