/*
 * Nonces of sign-in (spec/07 section A5): each for one address, for five minutes, for one use.
 *
 * A nonce carries its own proof, so that asking for many costs others nothing: only those that were used are
 * remembered, until they would be over anyway. Nonces do not outlive the process.
 */
#ifndef BACKEND_NONCE_H
#define BACKEND_NONCE_H

#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>

enum { NONCE_DIGITS = 64, NONCE_LIFE_S = 300 };

struct nonces;

enum deputy_error nonces_create(struct nonces **out);
/* NULL is allowed. */
void nonces_destroy(struct nonces *nonces);

/* 64 lower-case hexadecimal digits. Any thread. */
void nonce_make(
        struct nonces *nonces, char out[NONCE_DIGITS], const uint8_t address[20], struct deputy_time now);

/*
 * Uses it up. DEPUTY_E_NONCE when it is not ours, not this address's, over, or used before, and when more
 * nonces were used of late than are remembered. Any thread.
 */
enum deputy_error nonce_use(
        struct nonces *nonces, struct deputy_slice nonce, const uint8_t address[20], struct deputy_time now);

#endif
