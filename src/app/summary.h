/** @file summary.h
 *  What a run amounts to: means per world after the burn-in, with standard
 *  errors, printed and as summary.csv.
 */
#ifndef MFRL_APP_SUMMARY_H
#define MFRL_APP_SUMMARY_H

#include "gap.h"

enum { MF_SUMMARY_LINES = 32 }; /* worlds that are printed */

/** From the run's metrics.h5: columns world, temperature, then every metric of
 *  the environment and its standard error (metric_se), and of stage games how
 *  far the world's weight set is from an equilibrium: gap_tv,
 *  gap_best_response, gap_best_response_max.
 *  @param gaps  [n_sets] NULL if that is not known
 *  Rank 0, Local. */
mf_status mf_summary(const mf_run *run, const mf_gap *gaps);

#endif
