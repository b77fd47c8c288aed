/*
 * A maker of trusted hardware that does not exist: a root, and what Intel would publish below it, so that
 * quotes of the simulator verify from end to end under that root and no other. Keys follow from a seed by the
 * rule of dstack's simulator, so they are no secret: whoever pins such a root pins nothing.
 */
#ifndef AGENT_MOCK_H
#define AGENT_MOCK_H

#include "agent/certificate.h"

enum { MOCK_SEED_BYTES = 32 };

/* The keys, by the labels of dstack. */
enum mock_key { MOCK_ROOT, MOCK_PCK_CA, MOCK_PCK, MOCK_TCB, MOCK_QE, MOCK_KEYS };

struct mock {
    uint8_t secrets[MOCK_KEYS][EC_SECRET_BYTES];
    uint8_t publics[MOCK_KEYS][EC_PUBLIC_BYTES];
    struct deputy_slice root;       /* DER */
    struct deputy_slice pck_chain;  /* PEM: leaf, authority, root */
    struct deputy_slice collateral; /* JSON of spec/08 section 3.4 */
};

/* Made for the TDX module that the quote names. All slices live in the arena. */
enum deputy_error mock_create(struct deputy_arena *arena, struct mock *out,
        const uint8_t seed[MOCK_SEED_BYTES], struct deputy_slice quote);

/* The quote again, its measurements and report_data as they are, signed under the root. */
enum deputy_error mock_sign(struct deputy_arena *arena, struct deputy_slice *quote, const struct mock *mock);

#endif
