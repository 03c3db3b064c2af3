/** @file solo.h
 *  How well policies do in an environment of one team, where there is nobody to
 *  play against: means of its metrics in fresh worlds.
 */
#ifndef MFRL_APP_SOLO_H
#define MFRL_APP_SOLO_H

#include <stdio.h>

#include "arena.h"
#include "stop.h"

/** Play one fresh world for every weight set, from its start, and take the
 *  mean of each metric over the second half of the steps.  Worlds are a
 *  function of the seed and the set, so any number of ranks gives the same.
 *  @param by     [n_sets] policies that load on every actor; elsewhere unused
 *  @param steps  2 or more
 *  @param stop   asked every so many steps; NULL to play all whatever comes
 *  @param means  [n_sets][n_metrics] out, on every rank
 *  Collective on all ranks; blocks. */
mf_status mf_solo_play(mf_run *run, const mf_policy *by, int64_t steps,
                       uint64_t seed, mf_stop_poll *stop, double *means);

/** End a csv's header line, which holds something, by the names of the metrics,
 *  and a row by one set's means [n_metrics].  Local. */
void mf_solo_header(const mf_env_spec *e, FILE *csv);
void mf_solo_row(const mf_env_spec *e, const double *means, FILE *csv);

/** "reward 422.3, G 422.3, x 444.1" of one set's means [n_metrics].  Local. */
void mf_solo_text(const mf_env_spec *e, const double *means, char *out,
                  size_t size);

#endif
