/** @file metrics_csv.h
 *  metrics.csv: reading it back, cutting it, appending lines.
 *  Used inside io only.
 */
#ifndef MFRL_SRC_IO_METRICS_CSV_H
#define MFRL_SRC_IO_METRICS_CSV_H

#include <stddef.h>

#include "mfrl/io/metrics.h"

/** The rows of a csv, as columns. */
typedef struct mf_history {
    size_t n_rows, capacity;
    int n; /* values per row */
    int64_t *round, *agent_steps;
    double *wall_s;
    double *values; /* [capacity][n] */
} mf_history;

void mf_history_clear(mf_history *h);

/** Cut the file to rows with round <= resume_round (it is made if missing),
 *  give these rows in *h, to be released with mf_history_clear, and the file
 *  open for appending in *fd. */
mf_status mf_csv_open(const char *path, const mf_metrics_spec *spec,
                      int64_t resume_round, mf_history *h, int *fd);

/** Longest line that mf_csv_line makes, with the end of the text. */
size_t mf_csv_line_max(int n);

/** The row as one line.  Returns its length. */
size_t mf_csv_line(char *line, size_t size, const mf_metrics_row *row, int n);

#endif
