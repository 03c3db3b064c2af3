/** @file status_line.h
 *  How far a run is, on the terminal: one line that is rewritten, or plain
 *  lines every log.every seconds where the output goes to a file.
 */
#ifndef MFRL_APP_STATUS_LINE_H
#define MFRL_APP_STATUS_LINE_H

#include "run.h"

typedef struct mf_status_line mf_status_line;

mf_status mf_status_line_create(const mf_run *run, const mf_progress *resumed,
                                mf_status_line **out);
void mf_status_line_destroy(mf_status_line **s);

/** What it shows besides progress: means of the metrics row under way. */
typedef struct mf_status_values {
    const double *metrics; /* the environment's, [n_metrics] */
    double loss;
    double lag;                      /* rounds */
    double actor_wait, learner_wait; /* fraction of the time */
} mf_status_values;

/** Show progress if it is time to.  Rank 0. */
void mf_status_line_show(mf_status_line *s, const mf_progress *at,
                         const mf_status_values *v);

#endif
