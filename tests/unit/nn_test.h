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

/* Every test gives back all it allocated. */
static inline void check_no_blocks(void) { ck_assert(mf_mem_blocks() == 0); }

static inline int run_suite(const char *name, const TTest *const *tests, int n)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, NULL, check_no_blocks);
    for (int i = 0; i < n; i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
