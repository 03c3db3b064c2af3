/** @file actor_critic.h
 *  Actor-critics: what mfac.c, ac.c and mfppo.c share.  The calls are those of
 *  algo.h.
 *
 *  Weights: the actor's logits of pi(a | s[, abar]), then the critic.  Two
 *  ways to learn:
 *
 *  From samples of the replay (the paper): the critic is Q(s, a, abar),
 *
 *      y = r + gamma (1 - done) sum_a pi_-(a | s') Q_-(s', a, abar')
 *      actor: ascent on sum_a pi(a | s) Q(s, a, abar) + w H(pi(. | s))
 *
 *  where _- are soft copies.  The sum over a is what log pi(a) times Q means
 *  on average when a is drawn from pi, without the noise of drawing.
 *
 *  From the steps of the round (the public code, PPO): the critic is
 *  V(s, abar); whoever sees the mean action sees it as it stood when the agent
 * acted: what an action is judged by may not depend on it.  Advantages and
 * returns are those of mf_returns.
 *
 *      actor: ascent on min(1, rho) log pi(a | s) adv + w H, rho = pi / mu, or
 *      with clip > 0 on min(rho adv, max(min(rho, 1 + clip), 1 - clip) adv)
 *      + w H (Schulman et al., 2017, eq. 7)
 *
 *  mu is the probability with which a was chosen.  w is entropy, or the
 *  Boltzmann temperature T: then the best policy of a stage game is
 *  exp(Q / T) / Z, as in MF-Q.
 */
#ifndef MFRL_ALGO_ACTOR_CRITIC_H
#define MFRL_ALGO_ACTOR_CRITIC_H

#include "mfrl/algo/algo.h"
#include "mfrl/algo/choose.h"
#include "mfrl/algo/func.h"
#include "mfrl/algo/returns.h"

enum { MF_AC_REPLAY, MF_AC_ROUND };

typedef struct mf_ac_cfg {
    double alpha;    /* step size of a critic's table */
    double actor_lr; /* 0 = learner.lr */
    double entropy;  /* w; < 0 = the policy temperature */
    double value;    /* weight of the critic's loss */
    double lambda;
    int64_t n_step; /* 0 = to the end of the chain */
    int bootstrap;  /* MF_BOOTSTRAP_* */
    bool actor_abar;
    double clip; /* 0 = none */
    bool normalise;
    int form; /* MF_AC_* */
} mf_ac_cfg;

/** Rows of an options table whose struct is a mf_ac_cfg. */
#define MF_AC_OPTS                                                               \
    {"alpha",                                                                    \
     MF_OPT_REAL,                                                                \
     offsetof(mf_ac_cfg, alpha),                                                 \
     "0.1",                                                                      \
     1e-6,                                                                       \
     1,                                                                          \
     NULL,                                                                       \
     NULL,                                                                       \
     "step size of a table critic's entries; networks use learner.lr"},          \
        {"actor_lr", MF_OPT_REAL, offsetof(mf_ac_cfg, actor_lr),                 \
         "0",        0,           10,                                            \
         NULL,       NULL,        "learning rate of the actor; 0 = learner.lr"}, \
    {                                                                            \
        "entropy", MF_OPT_REAL, offsetof(mf_ac_cfg, entropy), "-1", -1, 1e6,     \
            NULL, NULL,                                                          \
            "weight of the policy's entropy in the actor's gain; below 0 = "     \
            "the temperature (policy.temperature, or the environment's own)"     \
    }

/** More of them, of those that learn from the steps of the round. */
#define MF_AC_ROUND_OPTS(lambda_default)                                       \
    {"value",                                                                  \
     MF_OPT_REAL,                                                              \
     offsetof(mf_ac_cfg, value),                                               \
     "0.5",                                                                    \
     0,                                                                        \
     1e6,                                                                      \
     NULL,                                                                     \
     NULL,                                                                     \
     "weight of the critic's loss in the gradient (see learner.clip)"},        \
        {"lambda",                                                             \
         MF_OPT_REAL,                                                          \
         offsetof(mf_ac_cfg, lambda),                                          \
         lambda_default,                                                       \
         0,                                                                    \
         1,                                                                    \
         NULL,                                                                 \
         NULL,                                                                 \
         "lambda-return: 1 = all rewards that follow, 0 = one and then the "   \
         "critic"},                                                            \
        {"n_step",                                                             \
         MF_OPT_INT,                                                           \
         offsetof(mf_ac_cfg, n_step),                                          \
         "0",                                                                  \
         0,                                                                    \
         1e9,                                                                  \
         NULL,                                                                 \
         "steps",                                                              \
         "rewards that a return counts before the critic's value; 0 = all of " \
         "the round"},                                                         \
    {                                                                          \
        "bootstrap", MF_OPT_CHOICE, offsetof(mf_ac_cfg, bootstrap), "next", 0, \
            0, "next|last", NULL,                                              \
            "value behind the last step: of the state after it (none after a " \
            "death), or as the public code does once more of its own state, "  \
            "after deaths too"                                                 \
    }

typedef struct mf_ac mf_ac;

/** @param form         MF_AC_*
 *  @param critic_abar  whether the critic sees the mean action */
mf_status mf_ac_create(const mf_ac_cfg *cfg, int form, int critic_abar,
                       const mf_algo_spec *spec, void **algo);
void mf_ac_destroy(void **algo);
size_t mf_ac_n_weights(const void *algo);
size_t mf_ac_n_state(const void *algo);
size_t mf_ac_n_grad(const void *algo);
int mf_ac_arrays(const void *algo, mf_algo_array *out);
void mf_ac_init(const void *algo, uint64_t seed, int set, float *weights,
                float *state);
mf_status mf_ac_act(void *algo, const float *weights, double t,
                    const mf_act_batch *b);
mf_status mf_ac_policy(void *algo, const float *weights, double t,
                       const mf_act_batch *b, float *pi);
mf_status mf_ac_evaluate(void *algo, const float *weights,
                         const mf_minibatch *b, float *value, float *pi);
void mf_ac_advantages(const void *algo, const mf_chains *c);
mf_status mf_ac_gradient(void *algo, const float *weights, const float *state,
                         double t, const mf_minibatch *b, float *grad,
                         mf_loss_sums *sums);
mf_status mf_ac_apply(void *algo, const float *grad, double n, uint64_t update,
                      float *weights, float *state);

/** What their tables of operations have in common. */
/* clang-format off: a line each */
#define MF_AC_OPERATIONS                                                       \
    .cfg_size = sizeof(mf_ac_cfg), .destroy = mf_ac_destroy,                   \
    .n_weights = mf_ac_n_weights, .n_state = mf_ac_n_state,                    \
    .n_grad = mf_ac_n_grad, .arrays = mf_ac_arrays, .init = mf_ac_init,        \
    .act = mf_ac_act, .policy = mf_ac_policy, .evaluate = mf_ac_evaluate,      \
    .advantages = mf_ac_advantages, .gradient = mf_ac_gradient,                \
    .apply = mf_ac_apply
/* clang-format on */

#endif
