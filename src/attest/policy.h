/* Questions that a policy is asked. */
#ifndef ATTEST_POLICY_H
#define ATTEST_POLICY_H

#include <deputy/attest_policy.h>

/* Whether a set of a policy allows the member with that number; an empty set allows any. */
static inline bool policy_allows(uint32_t set, unsigned int number)
{
    return set == 0 || (set >> number & 1) != 0;
}

/* Whether the list has just these bytes. */
bool policy_list_has(const struct deputy_attest_list *list, struct deputy_slice bytes);

#endif
