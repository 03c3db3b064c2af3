/** @file dice.h
 *  A seeded stream of random numbers.
 */
#ifndef MFRL_TESTS_UNIT_DICE_H
#define MFRL_TESTS_UNIT_DICE_H

#include "mfrl/base/rng.h"

typedef struct dice {
    mf_rng key;
    uint32_t next;
} dice;

static inline dice dice_of(uint64_t seed)
{
    return (dice){.key = {.seed = seed, .purpose = MF_RNG_TEST}};
}

static inline uint32_t roll(dice *d, uint32_t n)
{
    return mf_rng_below(mf_rng_u32(&d->key, d->next++), n);
}

#endif
