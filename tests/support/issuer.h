/*
 * Issues real signed tokens for tests and keeps them as a node would: a small world of four people, one store
 * and one moment.
 *
 *   O  owner of the space SP, a wallet      did:pkh:eip155:1:<address>, signs SIWE or UCAN
 *   S  session key, B  backend, X  stranger did:key (Ed25519), sign UCAN
 *   K  owner with a key instead of a wallet did:key (Ed25519)
 */
#ifndef SUPPORT_ISSUER_H
#define SUPPORT_ISSUER_H

#include "support/check.h"
#include <deputy/chain.h>
#include <deputy/key.h>

enum issuer_who { ISSUER_O, ISSUER_S, ISSUER_B, ISSUER_X, ISSUER_K, ISSUER_PEOPLE };

/* 2026-07-10T12:00:00Z; proofs of a usual test end a day later. */
#define ISSUER_NOW INT64_C(1783684800)
#define ISSUER_T1 (ISSUER_NOW + 86400)

enum { ISSUER_MAX_ROWS = 160 };

struct issuer_row {
    const struct deputy_token *token;
    bool revoked;
};

struct issuer {
    struct deputy_arena *arena;
    struct deputy_key *keys[ISSUER_PEOPLE];
    struct deputy_slice dids[ISSUER_PEOPLE];
    struct deputy_slice space; /* SP: tinycloud:pkh:eip155:1:<address>:default */
    struct deputy_time now;
    struct deputy_rules rules;
    struct issuer_row rows[ISSUER_MAX_ROWS]; /* what is stored */
    size_t row_count;
    unsigned serial; /* makes each nonce another one */
};

/* cmocka setup and teardown: *state is a struct issuer. */
int issuer_setup(void **state);
int issuer_teardown(void **state);
#define ISSUER_TEST(function) cmocka_unit_test_setup_teardown(function, issuer_setup, issuer_teardown)

/* A capability; the resource is expanded by issuer_text. */
struct issuer_cap {
    const char *resource;
    const char *ability;
    const char *caveats; /* a JSON array, or NULL for none */
};

enum { ISSUER_NONE = -1 }; /* a time that is left out */

/*
 * What to issue. Left at zero: to the issuer itself, no proofs, from no moment on, until T1 (a minute from
 * now for issuer_invocation). Wallets sign SIWE when `cacao` is set.
 */
struct issuer_plan {
    enum issuer_who by;
    enum issuer_who to;
    const char *audience; /* instead of `to`: any text, expanded by issuer_text */
    bool cacao;
    struct issuer_cap caps[8];             /* ended by a resource of NULL */
    const struct issuer_cap *more_caps;    /* instead of caps, ended alike */
    const struct deputy_token *proofs[18]; /* ended by NULL */
    double expiry;                         /* seconds since 1970, or ISSUER_NONE for a CACAO */
    double not_before;                     /* seconds since 1970 */
    const char *facts;                     /* a JSON array */
    const char *issuer;                    /* instead of the DID URL of `by`, expanded */
};

#define CAPS(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

/* Signed, parsed and verified. */
const struct deputy_token *issuer_token(
        struct issuer *issuer, enum deputy_token_use use, struct issuer_plan plan);
const struct deputy_token *issuer_delegation(struct issuer *issuer, struct issuer_plan plan);
const struct deputy_token *issuer_invocation(struct issuer *issuer, struct issuer_plan plan);
const struct deputy_token *issuer_revocation(struct issuer *issuer, struct issuer_plan plan);

/* The Authorization value of the same, for tests of the way in. */
struct deputy_slice issuer_header(struct issuer *issuer, struct issuer_plan plan);

/* A JWT with exactly this payload, expanded, signed by the key; header NULL for the usual one of its kind. */
struct deputy_slice issuer_sign(
        struct issuer *issuer, enum issuer_who by, const char *header, const char *payload);

/* Parses and verifies a header value; the test fails when either fails. */
const struct deputy_token *issuer_read(
        struct issuer *issuer, enum deputy_token_use use, struct deputy_slice header_value);

/* ---- the store ---- */

/* Keeps a token without asking, as if it had been admitted before. */
void issuer_store(struct issuer *issuer, const struct deputy_token *token);
void issuer_revoke(struct issuer *issuer, const struct deputy_token *token);
void issuer_forget(struct issuer *issuer, const struct deputy_token *token);

/* Issues and stores. */
const struct deputy_token *issuer_stored(struct issuer *issuer, struct issuer_plan plan);

/* The delegations that most rows of spec/02 section 15 build on: P, a stored CACAO from O to S with get and
 * put below SP/kv/notes/, until T1; Q, a stored UCAN from S to B with get there, under P. */
const struct deputy_token *issuer_p(struct issuer *issuer);
const struct deputy_token *issuer_q(struct issuer *issuer, const struct deputy_token *p);

/* What most rows vary: O gives S get below SP/kv/notes/, by SIWE; S gives B the same under a proof. */
struct issuer_plan issuer_root_plan(void);
struct issuer_plan issuer_child_plan(const struct deputy_token *proof);

/* The closure of a token's proofs: cited ones, then ancestors, over_limit when it holds more than max. */
struct deputy_closure issuer_closure(struct issuer *issuer, const struct deputy_token *token, size_t max);

/* The closure whose one cited delegation is the token itself. */
struct deputy_closure issuer_closure_of(struct issuer *issuer, const struct deputy_token *token, size_t max);

/* ---- the decision ---- */

struct deputy_decision issuer_decide(
        struct issuer *issuer, enum deputy_use use, const struct deputy_token *token);

/* The text with SP/ replaced by the space, {O} by the DID of O, {o} by the same without "did:" (and so for
 * all), and {cid} by that of the token (which may be NULL). */
const char *issuer_text(struct issuer *issuer, const char *text, const struct deputy_token *token);

/* The test fails unless the decision is a yes with a grant for each capability; returned for a closer look.
 */
struct deputy_decision issuer_admitted(struct issuer *issuer, enum deputy_use use,
        const struct deputy_token *token, const char *file, int line);
#define assert_admitted(issuer, use, token) issuer_admitted((issuer), (use), (token), __FILE__, __LINE__)

/* The test fails unless the decision is a no with exactly this text; SP/ stands for the space. */
void issuer_refused(struct issuer *issuer, enum deputy_use use, const struct deputy_token *token,
        const char *expected, const char *file, int line);
#define assert_refused(issuer, use, token, expected)                                                         \
    issuer_refused((issuer), (use), (token), (expected), __FILE__, __LINE__)

#endif
