/** @file gap.h
 *  How far the agents of a stage game are from an equilibrium, by the weights
 *  that a run ends with.
 *
 *  With u_j(a) what agent j may expect from action a, given the others, and
 *  pi_j its policy, both as things stand at the run's end:
 *
 *      tv_j   = 1/2 sum_a |pi_j(a) - exp(u_j(a) / T) / Z|
 *      gain_j = max_a u_j(a) - sum_a pi_j(a) u_j(a)
 *
 *  T is the run's temperature (policy.temperature, or the environment's own)
 *  for every algorithm.  Some do not play by it: fmq and rec-fmq have a
 *  temperature of their own, and actors whose entropy is 0 or more a weight of
 *  entropy instead.  Their tv is that from the answer of temperature T all the
 *  same, which they do not aim at; gain does not depend on T.
 *
 *  tv is 0 for all in a logit (quantal response) equilibrium of temperature T,
 *  gain is 0 for all in a Nash equilibrium.
 */
#ifndef MFRL_APP_GAP_H
#define MFRL_APP_GAP_H

#include "arena.h"

/** Of one weight set, in its first world. */
typedef struct mf_gap {
    double tv, gain; /* means over the agents */
    double most;     /* largest gain of an agent */
} mf_gap;

/** Whether the environment can tell payoffs and the algorithm its policy. */
bool mf_gap_is_known(const mf_config *cfg);

/** tv and gain of one agent.  @param pi  [n]  @param u  [n]  @param t > 0 */
void mf_gap_of(const float *pi, const double *u, int n, double t, double *tv,
               double *gain);

/** Measure all weight sets, where that is known; no step may follow.
 *  @param arena    with its worlds; NULL on a rank that does not act
 *  @param algo     to act with
 *  @param weights  [n_sets][n_weights] on every actor
 *  @param round    whose temperature counts
 *  @param out      [n_sets] on rank 0, elsewhere unused
 *  Collective on all ranks; blocks. */
mf_status mf_gap_measure(mf_run *run, mf_arena *arena, void *algo,
                         const float *weights, int64_t round, mf_gap *out);

/** Bytes that it allocates on an actor whose tile has @p n agents at most. */
size_t mf_gap_bytes(const mf_config *cfg, size_t n);

#endif
