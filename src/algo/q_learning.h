/** @file q_learning.h
 *  Q-learning of one function for all agents, with or without the mean action:
 *  what mfq.c and il.c share.  The calls are those of algo.h.
 *
 *      y     = r + gamma (1 - done) v(s')
 *      v(s') = sum_a pi(a | s', abar') Q_target(s', a, abar')      eq. 10
 *      pi(a) = exp(Q(s, a, abar) / T) / Z                          eq. 12
 */
#ifndef MFRL_ALGO_Q_LEARNING_H
#define MFRL_ALGO_Q_LEARNING_H

#include "mfrl/algo/algo.h"

typedef struct mf_q_cfg {
    double alpha;
    int target;
} mf_q_cfg;

/** Rows of an options table whose struct begins with a mf_q_cfg. */
#define MF_Q_OPTS                                                              \
    {"alpha",                                                                  \
     MF_OPT_REAL,                                                              \
     offsetof(mf_q_cfg, alpha),                                                \
     "0.1",                                                                    \
     1e-6,                                                                     \
     1,                                                                        \
     NULL,                                                                     \
     NULL,                                                                     \
     "step size of table entries (eq. 9); networks use learner.lr"},           \
    {                                                                          \
        "target", MF_OPT_CHOICE, offsetof(mf_q_cfg, target), "expected", 0, 0, \
            "expected|max|double", NULL,                                       \
            "value of the next step: the policy's mean of the target's Q "     \
            "(eq. 10), its largest Q, or its Q of the action that is best "    \
            "for the weights"                                                  \
    }

mf_status mf_q_create(const mf_q_cfg *cfg, int sees_abar,
                      const mf_algo_spec *spec, void **algo);
void mf_q_destroy(void **algo);
size_t mf_q_n_weights(const void *algo);
size_t mf_q_n_state(const void *algo);
size_t mf_q_n_grad(const void *algo);
int mf_q_arrays(const void *algo, mf_algo_array *out);
void mf_q_init(const void *algo, uint64_t seed, int set, float *weights,
               float *state);
mf_status mf_q_act(void *algo, const float *weights, double t,
                   const mf_act_batch *b);
mf_status mf_q_policy(void *algo, const float *weights, double t,
                      const mf_act_batch *b, float *pi);
mf_status mf_q_gradient(void *algo, const float *weights, const float *state,
                        double t, const mf_minibatch *b, float *grad,
                        mf_loss_sums *sums);
mf_status mf_q_apply(void *algo, const float *grad, double n, uint64_t update,
                     float *weights, float *state);

/** What their tables of operations have in common. */
/* clang-format off: a line each */
#define MF_Q_OPERATIONS                                                        \
    .cfg_size = sizeof(mf_q_cfg), .destroy = mf_q_destroy,                     \
    .n_weights = mf_q_n_weights, .n_state = mf_q_n_state,                      \
    .n_grad = mf_q_n_grad, .arrays = mf_q_arrays, .init = mf_q_init,           \
    .act = mf_q_act, .policy = mf_q_policy, .gradient = mf_q_gradient,         \
    .apply = mf_q_apply
/* clang-format on */

#endif
