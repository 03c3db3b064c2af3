/** @file returns.h
 *  Returns and advantages of agents' chains of steps.
 */
#ifndef MFRL_ALGO_RETURNS_H
#define MFRL_ALGO_RETURNS_H

#include "mfrl/algo/algo.h"

enum { MF_BOOTSTRAP_NEXT, MF_BOOTSTRAP_LAST };

typedef struct mf_returns_spec {
    double gamma, lambda;
    int64_t n_step; /* 0 = to the end of the chain */
    int bootstrap;  /* MF_BOOTSTRAP_* */
} mf_returns_spec;

/** With rho = min(1, pi / mu) and V' the value of the next step,
 *
 *      delta_t = r_t + gamma V'_t - V_t
 *      adv_t   = delta_t + gamma lambda rho_{t+1} adv_{t+1}
 *      ret_t   = V_t + rho_t adv_t
 *
 *  summed over n_step steps at most.  On policy (rho = 1) adv is the
 *  generalised advantage of Schulman et al. (2016, eq. 16), with lambda = 1
 *  all rewards that follow; off policy ret is V-trace's v_t with both bounds 1
 *  (Espeholt et al., 2018, eq. 1).
 *
 *  V' is 0 behind MF_LINK_END.  A step whose next one nobody has seen only
 *  serves the one before it (learn = 0), unless gamma is 0, or bootstrap is
 *  MF_BOOTSTRAP_LAST: then V' of the last step of an episode is its own V,
 *  also behind MF_LINK_END. */
void mf_returns(const mf_returns_spec *s, const mf_chains *c);

#endif
