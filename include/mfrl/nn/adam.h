/** @file adam.h
 *  What moves parameters: Adam and the soft target update.
 *
 *  Both work on one flat block and element by element, so the bits do not
 *  depend on how a block is laid out or cut.
 */
#ifndef MFRL_NN_ADAM_H
#define MFRL_NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

/** One step of Adam (Kingma & Ba, ICLR 2015, algorithm 1):
 *
 *      m = beta1 m + (1 - beta1) g         mhat = m / (1 - beta1^t)
 *      v = beta2 v + (1 - beta2) g^2       vhat = v / (1 - beta2^t)
 *      params -= lr mhat / (sqrt(vhat) + eps)
 *
 *  with beta1 = 0.9, beta2 = 0.999, eps = 1e-8.
 *
 *  @param params  [n]  in and out
 *  @param grad    [n]  g, the gradient of what is to be minimised
 *  @param m, v    [n]  moments, in and out; zero before the first step
 *  @param n       -    parameters
 *  @param t       -    number of this step, >= 1
 *  @param lr      -    learning rate
 */
void mf_adam_step(float *params, const float *grad, float *m, float *v,
                  size_t n, uint64_t t, float lr);

/** target = tau params + (1 - tau) target, n elements; tau = 1 copies. */
void mf_soft_update(float *target, const float *params, size_t n, float tau);

#endif
