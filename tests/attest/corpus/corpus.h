/*
 * The corpus of verdicts (tests/data/attestation): each case names evidence, collateral, root, time and
 * policy, and what the verdict must be. A platform is one function that makes the verdict of a case.
 */
#ifndef ATTEST_CORPUS_H
#define ATTEST_CORPUS_H

#include "support/vectors.h"
#include <deputy/attest.h>

/* A file that the case names in that member, in the arena; absent when it has no such member. */
struct deputy_slice corpus_file(
        struct deputy_arena *arena, const char *folder, const struct json_value *test, const char *member);

/* The policy that the case names. */
struct deputy_attest_policy corpus_policy(
        struct deputy_arena *arena, const char *folder, const struct json_value *test);

/* What every question is asked with: NULL, or signatures that were verified before. */
extern struct deputy_attest_cache *corpus_cache;

typedef void corpus_verify(struct deputy_arena *arena, struct deputy_attest_verdict *verdict,
        const char *folder, const struct json_value *test);

/* The traps of section 11 by name, as a group of tests of their own; gives the number that failed. */
int corpus_traps(void);

/* TDX and SGX. */
corpus_verify corpus_intel;
/* SEV-SNP. */
corpus_verify corpus_snp;

#endif
