/*
 * Real signed tokens for a node under load: an owner whose wallet hosts a space on the node and gives a
 * session everything there, and whoever the session passes it on to. All keys depend on a number alone.
 */
#ifndef LOAD_WORLD_H
#define LOAD_WORLD_H

#include "load/wire.h"
#include <deputy/cid.h>
#include <deputy/key.h>
#include <deputy/ucan.h>

/* Someone who may invoke: a key, and the delegation that speaks of it. */
struct load_holder {
    struct deputy_key *key;
    struct deputy_slice did;
    struct deputy_slice did_url;
    struct deputy_cid proof;
};

struct load_world {
    uint16_t port;
    struct deputy_arena *arena;
    struct deputy_key *wallet;
    struct deputy_slice space;
    struct load_holder session;
    uint64_t serial; /* makes every token another one */
};

/* Hosts the space and signs the session in. `number` chooses the people. Ends the program on a refusal. */
void world_open(struct load_world *world, uint16_t port, uint32_t number);
void world_close(struct load_world *world);

/* A UCAN of a holder for somebody, with a nonce of its own; facts: a JSON array, absent for none. */
struct deputy_slice world_token(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, struct deputy_slice to, const struct deputy_ucan_grant *grants,
        size_t count, double lifetime_s, bool with_proof, struct deputy_slice facts);

/* The parent gives these to a new key, and the node takes the delegation. Destroy the key. */
void world_give(struct load_world *world, struct load_holder *out, const struct load_holder *parent,
        const struct deputy_ucan_grant *grants, size_t count, bool with_proof);

/* The parent passes everything on to a new key, and the node takes the delegation. Destroy the key. */
void world_pass_on(struct load_world *world, struct load_holder *out, const struct load_holder *parent);

/* A chain of that many delegations from the wallet to the holder; the session's own has depth 1. */
void world_descend(struct load_world *world, struct load_holder *out, size_t depth);

/* The Authorization value of a fresh invocation: one ability on one key below kv/. */
struct deputy_slice world_invocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const char *key, const char *ability, double lifetime_s);

/* The session once more, under a delegation of everything on SQL; the key is the session's. */
void world_sign_in_sql(struct load_world *world, struct load_holder *out);

/* The same as world_invocation, for a database below sql/. */
struct deputy_slice world_sql_invocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const char *database, const char *ability, double lifetime_s);

/* The value with which the parent revokes the delegation. */
struct deputy_slice world_revocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const struct deputy_cid *target);

/* A whole POST request. more: header lines, each with its CR LF, or "". */
struct deputy_slice world_post(struct deputy_arena *arena, const char *path,
        struct deputy_slice authorization, const char *more, struct deputy_slice body);

/* Sends one request and waits for its answer: the status, and the body in the arena. */
int world_ask(struct load_world *world, struct deputy_slice request, struct deputy_slice *body);

/* Ends the program unless the call succeeded. */
void load_must(enum deputy_error error, const char *what);

#endif
