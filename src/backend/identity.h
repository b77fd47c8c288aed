/*
 * Who the backend is: one secp256k1 key, taken once at the start (spec/07 sections A1 and E1 to E4).
 *
 * The key and what is derived from it lie in guarded memory and are wiped at the end. Nothing here prints,
 * logs or returns the key.
 */
#ifndef BACKEND_IDENTITY_H
#define BACKEND_IDENTITY_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/key.h>

/* What the key is for besides signing: each use has a key of its own (E4). */
#define BACKEND_KEY_STORE "delegation-store/v1"
#define BACKEND_KEY_SESSIONS "session-jwt/v1"

enum {
    BACKEND_SECRET_BYTES = 32,
    BACKEND_DID_BYTES = 59, /* did:pkh:eip155:1:0x and 40 digits */
    BACKEND_GUEST_KEY_MAX = 128
};

enum backend_key_source {
    BACKEND_KEY_ANY, /* the first that is configured: guest agent, file, environment */
    BACKEND_KEY_GUEST,
    BACKEND_KEY_FILE,
    BACKEND_KEY_ENVIRONMENT
};

/*
 * Asks dstack's guest agent for the key of a path: writes its bytes (at most BACKEND_GUEST_KEY_MAX) into
 * guarded memory and their number. Blocking. On failure nothing else is tried.
 */
typedef enum deputy_error backend_guest_key_fn(
        void *guest, uint8_t *out, size_t *len, struct deputy_slice path, struct deputy_slice purpose);

/* Where a key could come from; only what is configured is set. */
struct backend_key_sources {
    enum backend_key_source chosen; /* ANY, or this one and no other */
    struct {
        backend_guest_key_fn *ask; /* NULL: no agent is there */
        void *guest;
        struct deputy_slice path;
        struct deputy_slice purpose;
    } agent;
    const char *file;     /* path; NULL for none */
    const char *variable; /* name of the environment variable; NULL for none */
};

struct backend_identity;

/*
 * Takes the key from the source that is chosen, or from the first one configured. A source that is configured
 * and fails ends the start: the next one would be another identity (E2). The environment variable is wiped
 * and removed when the key is taken from it, and the log warns. DEPUTY_E_IDENTITY_…; ended with
 * backend_identity_destroy.
 */
enum deputy_error backend_identity_open(
        struct backend_identity **out, const struct backend_key_sources *sources);

/* Wipes and frees. NULL is allowed. */
void backend_identity_destroy(struct backend_identity *identity);

/* Makes a key file (mode 0600, durable) with a new key. Never replaces a file: DEPUTY_E_IDENTITY_EXISTS. */
enum deputy_error backend_identity_init(const char *path);

/* did:pkh:eip155:1: and the EIP-55 address. Lives as long as the identity, as does the key. */
struct deputy_slice backend_identity_did(const struct backend_identity *identity);
const struct deputy_key *backend_identity_key(const struct backend_identity *identity);
enum backend_key_source backend_identity_source(const struct backend_identity *identity);

/* HKDF-SHA-256 of the key with no salt and this info; the caller wipes the result. */
enum deputy_error backend_identity_derive(
        uint8_t out[BACKEND_SECRET_BYTES], const struct backend_identity *identity, const char *info);

#endif
