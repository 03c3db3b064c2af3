/** @file run_series.h
 *  A metric of a run as it was recorded.
 */
#ifndef MFRL_APP_RUN_SERIES_H
#define MFRL_APP_RUN_SERIES_H

#include <stdbool.h>

#include "curve.h"

/** True if the directory has metrics.h5 or metrics.csv. */
bool mf_run_has_metrics(const char *dir);

/** Read a metric ("env/reward"; from metrics.h5 also one world's,
 *  "world/0/env/order"), also of a run that goes on or was killed.  Rows
 *  without a number are left out; out->n is 0 if the run has no such metric.
 *  MF_ERR_FILE if its file cannot be read.  Local. */
mf_status mf_run_series(const char *dir, const char *metric, mf_series *out);

#endif
