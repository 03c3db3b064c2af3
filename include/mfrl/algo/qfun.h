/** @file qfun.h
 *  A mean-field Q function Q(s, a, abar): a table or a network, behind one
 *  set of calls, so that an algorithm does not care which.
 *
 *  Blocks per weight set, P = number of parameters:
 *      weights  [P]       the parameters
 *      state    [P]       the target parameters, then
 *               [P]       table: visits of each entry
 *               [2 P]     network: Adam's m and v
 *      gradient [2 P]     table: sum of TD errors, then number of samples
 *               [P]       network: gradient of the mean squared TD error
 */
#ifndef MFRL_ALGO_QFUN_H
#define MFRL_ALGO_QFUN_H

#include "mfrl/algo/algo.h"

typedef struct mf_qfun mf_qfun;

/** Agents whose Q values are asked for. */
typedef struct mf_q_input {
    uint32_t n;
    const uint32_t *who;    /* [n] positions in the arrays; NULL: 0 .. n - 1 */
    const uint32_t *id;     /* [.] */
    const uint8_t *obs;     /* [.][obs_bytes] */
    const uint16_t *counts; /* [.][n_actions] */
    const uint8_t *ctx;     /* context of all their observations, or */
    const uint8_t *const *ctxs; /* [.] one each; NULL: the one of all */
} mf_q_input;

/** Most agents of one mf_qfun_keys or mf_qfun_values that no gradient follows;
 *  those of a minibatch may be more, up to the spec's max_rows. */
enum { MF_QFUN_ROWS = 1024 };

/** Build the Q function that the run's config asks for.  MF_ERR_USAGE if a
 *  table cannot hold this environment.
 *  @param alpha  step size of a table's entries, eq. 9 */
mf_status mf_qfun_create(const mf_algo_spec *spec, double alpha, mf_qfun **out);
void mf_qfun_destroy(mf_qfun **q);

size_t mf_qfun_n_weights(const mf_qfun *q);
size_t mf_qfun_n_state(const mf_qfun *q);
size_t mf_qfun_n_grad(const mf_qfun *q);
int mf_qfun_arrays(const mf_qfun *q, mf_algo_array *out);
void mf_qfun_init(const mf_qfun *q, uint64_t seed, int set, float *weights,
                  float *state);

/** Keys of a table, that is rows of all tables together; 0 for a network. */
uint32_t mf_qfun_n_keys(const mf_qfun *q);

/** Table keys [in->n] of the listed agents: row of Q in the weights. */
void mf_qfun_keys(const mf_qfun *q, const mf_q_input *in, uint32_t *keys);

/** Q [in->n][n_actions] of the listed agents. */
void mf_qfun_values(mf_qfun *q, const float *params, const mf_q_input *in,
                    float *values);

/** Add to @p grad what one minibatch says about the weights.
 *  @param values  [n][n_actions] of mf_qfun_values(weights, in), which must
 *                 have been the last such call
 *  @param td      [n] y - Q(s, act, abar) */
void mf_qfun_gradient(mf_qfun *q, const float *weights, const mf_q_input *in,
                      const uint8_t *act, const float *td, float *grad);

/** One update of weights and state: eq. 9 for a table, Adam for a network;
 *  then the soft target update
 *      target <- tau_soft * weights + (1 - tau_soft) * target.
 *
 *  An entry of a table that c of the samples fell on, with mean TD error d,
 *  moves by step * d, step = max(1 - (1 - alpha)^c, c / visits): the plain
 *  average at first, so that the zero start leaves no bias, then the
 *  exponential average of eq. 9. */
void mf_qfun_apply(const mf_qfun *q, const float *grad, uint64_t update,
                   float *weights, float *state);

#endif
