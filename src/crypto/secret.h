/* Guarded memory for secrets: locked, surrounded by guard pages, wiped when freed, absent from core dumps. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include <deputy/error.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed guarded memory; ended with secret_free. */
enum deputy_error secret_alloc(uint8_t **out, size_t len);
/* Makes it read-only until it is freed. */
enum deputy_error secret_freeze(uint8_t *secret);
/* Wipes, unmaps. NULL is allowed. */
void secret_free(uint8_t *secret);

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *memory, size_t len);

/* Starts the libraries below; safe to call again. Every function here that needs it calls it itself. */
enum deputy_error crypto_start(void);

#endif
