#include "mfrl/base/rng.h"

#include <math.h>
#include <string.h>

#include "unit/suite.h"

static const mf_rng KEY = {
    .seed = 77, .step = 12, .world = 3, .purpose = MF_RNG_TEST};

/* kat_vectors of Random123 for philox4x32 with 10 rounds: counter 0 and key 0;
 * counter and key from the digits of pi.  The counter is (index / 4, step,
 * world, purpose and the step's high bits). */
START_TEST(known_answers)
{
    const uint32_t zero[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    const uint32_t pi[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    const mf_rng zero_key = {.seed = 0};
    const mf_rng pi_key = {.seed = 0x299f31d0a4093822,
                           .step = 0x70734485a308d3,
                           .world = 0x13198a2e,
                           .purpose = (mf_rng_purpose)3};
    uint32_t got[4];

    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(mf_rng_u32(&zero_key, i), zero[i]);
        ck_assert_uint_eq(mf_rng_u32(&pi_key, 4 * 0x243f6a88u + i), pi[i]);
    }
    mf_rng_fill(&pi_key, 4 * 0x243f6a88u, 4, got);
    ck_assert_mem_eq(got, pi, sizeof(pi));
}
END_TEST

START_TEST(fill_gives_the_numbers_one_by_one)
{
    enum { MAX = 140 };
    uint32_t out[MAX + 2];

    for (uint32_t first = 0; first < 40; first++) {
        for (size_t n = 0; n <= MAX; n++) {
            const uint32_t from = first < 32 ? first : 0xFFFFFF00u + first;

            memset(out, 0xEE, sizeof(out));
            mf_rng_fill(&KEY, from, n, out + 1);
            for (size_t i = 0; i < n; i++) {
                ck_assert_msg(out[1 + i] ==
                                  mf_rng_u32(&KEY, from + (uint32_t)i),
                              "first %u, n %zu, number %zu", from, n, i);
            }
            ck_assert(out[0] == 0xEEEEEEEE && out[1 + n] == 0xEEEEEEEE);
        }
    }
}
END_TEST

START_TEST(gather_picks_indices)
{
    enum { N = 500 };
    uint32_t index[N], out[N + 1];

    for (uint32_t gaps = 0; gaps < 70; gaps++) {
        uint32_t next = gaps;

        for (uint32_t i = 0; i < N; i++) { /* runs of many lengths */
            index[i] = next;
            next += 1 + (gaps > 0 && mf_rng_u32(&KEY, i) % gaps == 0 ? i : 0);
        }
        out[N] = 42;
        mf_rng_gather(&KEY, index, N, out);
        for (uint32_t i = 0; i < N; i++) {
            ck_assert_uint_eq(out[i], mf_rng_u32(&KEY, index[i]));
        }
        ck_assert_uint_eq(out[N], 42);
    }
    mf_rng_gather(&KEY, index, 0, out);
    ck_assert_uint_eq(out[0], mf_rng_u32(&KEY, index[0]));
}
END_TEST

/* Every part of the key makes another stream: of 2^32 values, 4000 pairs of
 * independent numbers are equal about never, and half their bits differ. */
START_TEST(every_part_of_the_key_counts)
{
    enum { N = 4000 };
    mf_rng keys[] = {KEY, KEY, KEY, KEY, KEY, KEY, KEY};
    uint32_t a[N], b[N];

    keys[1].seed++;
    keys[2].seed += 1ull << 32;
    keys[3].step++;
    keys[4].step += 1ull << 32;
    keys[5].world++;
    keys[6].purpose = MF_RNG_ACT;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        for (size_t j = i + 1; j < COUNT_OF(keys); j++) {
            int equal = 0, bits = 0;

            mf_rng_fill(&keys[i], 0, N, a);
            mf_rng_fill(&keys[j], 0, N, b);
            for (int k = 0; k < N; k++) {
                equal += a[k] == b[k];
                bits += __builtin_popcount(a[k] ^ b[k]);
            }
            ck_assert_msg(equal <= 1, "keys %zu and %zu", i, j);
            /* 5 standard deviations */
            ck_assert_double_le(fabs(bits - 16.0 * N), 5 * sqrt(8.0 * N));
        }
    }
}
END_TEST

START_TEST(unit_is_uniform_below_one)
{
    enum { N = 20000, BINS = 10 };
    int bin[BINS] = {0};

    ck_assert(mf_rng_unit(0) == 0.0f);
    ck_assert(mf_rng_unit(0xFF) == 0.0f);
    ck_assert(mf_rng_unit(0x80000000u) == 0.5f);
    ck_assert(mf_rng_unit(UINT32_MAX) == 1.0f - 0x1p-24f);
    for (uint32_t i = 0; i < N; i++) {
        bin[(int)(mf_rng_unit(mf_rng_u32(&KEY, i)) * BINS)]++;
    }
    for (int k = 0; k < BINS; k++) {
        ck_assert_double_le(abs(bin[k] - N / BINS), 5 * sqrt(0.09 * N));
    }
}
END_TEST

START_TEST(below_covers_its_range_evenly)
{
    for (uint32_t n = 1; n <= 21; n++) {
        int count[21] = {0};

        for (uint32_t k = 0; k < 210; k++) { /* the middles of even strata */
            const uint64_t bits = (((uint64_t)2 * k + 1) << 32) / 420;

            count[mf_rng_below((uint32_t)bits, n)]++;
        }
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_int_le(abs(count[i] - (int)(210 / n)), 1);
        }
        ck_assert_uint_eq(mf_rng_below(0, n), 0);
        ck_assert_uint_eq(mf_rng_below(UINT32_MAX, n), n - 1);
    }
    ck_assert_uint_eq(mf_rng_below(UINT32_MAX, UINT32_MAX), UINT32_MAX - 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        known_answers,
        fill_gives_the_numbers_one_by_one,
        gather_picks_indices,
        every_part_of_the_key_counts,
        unit_is_uniform_below_one,
        below_covers_its_range_evenly,
    };

    return run_suite("rng", tests, COUNT_OF(tests));
}
