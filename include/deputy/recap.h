/* ReCap: capabilities inside a SIWE message (ERC-5573; spec/01 section 7). */
#ifndef DEPUTY_RECAP_H
#define DEPUTY_RECAP_H

#include <deputy/siwe.h>
#include <deputy/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is granted, and under which proofs. The order of grants does not matter; duplicates are merged. */
struct deputy_recap_grant {
    struct deputy_slice resource; /* a URI */
    struct deputy_slice ability;
};

struct deputy_recap {
    const struct deputy_recap_grant *grants;
    size_t grant_count;
    const struct deputy_cid *proofs;
    size_t proof_count;
};

/* The line urn:recap:… and the sentence that a SIWE message must carry for it. */
DEPUTY_EXPORT enum deputy_error deputy_recap_build(struct deputy_arena *arena, struct deputy_slice *uri,
        struct deputy_slice *statement, const struct deputy_recap *recap);

/* Adds a ReCap to a message: statement and last resource (spec/01 section 7.3). */
DEPUTY_EXPORT enum deputy_error deputy_recap_attach(
        struct deputy_arena *arena, struct deputy_siwe *siwe, const struct deputy_recap *recap);

/*
 * The capabilities and proofs of a message: those of its last resource, when that is a ReCap and the
 * statement ends with its sentence; none when there is no ReCap there. Any caveat makes the ReCap
 * undecodable.
 */
DEPUTY_EXPORT enum deputy_error deputy_recap_extract(struct deputy_arena *arena,
        const struct deputy_capability **capabilities, size_t *capability_count,
        const struct deputy_proof **proofs, size_t *proof_count, const struct deputy_siwe *siwe);

#ifdef __cplusplus
}
#endif

#endif
