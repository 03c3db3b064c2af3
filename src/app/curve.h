/** @file curve.h
 *  The mean of several runs, and how far they are from it.
 */
#ifndef MFRL_APP_CURVE_H
#define MFRL_APP_CURVE_H

#include <stddef.h>

#include "mfrl/base/status.h"

/** A metric of one run. */
typedef struct mf_series {
    size_t n;
    double *x; /* [n] agent-steps, ascending */
    double *y; /* [n] finite */
} mf_series;

void mf_series_clear(mf_series *s);

typedef struct mf_curve {
    size_t n;
    double from, to;    /* agent-steps that all runs have */
    double *x;          /* [n] agent-steps */
    double *mean;       /* [n] over the runs */
    double *low, *high; /* [n] least and greatest run */
    double *error;      /* [n] standard error of the mean; NaN of one run */
} mf_curve;

/** Bring the runs to the same agent-steps, from where all have begun to where
 *  the first one ends: at most @p most points, those of the run with the
 *  fewest rows if these are not more.  A run's value at a point is the mean of
 *  its rows that are nearest to it, or lies between the rows around it where
 *  there are none.  n is 0 if the runs have no agent-steps in common.
 *  MF_ERR_MEMORY.  Local. */
mf_status mf_curve_create(const mf_series *runs, int n_runs, size_t most,
                          mf_curve *out);
void mf_curve_clear(mf_curve *c);

#endif
