/*
 * How often an address may ask (spec/03 section 12): a bucket of tokens for each, in a table of fixed size
 * that all loops share. Where the table is full, whoever was silent longest is forgotten, and begins with a
 * full bucket.
 */
#ifndef NODE_RATE_H
#define NODE_RATE_H

#include "run/client.h"
#include <deputy/time.h>

struct rate_limit;

/* The key decides who shares a place in the table: nobody can choose whom to push out. */
enum deputy_error rate_create(
        struct rate_limit **out, int64_t per_minute, int64_t burst, const uint8_t key[32]);
void rate_destroy(struct rate_limit *limit);

/* Takes a token. False: there is none; *wait_s says in how many seconds there will be. Thread-safe. */
bool rate_take(struct rate_limit *limit, const uint8_t address[CLIENT_ADDRESS_BYTES], struct deputy_time now,
        int64_t *wait_s);

#endif
