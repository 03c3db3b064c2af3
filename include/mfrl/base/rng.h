/** @file rng.h
 *  Counter-based random numbers (Philox4x32-10, Salmon et al., SC'11).
 *
 *  A number is a pure function of (seed, purpose, world, step, index), so any
 *  rank can draw it, in any order, and no generator state is ever saved.
 */
#ifndef MFRL_BASE_RNG_H
#define MFRL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/** What a number is for: streams of different purpose are independent. */
typedef enum mf_rng_purpose {
    MF_RNG_START = 1, /* initial state of a world */
    MF_RNG_ACT,       /* an agent's choice of action */
    MF_RNG_ORDER,     /* an agent's priority within a step */
    MF_RNG_SAMPLE,    /* a minibatch draw from replay */
    MF_RNG_WEIGHTS,   /* initial weights */
    MF_RNG_TEST,
    MF_RNG_MOVE,   /* who of several that want one cell gets it */
    MF_RNG_REPEAT, /* who repeats the last action instead of choosing */
    MF_RNG_GROUP   /* whose actions an agent is shown */
} mf_rng_purpose;

typedef struct mf_rng {
    uint64_t seed;
    uint64_t step;  /* environment step or update number, < 2^56 */
    uint32_t world; /* world, or weight set */
    mf_rng_purpose purpose;
} mf_rng;

/** The number of one index (agent id, sample index): 32 uniform bits. */
uint32_t mf_rng_u32(const mf_rng *key, uint32_t index);

/** out[i] = mf_rng_u32(key, first + i) for i in [0, n), many at a time. */
void mf_rng_fill(const mf_rng *key, uint32_t first, size_t n, uint32_t *out);

/** out[i] = mf_rng_u32(key, index[i]) for ascending indices; fast where they
 *  are consecutive. */
void mf_rng_gather(const mf_rng *key, const uint32_t *index, size_t n,
                   uint32_t *out);

/** A uniform number in [0, 1) with 24 bits, from 32 random bits. */
static inline float mf_rng_unit(uint32_t bits)
{
    return (float)(bits >> 8) * 0x1p-24f;
}

/** A uniform integer in [0, n), from 32 random bits (bias below n / 2^32). */
static inline uint32_t mf_rng_below(uint32_t bits, uint32_t n)
{
    return (uint32_t)(((uint64_t)bits * n) >> 32);
}

#endif
