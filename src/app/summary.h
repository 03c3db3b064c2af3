/** @file summary.h
 *  What a run amounts to: means per world after the burn-in, with standard
 *  errors, printed and as summary.csv.
 */
#ifndef MFRL_APP_SUMMARY_H
#define MFRL_APP_SUMMARY_H

#include "run.h"

enum { MF_SUMMARY_LINES = 32 }; /* worlds that are printed */

/** From the run's metrics.h5: columns world, temperature, then every metric of
 *  the environment and its standard error (metric_se).  Rank 0, Local. */
mf_status mf_summary(const mf_run *run);

#endif
