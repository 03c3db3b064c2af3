#include "mfrl/nn/act.h"

#include <float.h>

#include "mfrl/base/digest.h"
#include "unit/nn_test.h"

START_TEST(relu_cuts_below_zero_only)
{
    for (size_t n = 0; n < 70; n++) {
        float *y = some_floats(n, n);
        float *x = some_floats(n, n);

        mf_relu(y, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(y[i] == (x[i] > 0.0f ? x[i] : 0.0f));
        }
        ck_assert(y[n] == GUARD);
        mf_free(&x);
        mf_free(&y);
    }
    float odd[4] = {NAN, INFINITY, -INFINITY, 0.0f};

    mf_relu(odd, 4);
    ck_assert(isnan(odd[0]) && odd[1] == INFINITY);
    ck_assert(odd[2] == 0.0f && odd[3] == 0.0f);
}
END_TEST

START_TEST(relu_gradient_passes_where_output_is_positive)
{
    for (size_t n = 0; n < 70; n++) {
        float *y = some_floats(n, n);
        float *dy = some_floats(n, 1000 + n);
        float *old = some_floats(n, 1000 + n);

        mf_relu(y, n);
        mf_relu_backward(y, dy, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(dy[i] == (y[i] > 0.0f ? old[i] : 0.0f));
        }
        ck_assert(dy[n] == GUARD);
        mf_free(&old);
        mf_free(&dy);
        mf_free(&y);
    }
}
END_TEST

/* |y - e^x| in units of the last place of the float nearest to e^x. */
static double ulps(float x, float y)
{
    const double exact = exp((double)x);
    const float nearest = (float)exact;
    const double ulp = (double)nextafterf(nearest, INFINITY) - (double)nearest;

    return fabs((double)y - exact) / ulp;
}

START_TEST(exp_is_within_two_ulp)
{
    const uint32_t last_negative = bits_of(-87.0f);
    const uint32_t last_positive = bits_of(88.0f);
    double worst = 0.0;
    float x;

    for (uint32_t u = 0; u <= last_positive; u += 1009) { /* a prime */
        memcpy(&x, &u, sizeof(x));
        worst = fmax(worst, ulps(x, mf_expf(x)));
    }
    for (uint32_t u = bits_of(-0.0f); u <= last_negative; u += 1009) {
        memcpy(&x, &u, sizeof(x));
        worst = fmax(worst, ulps(x, mf_expf(x)));
    }
    for (int i = -87000000; i <= 88000000; i += 101) { /* dense near the ends */
        x = (float)i * 1e-6f;
        worst = fmax(worst, ulps(x, mf_expf(x)));
    }
    ck_assert_msg(worst <= 2.0, "%g ulp", worst);
}
END_TEST

START_TEST(exp_at_its_ends)
{
    ck_assert(mf_expf(0.0f) == 1.0f && mf_expf(-0.0f) == 1.0f);
    ck_assert(mf_expf(-87.33f) >= FLT_MIN);
    ck_assert(ulps(-87.33f, mf_expf(-87.33f)) <= 2.0);
    ck_assert(bits_of(mf_expf(nextafterf(-87.33f, -INFINITY))) == 0);
    ck_assert(bits_of(mf_expf(-1e30f)) == 0);
    ck_assert(bits_of(mf_expf(-INFINITY)) == 0);
    ck_assert(ulps(88.72f, mf_expf(88.72f)) <= 2.0);
    ck_assert(mf_expf(88.73f) == INFINITY);
    ck_assert(mf_expf(1e30f) == INFINITY);
    ck_assert(mf_expf(INFINITY) == INFINITY);
    ck_assert(isnan(mf_expf(NAN)) && isnan(mf_expf(-NAN)));
}
END_TEST

/* The same bits from every compiler and CPU, in the loop and alone. */
START_TEST(exp_bits_are_fixed)
{
    enum { N = 100003 };
    float *x = some_floats(N, 1);
    float *y = some_floats(N, 2);
    uint64_t digest = 0;

    for (size_t i = 0; i < N; i++) {
        x[i] *= 90.0f;
    }
    for (size_t n = 0; n < 70; n++) {
        y[n] = GUARD;
        mf_exp_array(x, y, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(bits_of(y[i]) == bits_of(mf_expf(x[i])));
        }
        ck_assert(y[n] == GUARD);
    }
    mf_exp_array(x, y, N);
    for (size_t i = 0; i < N; i++) {
        ck_assert(bits_of(y[i]) == bits_of(mf_expf(x[i])));
        digest += mf_digest_item(i, bits_of(y[i]));
    }
    ck_assert_msg(digest == 0x3ac6bb9831f4bf63u, "%016llx",
                  (unsigned long long)digest);
    mf_exp_array(x, x, N); /* in place */
    ck_assert(same_bits(x, y, N));
    mf_free(&y);
    mf_free(&x);
}
END_TEST

static double sum(const float *pi, int n)
{
    double s = 0.0;

    for (int a = 0; a < n; a++) {
        s += (double)pi[a];
    }
    return s;
}

