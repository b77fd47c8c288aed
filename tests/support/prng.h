/* Pseudo-random numbers for tests: the same ones in every run (SplitMix64). */
#ifndef SUPPORT_PRNG_H
#define SUPPORT_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t word = prng->state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

/* 0 to limit - 1 */
static inline size_t prng_below(struct prng *prng, size_t limit)
{
    return (size_t)(prng_next(prng) % limit);
}

static inline void prng_fill(struct prng *prng, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)prng_next(prng);
}

#endif
