#include "mfrl/nn/adam.h"

#include <math.h>

#include "mfrl/base/simd.h"
#include "mfrl/base/status.h"

static const double BETA1 = 0.9, BETA2 = 0.999;
static const float EPS = 1e-8f;

/* x^n by squaring; libm's pow picks its code, and so its bits, by CPU. */
static double power(double x, uint64_t n)
{
    double p = 1.0;

    for (; n > 0; n /= 2, x *= x) {
        if (n % 2 == 1) {
            p *= x;
        }
    }
    return p;
}

/* Adam with both bias corrections given: step = lr / (1 - beta1^t) and
 * correct2 = 1 / (1 - beta2^t). */
MF_CLONES static void update(float *params, const float *grad, float *m,
                             float *v, size_t n, float step, float correct2)
{
    const float b1 = (float)BETA1, c1 = (float)(1.0 - BETA1);
    const float b2 = (float)BETA2, c2 = (float)(1.0 - BETA2);

    for (size_t i = 0; i < n; i++) {
        const float g = grad[i];

        m[i] = b1 * m[i] + c1 * g;
        v[i] = b2 * v[i] + c2 * (g * g);
        params[i] -= step * m[i] / (sqrtf(v[i] * correct2) + EPS);
    }
}

void mf_adam_step(float *params, const float *grad, float *m, float *v,
                  size_t n, uint64_t t, float lr)
{
    MF_ASSERT(t >= 1);
    update(params, grad, m, v, n, (float)((double)lr / (1.0 - power(BETA1, t))),
           (float)(1.0 / (1.0 - power(BETA2, t))));
}

MF_CLONES void mf_soft_update(float *target, const float *params, size_t n,
                              float tau)
{
    const float keep = 1.0f - tau;

    for (size_t i = 0; i < n; i++) {
        target[i] = tau * params[i] + keep * target[i];
    }
}