START_TEST(boltzmann_is_its_formula)
{
    enum { MAX = 40 };
    const float temperature[] = {0.05f, 0.3f, 1.0f, 2.5f, 100.0f};

    for (int n = 1; n <= MAX; n++) {
        for (int t = 0; t < 5; t++) {
            float *q = some_floats((size_t)n, (uint64_t)(n * 10 + t));
            float pi[MAX + 1];
            double z = 0.0;

            pi[n] = GUARD;
            ck_assert(mf_boltzmann(q, n, temperature[t], pi));
            for (int a = 0; a < n; a++) {
                z += exp((double)q[a] / (double)temperature[t]);
            }
            for (int a = 0; a < n; a++) {
                const double p = exp((double)q[a] / (double)temperature[t]) / z;

                ck_assert_double_le(fabs((double)pi[a] - p), 4e-6 * p);
            }
            ck_assert_double_le(fabs(sum(pi, n) - 1.0), 1e-6);
            ck_assert(pi[n] == GUARD);
            ck_assert(mf_boltzmann(q, n, temperature[t], q)); /* in place */
            ck_assert(same_bits(q, pi, (size_t)n));
            mf_free(&q);
        }
    }
}
END_TEST

START_TEST(a_larger_q_is_more_likely)
{
    float q[4] = {0.3f, -1.0f, 0.5f, 0.1f};
    float before[4], after[4];

    for (int a = 0; a < 4; a++) {
        ck_assert(mf_boltzmann(q, 4, 0.7f, before));
        q[a] += 0.2f;
        ck_assert(mf_boltzmann(q, 4, 0.7f, after));
        for (int b = 0; b < 4; b++) {
            ck_assert(b == a ? after[b] > before[b] : after[b] < before[b]);
        }
    }
}
END_TEST

START_TEST(cold_limit_is_argmax_with_ties_shared)
{
    const float cold[] = {0.0f, 1e-45f, 1e-30f, 1e-4f};
    const float q[5] = {0.25f, 0.75f, -3.0f, 0.75f, 0.5f};
    const float same[3] = {-2.0f, -2.0f, -2.0f};
    float pi[5];

    for (int t = 0; t < 4; t++) {
        ck_assert(mf_boltzmann(q, 5, cold[t], pi));
        ck_assert(pi[1] == 0.5f && pi[3] == 0.5f);
        ck_assert(pi[0] == 0.0f && pi[2] == 0.0f && pi[4] == 0.0f);
        ck_assert(mf_boltzmann(same, 3, cold[t], pi));
        ck_assert(pi[0] == 1.0f / 3 && pi[1] == 1.0f / 3 && pi[2] == 1.0f / 3);
    }
    ck_assert(mf_boltzmann(q, 5, -0.0f, pi) && pi[1] == 0.5f);

    const float close[2] = {0.0f, 1e-45f}; /* the least there is */

    ck_assert(mf_boltzmann(close, 2, 0.0f, pi));
    ck_assert(pi[0] == 0.0f && pi[1] == 1.0f);
}
END_TEST

START_TEST(hot_limit_is_uniform)
{
    const float q[4] = {-FLT_MAX, FLT_MAX, 0.0f, 1.0f};
    const float mild[4] = {-3.0f, 5.0f, 0.0f, 1.0f};
    float pi[4];

    ck_assert(mf_boltzmann(q, 4, INFINITY, pi));
    for (int a = 0; a < 4; a++) {
        ck_assert(pi[a] == 0.25f);
    }
    ck_assert(mf_boltzmann(mild, 4, 1e30f, pi));
    for (int a = 0; a < 4; a++) {
        ck_assert(pi[a] == 0.25f);
    }
}
END_TEST

START_TEST(boltzmann_never_overflows)
{
    const float big[] = {1e30f, FLT_MAX};
    const float temperature[] = {1e-30f, 1.0f, 1e30f};
    float pi[3];

    for (int b = 0; b < 2; b++) {
        for (int t = 0; t < 3; t++) {
            const float q[3] = {-big[b], big[b], 0.0f};

            ck_assert(mf_boltzmann(q, 3, temperature[t], pi));
            ck_assert(isfinite(pi[0]) && isfinite(pi[1]) && isfinite(pi[2]));
            ck_assert_double_le(fabs(sum(pi, 3) - 1.0), 1e-6);
            ck_assert(pi[1] > pi[2] && pi[2] >= pi[0]);
        }
    }
}
END_TEST

START_TEST(what_is_not_a_number_is_refused)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const float good[3] = {0.0f, 1.0f, 2.0f};
    const float kept[3] = {7.0f, 8.0f, 9.0f};
    float pi[3] = {7.0f, 8.0f, 9.0f};

    for (int i = 0; i < 9; i++) {
        float q[3] = {0.0f, 1.0f, 2.0f};

        q[i % 3] = bad[i / 3];
        ck_assert(!mf_boltzmann(q, 3, 1.0f, pi));
    }
    ck_assert(!mf_boltzmann(good, 3, NAN, pi));
    ck_assert(!mf_boltzmann(good, 3, -1.0f, pi));
    ck_assert(!mf_boltzmann(good, 3, -INFINITY, pi));
    ck_assert(same_bits(pi, kept, 3));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        relu_cuts_below_zero_only,
        relu_gradient_passes_where_output_is_positive,
        exp_is_within_two_ulp,
        exp_at_its_ends,
        exp_bits_are_fixed,
        boltzmann_is_its_formula,
        a_larger_q_is_more_likely,
        cold_limit_is_argmax_with_ties_shared,
        hot_limit_is_uniform,
        boltzmann_never_overflows,
        what_is_not_a_number_is_refused,
    };

    return run_suite("act", tests, sizeof(tests) / sizeof(tests[0]));
}
