/** @file act.h
 *  Activations: relu, a portable exponential, the Boltzmann policy.
 *
 *  No libm function is called, since libm picks its code by CPU: the bits are
 *  the same on every machine.
 */
#ifndef MFRL_NN_ACT_H
#define MFRL_NN_ACT_H

#include <stdbool.h>
#include <stddef.h>

/** y[i] = max(y[i], 0) in place, i < n.  A NaN stays a NaN. */
void mf_relu(float *y, size_t n);

/** Gradient through mf_relu, in place: dy[i] = 0 where the output y[i] of
 *  mf_relu is not positive. */
void mf_relu_backward(const float *y, float *dy, size_t n);

/** e^x, at most 2 ulp from the true value for x in [-87, 88.7].  Exactly 0
 *  below -87.33 (where results would stop being normal numbers), infinity
 *  above 88.72, NaN for NaN. */
float mf_expf(float x);

/** y[i] = mf_expf(x[i]), the same bits, vectorised; y may be x. */
void mf_exp_array(const float *x, float *y, size_t n);

/** Boltzmann policy of one agent:
 *
 *      pi(a) = exp((Q_a - max Q) / T) / Z,  Z the sum over a
 *
 *  (eq. 12 of Yang et al., ICML 2018, with T = 1/beta and the sign that makes
 *  a larger Q more likely).  Never overflows.  T = 0 is the limit T -> 0: the
 *  best actions share the probability equally.  T = INFINITY is uniform.
 *
 *  @param q            [n_actions]  action values
 *  @param n_actions    -            >= 1
 *  @param temperature  unit of Q    T >= 0, infinity allowed
 *  @param pi           [n_actions]  out, sums to 1; may be q
 *  @return false, and @p pi untouched, if some Q is NaN or infinite or T is
 *          NaN or negative
 */
bool mf_boltzmann(const float *q, int n_actions, float temperature, float *pi);

/** Entropy of probabilities pi [n], nats. */
double mf_entropy(const float *pi, int n);

#endif
