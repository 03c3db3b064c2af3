/** @file metrics_h5.h
 *  metrics.h5: one growing dataset per series.  Used inside io only.
 */
#ifndef MFRL_SRC_IO_METRICS_H5_H
#define MFRL_SRC_IO_METRICS_H5_H

#include "metrics_csv.h"
#include "mfrl/io/metrics.h"

typedef struct mf_metrics_h5 mf_metrics_h5;

/** Make the file again from the rows of @p h, with per-world values of the
 *  file that is there now, if it can be read and resume is not 0; then replace
 *  it by one rename and stay open for appending in SWMR mode. */
mf_status mf_metrics_h5_create(const char *path, const mf_metrics_spec *spec,
                               const mf_history *h, int resume,
                               mf_metrics_h5 **out);

/** Append one row and flush it. */
mf_status mf_metrics_h5_add(mf_metrics_h5 *m, const mf_metrics_row *row);

/** Close and set *m to NULL; NULL is ignored. */
mf_status mf_metrics_h5_close(mf_metrics_h5 **m);

#endif
