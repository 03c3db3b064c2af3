/** @file frequency_max.h
 *  Frequency maximum Q-value learning of a stage game, each agent by itself:
 *  what fmq.c and rec_fmq.c share.  The calls are those of algo.h.
 *
 *      Q(a) <- Q(a) + alpha (r - Q(a))
 *      max(a) = the largest r that a has earned
 *      T      = floor + start exp(-decay x),  x = steps the agent has made
 *      pi(a)  = exp(E(a) / T) / Z
 *
 *  and E of Q, max and F, the frequency of max:
 *
 *      FMQ      F(a) = steps that earned max(a) / steps of a
 *               E(a) = Q(a) + c F(a) max(a)
 *               (Kapetanakis and Kudenko, AAAI 2002)
 *      Rec-FMQ  F(a) <- 1 if r is a new max(a), else
 *               F(a) <- (1 - alpha_f) F(a) + alpha_f [r = max(a)]
 *               E(a) = (1 - F(a)) Q(a) + F(a) max(a)
 *               (Matignon, Laurent and Le Fort-Piat, 2008)
 *
 *  All this begins at 0, and with an action's first reward as its max.
 *
 *  Actors need nothing but E / T, which is what the weights hold.  A round is
 *  one update, which takes every step of it once, each agent's in their order:
 *  an agent's steps all come to one shard, and the "gradient" holds what the
 *  shard has made of the entries that it saw, and 0 elsewhere, so that a sum
 *  over shards is exact, and the same however they are dealt to learners.
 */
#ifndef MFRL_ALGO_FREQUENCY_MAX_H
#define MFRL_ALGO_FREQUENCY_MAX_H

#include "mfrl/algo/algo.h"

typedef struct mf_frequency_cfg {
    double alpha;
    double weight;  /* c of FMQ */
    double alpha_f; /* of Rec-FMQ; 0: it is FMQ */
    double start, decay, floor;
} mf_frequency_cfg;

/** Rows of an options table whose struct is a mf_frequency_cfg. */
#define MF_FREQUENCY_OPTS(ALPHA, START, DECAY)                                 \
    {"alpha", MF_OPT_REAL, offsetof(mf_frequency_cfg, alpha),                  \
     ALPHA,   1e-6,        1,                                                  \
     NULL,    NULL,        "step size of Q"},                                  \
        {"temperature",                                                        \
         MF_OPT_REAL,                                                          \
         offsetof(mf_frequency_cfg, start),                                    \
         START,                                                                \
         0,                                                                    \
         1e9,                                                                  \
         NULL,                                                                 \
         NULL,                                                                 \
         "own Boltzmann temperature at first, above its floor, in units of "   \
         "the reward; the run's is not looked at"},                            \
        {"decay",                                                              \
         MF_OPT_REAL,                                                          \
         offsetof(mf_frequency_cfg, decay),                                    \
         DECAY,                                                                \
         0,                                                                    \
         1,                                                                    \
         NULL,                                                                 \
         "per step",                                                           \
         "how fast that falls: exp(-decay x) after x steps of the agent"},     \
    {                                                                          \
        "floor", MF_OPT_REAL, offsetof(mf_frequency_cfg, floor), "1", 1e-6,    \
            1e9, NULL, NULL, "what the temperature falls to"                   \
    }

mf_status mf_frequency_create(const char *name, const mf_frequency_cfg *cfg,
                              const mf_algo_spec *spec, void **algo);
void mf_frequency_destroy(void **algo);
size_t mf_frequency_n_weights(const void *algo);
size_t mf_frequency_n_state(const void *algo);
size_t mf_frequency_n_grad(const void *algo);
int mf_frequency_arrays(const void *algo, mf_algo_array *out);
void mf_frequency_init(const void *algo, uint64_t seed, int set, float *weights,
                       float *state);
mf_status mf_frequency_act(void *algo, const float *weights, double t,
                           const mf_act_batch *b);
mf_status mf_frequency_policy(void *algo, const float *weights, double t,
                              const mf_act_batch *b, float *pi);
mf_status mf_frequency_gradient(void *algo, const float *weights,
                                const float *state, double t,
                                const mf_minibatch *b, float *grad,
                                mf_loss_sums *sums);
mf_status mf_frequency_apply(void *algo, const float *grad, double n,
                             uint64_t update, float *weights, float *state);

/** What their tables of operations have in common. */
/* clang-format off: a line each */
#define MF_FREQUENCY_OPERATIONS                                                \
    .cfg_size = sizeof(mf_frequency_cfg), .destroy = mf_frequency_destroy,     \
    .n_weights = mf_frequency_n_weights, .n_state = mf_frequency_n_state,      \
    .n_grad = mf_frequency_n_grad, .arrays = mf_frequency_arrays,              \
    .init = mf_frequency_init, .act = mf_frequency_act,                        \
    .policy = mf_frequency_policy, .on_policy = mf_algo_always_on_policy,      \
    .gradient = mf_frequency_gradient, .apply = mf_frequency_apply
/* clang-format on */

#endif
