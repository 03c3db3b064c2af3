/** @file bench.h
 *  What the parts of `mfrl-dist bench` share.
 */
#ifndef MFRL_APP_BENCH_H
#define MFRL_APP_BENCH_H

#include "mfrl/base/status.h"

enum { MF_BENCH_RUNS = 5 }; /* a figure is the median of these */

/** The median of n values, which are sorted.  Local. */
double mf_bench_median(double *values, int n);

/** Float multiply-adds that this core reaches at best, in FLOP a second; takes
 *  some 20 ms.  Local. */
double mf_bench_peak(void);

/** Time and print the reference network.  Local. */
mf_status mf_bench_network(void);

#endif
