/** @file metrics.h
 *  Time series of a run: metrics.csv, and the same in metrics.h5.
 *
 *  A row is round, agent_steps, wall_s and one value per name.  metrics.csv
 *  has a header line and gets each row by one write, so that it is whole up to
 *  a last half line at any moment.  metrics.h5 has /round and /agent_steps
 *  (int64), /wall_s and a dataset per name (float64, "/env/reward") which grow
 *  by one element a row, and /world/<w>/<name> for the names that are kept per
 *  world.  It is written in SWMR mode and flushed each row: it can be watched
 *  while the run goes on, and read after a kill (mf_h5_open_live, or h5py with
 *  swmr=True; h5clear -s makes it an ordinary file again).
 */
#ifndef MFRL_IO_METRICS_H
#define MFRL_IO_METRICS_H

#include <stdint.h>

#include "mfrl/base/status.h"

/** What is recorded.  Names are paths without a leading slash ("env/reward"),
 *  without commas; everything is copied. */
typedef struct mf_metrics_spec {
    const char *const *names; /* [n] of the whole job */
    int n;
    const char *const *world_names; /* [n_world] of each world, HDF5 only */
    int n_world;
    int n_worlds; /* each costs n_world open datasets */
} mf_metrics_spec;

typedef struct mf_metrics_row {
    int64_t round, agent_steps;
    double wall_s;
    const double *values;       /* [n] */
    const double *world_values; /* [n_worlds][n_world] */
} mf_metrics_row;

typedef struct mf_metrics mf_metrics;

/** Start the series in the existing directory @p run_dir.  Rows of rounds
 *  after @p resume_round are removed from what is there, -1 removes all; each
 *  file changes by one rename.  A half last line is dropped silently, other
 *  lines that make no sense with a warning.  metrics.h5 is made again from the
 *  csv; per-world values come from the old metrics.h5, NaN where that lacks
 *  them.  MF_ERR_FILE if the csv has other columns than @p spec, MF_ERR_IO if
 *  the files cannot be written.  Local, one rank. */
mf_status mf_metrics_create(const char *run_dir, const mf_metrics_spec *spec,
                            int64_t resume_round, mf_metrics **out);

/** Append a row; its round must be greater than the last one's.  When a file
 *  cannot be written there is one warning, not one a row, and MF_ERR_IO each
 *  time; the caller may go on: rows wait in memory, up to 16 MB of them, and
 *  are written before the next one that can be.  A metrics.h5 that failed is
 *  complete again (but for per-world values) after a resume.
 *  Local, one rank. */
mf_status mf_metrics_add(mf_metrics *m, const mf_metrics_row *row);

/** Write the rows that wait, before a checkpoint after which a resume would
 *  not make them again.  MF_ERR_IO if there is still no room.
 *  Local, one rank. */
mf_status mf_metrics_retry(mf_metrics *m);

/** The same, and bring the rows of metrics.csv to the disk, so that no
 *  checkpoint outlives them.  MF_ERR_IO, with a warning.  Local. */
mf_status mf_metrics_sync(mf_metrics *m);

/** Close the files, free *m and set it to NULL; NULL is ignored.  Rows that
 *  wait are tried once more; those that remain are lost.  MF_ERR_IO if a file
 * could not be written to its end.  Local, one rank. */
mf_status mf_metrics_destroy(mf_metrics **m);

#endif
