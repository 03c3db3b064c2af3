/** @file nn_test.h
 *  What the suites of nn/ share.
 */
#ifndef MFRL_UNIT_NN_TEST_H
#define MFRL_UNIT_NN_TEST_H

#include <check.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "unit/suite.h"

/* A new array of n floats in [-1, 1), plus one that must stay GUARD.  The
 * caller frees it with mf_free. */
static const float GUARD = 12345.0f;

static inline float *some_floats(size_t n, uint64_t seed)
{
    const mf_rng key = {.seed = seed, .purpose = MF_RNG_TEST};
    float *f;

    ck_assert(mf_alloc(n + 1, sizeof(*f), "test array", &f) == MF_OK);
    for (size_t i = 0; i < n; i++) {
        f[i] = 2.0f * mf_rng_unit(mf_rng_u32(&key, (uint32_t)i)) - 1.0f;
    }
    f[n] = GUARD;
    return f;
}

static inline int same_bits(const float *a, const float *b, size_t n)
{
    return n == 0 || memcmp(a, b, n * sizeof(*a)) == 0;
}

static inline uint32_t bits_of(float f)
{
    uint32_t u;

    memcpy(&u, &f, sizeof(u));
    return u;
}

#endif
