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
 *  @param tiny  probabilities below it at both ends count as 0, which makes
 *               many agents cheap; 0 leaves nothing out */
void mf_squeeze_add(mf_squeeze_dist *d, const double *policy, int n,
                    double tiny);

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

#endif
