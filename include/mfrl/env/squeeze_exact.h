/** @file squeeze_exact.h
 *  Exact numbers of the Gaussian Squeeze (Yang et al., ICML 2018, section 5.1):
 *  N agents choose actions 0 .. 9, x is the sum of them, and all earn
 *
 *      G(x) = sum_k x exp(-(x - mu_k)^2 / sigma_k^2)
 *
 *  in double precision, by convolution and not by sampling.  A policy is the
 *  probabilities of the actions, [MF_SQUEEZE_ACTIONS].
 */
#ifndef MFRL_ENV_SQUEEZE_EXACT_H
#define MFRL_ENV_SQUEEZE_EXACT_H

#include "mfrl/base/status.h"
#include "mfrl/cfg/opt.h"

enum { MF_SQUEEZE_ACTIONS = 10, MF_SQUEEZE_LAST = MF_SQUEEZE_ACTIONS - 1 };

typedef struct mf_squeeze_game {
    int n_agents;
    int n_bumps;
    double mu[MF_OPT_LIST], sigma[MF_OPT_LIST]; /* [n_bumps] */
} mf_squeeze_game;

/** G(x), 0 where it underflows. */
double mf_squeeze_gain(const mf_squeeze_game *g, double x);

/** log G(x), also where G underflows; finite: x = 0, where G is 0, counts as
 *  x = 1/2, below whatever one more in x would earn. */
double mf_squeeze_log_gain(const mf_squeeze_game *g, double x);

/** The whole x in 0 .. 9 N of the largest G, the first of equal ones. */
int mf_squeeze_best(const mf_squeeze_game *g);

/** The policy of largest entropy whose mean action is @p mean, of 0 .. 9. */
void mf_squeeze_matched(double mean, double *policy);

/** Mean action of a policy. */
double mf_squeeze_mean(const double *policy);

/** Probability of sums, below which none can show in an expectation. */
#define MF_SQUEEZE_TINY 1e-25

/** Distribution of a sum: p[s] for lo <= s < hi, 0 elsewhere.  Nobody's sum is
 *  0: {.hi = 1} with p[0] = 1. */
typedef struct mf_squeeze_dist {
    int lo, hi;
    double *p, *spare; /* [9 n + 1] each, of n agents; they take turns */
} mf_squeeze_dist;

/** Add @p n agents that choose by one policy.
 *  @param tiny  as below */
void mf_squeeze_add(mf_squeeze_dist *d, const double *policy, int n,
                    double tiny);

/** Distribution of the sum of @p n agents that choose independently.
 *  @param policies  [n][MF_SQUEEZE_ACTIONS], or one policy for all if
 *                   @p shared
 *  @param tiny      probabilities below it at both ends count as 0, which
 *                   makes many agents cheap; 0 leaves nothing out
 *  @param out       [9 n + 1]
 *  @param scratch   [9 n + 1] */
void mf_squeeze_sum(const double *policies, int n, int shared, double tiny,
                    double *out, double *scratch);

/** E[x] and E[G] of all agents by one policy, *gain may be NULL.
 *  MF_ERR_MEMORY. */
mf_status mf_squeeze_expect(const mf_squeeze_game *g, const double *policy,
                            double *x, double *gain);

/** Expected G of every action of one agent while the N - 1 others play one
 *  policy; ends of their sum's distribution below 1e-25 are left out.
 *  @param u  [MF_SQUEEZE_ACTIONS] out
 *  MF_ERR_MEMORY. */
mf_status mf_squeeze_payoffs(const mf_squeeze_game *g, const double *policy,
                             double *u);

/** Expected reward of every action of each of @p n agents that choose
 *  independently, agents of equal policies together.
 *  @param reward    [9 n + 1] of a sum of all actions
 *  @param policies  [n][MF_SQUEEZE_ACTIONS]
 *  @param u         [n][MF_SQUEEZE_ACTIONS] out
 *  MF_ERR_MEMORY. */
mf_status mf_squeeze_payoffs_each(const double *reward, const double *policies,
                                  int n, double *u);

/** Bytes that it allocates at most. */
size_t mf_squeeze_each_bytes(int n);

/** exp(u / tau) / Z.  tau > 0 */
void mf_squeeze_logit(const double *u, double tau, double *policy);

/** One step of the simultaneous map of all agents: the logit answer to the
 *  payoffs that a policy makes, policy <- (1 - alpha) policy + alpha answer;
 *  alpha = 1 is the undamped one.  MF_ERR_MEMORY. */
mf_status mf_squeeze_answer(const mf_squeeze_game *g, double tau, double alpha,
                            double *policy);

/** A symmetric logit (quantal response) equilibrium by that map, damped, from
 *  the policy given to it.  It is there when no probability changes by more
 *  than @p tolerance under the undamped map.
 *  @param most   iterations at most
 *  @param found  out: whether it is there
 *  MF_ERR_MEMORY. */
mf_status mf_squeeze_equilibrium(const mf_squeeze_game *g, double tau,
                                 double alpha, double tolerance, int most,
                                 double *policy, int *found);

/** Mean action of the logit answer to N - 1 others who choose @p mean without
 *  any spread: the deterministic mean-field map, u(a) = G(a + (N - 1) mean). */
double mf_squeeze_mean_map(const mf_squeeze_game *g, double tau, double mean);

#endif
