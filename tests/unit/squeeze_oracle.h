/** @file squeeze_oracle.h
 *  What is known exactly of policies in the Gaussian Squeeze: the numbers that
 *  suites compare with, by convolution and by fixed-point iteration.
 */
#ifndef MFRL_TESTS_UNIT_SQUEEZE_ORACLE_H
#define MFRL_TESTS_UNIT_SQUEEZE_ORACLE_H

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/env/squeeze_exact.h"

/** Distribution of the sum of @p n agents that choose independently.
 *  @param policies  [n][MF_SQUEEZE_ACTIONS], or one policy for all if
 *                   @p shared
 *  @param tiny      probabilities below it at both ends count as 0, which
 *                   makes many agents cheap; 0 leaves nothing out
 *  @param out       [9 n + 1]
 *  @param scratch   [9 n + 1] */
static inline void mf_squeeze_sum(const double *policies, int n, int shared,
                                  double tiny, double *out, double *scratch)
{
    mf_squeeze_dist d = {.hi = 1, .p = out, .spare = scratch};

    if (n % 2 == 1) { /* so that the last one is out */
        d.p = scratch;
        d.spare = out;
    }
    d.p[0] = 1;
    for (int i = 0; i < n; i++) {
        mf_squeeze_add(&d,
                       policies + (shared ? 0 : (size_t)i * MF_SQUEEZE_ACTIONS),
                       1, tiny);
    }
    memset(out, 0, (size_t)d.lo * sizeof(*out));
    memset(out + d.hi, 0,
           (size_t)(MF_SQUEEZE_LAST * n + 1 - d.hi) * sizeof(*out));
}

/* Distribution of the sum of n agents by one policy; the caller frees it. */
static inline mf_status squeeze_sum_of(const double *policy, int n, double tiny,
                                       double **out)
{
    const size_t size = (size_t)(MF_SQUEEZE_LAST * n + 1);
    double *scratch;
    mf_status st;

    MF_TRY(mf_alloc(size, sizeof(**out), "sums", out));
    st = mf_alloc(size, sizeof(*scratch), "sums", &scratch);
    if (st != MF_OK) {
        mf_free(out);
        return st;
    }
    mf_squeeze_sum(policy, n, 1, tiny, *out, scratch);
    mf_free(&scratch);
    return MF_OK;
}

/** E[x] and E[G] of all agents by one policy, *gain may be NULL.
 *  MF_ERR_MEMORY. */
static inline mf_status mf_squeeze_expect(const mf_squeeze_game *g,
                                          const double *policy, double *x,
                                          double *gain)
{
    const int n = g->n_agents;
    double *p;

    *x = n * mf_squeeze_mean(policy);
    if (gain == NULL) {
        return MF_OK;
    }
    MF_TRY(squeeze_sum_of(policy, n, 0, &p));
    *gain = 0;
    for (int s = 0; s <= MF_SQUEEZE_LAST * n; s++) {
        *gain += p[s] * mf_squeeze_gain(g, s);
    }
    mf_free(&p);
    return MF_OK;
}

/** Expected G of every action of one agent while the N - 1 others play one
 *  policy; ends of their sum's distribution below 1e-25 are left out.
 *  @param u  [MF_SQUEEZE_ACTIONS] out
 *  MF_ERR_MEMORY. */
static inline mf_status mf_squeeze_payoffs(const mf_squeeze_game *g,
                                           const double *policy, double *u)
{
    const int n = g->n_agents - 1;
    double *p;

    MF_TRY(squeeze_sum_of(policy, n, MF_SQUEEZE_TINY, &p));
    memset(u, 0, MF_SQUEEZE_ACTIONS * sizeof(*u));
    for (int s = 0; s <= MF_SQUEEZE_LAST * n; s++) {
        for (int a = 0; p[s] > 0 && a < MF_SQUEEZE_ACTIONS; a++) {
            u[a] += p[s] * mf_squeeze_gain(g, s + a);
        }
    }
    mf_free(&p);
    return MF_OK;
}

/* Move a policy to the logit answer to itself; returns in *change how far that
 * is. */
static inline mf_status squeeze_answer_by(const mf_squeeze_game *g, double tau,
                                          double alpha, double *policy,
                                          double *change)
{
    double u[MF_SQUEEZE_ACTIONS], to[MF_SQUEEZE_ACTIONS];

    MF_TRY(mf_squeeze_payoffs(g, policy, u));
    mf_squeeze_logit(u, tau, to);
    *change = 0;
    for (int a = 0; a < MF_SQUEEZE_ACTIONS; a++) {
        *change = fmax(*change, fabs(to[a] - policy[a]));
        policy[a] += alpha * (to[a] - policy[a]);
    }
    return MF_OK;
}

/** One step of the simultaneous map of all agents: the logit answer to the
 *  payoffs that a policy makes, policy <- (1 - alpha) policy + alpha answer;
 *  alpha = 1 is the undamped one.  MF_ERR_MEMORY. */
static inline mf_status mf_squeeze_answer(const mf_squeeze_game *g, double tau,
                                          double alpha, double *policy)
{
    double change;

    return squeeze_answer_by(g, tau, alpha, policy, &change);
}

/** A symmetric logit (quantal response) equilibrium by that map, damped, from
 *  the policy given to it.  It is there when no probability changes by more
 *  than @p tolerance under the undamped map.
 *  @param most   iterations at most
 *  @param found  out: whether it is there
 *  MF_ERR_MEMORY. */
static inline mf_status mf_squeeze_equilibrium(const mf_squeeze_game *g,
                                               double tau, double alpha,
                                               double tolerance, int most,
                                               double *policy, int *found)
{
    double change = INFINITY;

    for (int i = 0; i < most && change > tolerance; i++) {
        MF_TRY(squeeze_answer_by(g, tau, alpha, policy, &change));
    }
    *found = change <= tolerance;
    return MF_OK;
}

/** Mean action of the logit answer to N - 1 others who choose @p mean without
 *  any spread: the deterministic mean-field map, u(a) = G(a + (N - 1) mean). */
static inline double mf_squeeze_mean_map(const mf_squeeze_game *g, double tau,
                                         double mean)
{
    double u[MF_SQUEEZE_ACTIONS], policy[MF_SQUEEZE_ACTIONS];

    for (int a = 0; a < MF_SQUEEZE_ACTIONS; a++) {
        u[a] = mf_squeeze_gain(g, a + (g->n_agents - 1) * mean);
    }
    mf_squeeze_logit(u, tau, policy);
    return mf_squeeze_mean(policy);
}

#endif
