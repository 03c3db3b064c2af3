#include "mfrl/nn/act.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mfrl/base/simd.h"

MF_CLONES void mf_relu(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = y[i] < 0.0f ? 0.0f : y[i];
    }
}

MF_CLONES void mf_relu_backward(const float *y, float *dy, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    }
}

/* 2^n as a float, -126 <= n <= 127. */
static inline float power_of_two(int32_t n)
{
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float f;

    memcpy(&f, &bits, sizeof(f));
    return f;
}

/* e^x = 2^n e^r with n the integer nearest to x / ln 2 and |r| <= ln 2 / 2.
 * ln 2 is split in two, the first part short enough for n * LN2_HI to be exact
 * (Cody and Waite).  e^r by its Taylor polynomial; the first term left out is
 * r^8 / 8!, below 6e-9.  No branches, so that a loop over it vectorises. */
static inline __attribute__((always_inline)) float exp_one(float x)
{
    const float LN2_HI = 0x1.62e4p-1f, LN2_LO = 0x1.7f7d1cp-20f;
    const float ROUND = 0x1.8p23f; /* adding it rounds to an integer */
    const float low = x < -87.33f ? -87.33f : x;
    const float z = low > 88.8f ? 88.8f : low;
    const float shifted = z * 0x1.715476p+0f + ROUND;
    const float n = shifted - ROUND;
    const float r = (z - n * LN2_HI) - n * LN2_LO;
    float p = 1.0f / 5040;

    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;

    /* n = 128 has no float 2^n, so the scale is applied in two halves.  The
     * bits of shifted hold n, also where a NaN could not be converted. */
    int32_t bits;

    memcpy(&bits, &shifted, sizeof(bits));
    bits -= 0x4B400000; /* the bits of ROUND */

    const int32_t half = bits / 2;
    const float e = p * power_of_two(half) * power_of_two(bits - half);

    return x < -87.33f ? 0.0f : e;
}

float mf_expf(float x) { return exp_one(x); }

MF_CLONES void mf_exp_array(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = exp_one(x[i]);
    }
}

bool mf_boltzmann(const float *q, int n_actions, float temperature, float *pi)
{
    /* 0 / tiny = 0 and d / tiny = -huge: the limit T -> 0 without a branch.
     * In double, so that neither Q - max nor the quotient overflows. */
    const double t = temperature > 0.0f ? (double)temperature : 1e-300;
    float max = q[0];
    float z = 0.0f;

    for (int a = 0; a < n_actions; a++) {
        if (!isfinite(q[a])) {
            return false;
        }
        max = q[a] > max ? q[a] : max;
    }
    if (!(temperature >= 0.0f)) {
        return false;
    }
    for (int a = 0; a < n_actions; a++) {
        const double d = ((double)q[a] - (double)max) / t;

        pi[a] = mf_expf(d < -100.0 ? -100.0f : (float)d);
        z += pi[a];
    }
    for (int a = 0; a < n_actions; a++) {
        pi[a] /= z;
    }
    return true;
}

double mf_entropy(const float *pi, int n)
{
    double h = 0;

    for (int a = 0; a < n; a++) {
        h -= pi[a] > 0 ? (double)pi[a] * log((double)pi[a]) : 0;
    }
    return h;
}
