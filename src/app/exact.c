#include "exact.h"

#include <math.h>

double mf_ising_critical(void) { return 1 / log(1 + sqrt(2)); }

double mf_ising_order(double t)
{
    return t < mf_ising_critical() ? pow(1 - pow(sinh(1 / t), -4), 0.125) : 0;
}

/* Complete elliptic integral of the first kind, of the complementary modulus,
 * by the arithmetic-geometric mean. */
static double elliptic(double complement)
{
    double a = 1, g = complement;

    while (fabs(a - g) > 1e-15 * a) {
        const double mean = (a + g) / 2;

        g = sqrt(a * g);
        a = mean;
    }
    return M_PI / (2 * a);
}

double mf_ising_reward(double t)
{
    const double tanh_2k = tanh(1 / t);
    const double bend = 2 * tanh_2k * tanh_2k - 1; /* its own complement */

    /* At the critical point the integral diverges and its factor vanishes. */
    if (fabs(bend) < 1e-12) {
        return 1 / tanh_2k;
    }
    return (1 + 2 / M_PI * bend * elliptic(fabs(bend))) / tanh_2k;
}
