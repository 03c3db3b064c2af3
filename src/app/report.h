/** @file report.h
 *  From the ranks' counters to metrics: one integer sum per round, rows of
 *  metrics.csv and metrics.h5, the status line.
 *
 *  The sum of a round travels while the next round runs, so rank 0 learns of a
 *  round one round later, or at mf_report_flush.
 */
#ifndef MFRL_APP_REPORT_H
#define MFRL_APP_REPORT_H

#include "mfrl/io/metrics.h"
#include "run.h"

typedef struct mf_report mf_report;

/** Open the metrics files on rank 0.
 *  @param resumed  where the run goes on, round 0 = a new run
 *  @param partial  the row that was under way then, from mf_report_partial, or
 *                  NULL; rows of the files that cover its rounds are removed
 *  Collective on all ranks. */
mf_status mf_report_create(mf_run *run, const mf_progress *resumed,
                           const double *partial, mf_report **out);
void mf_report_destroy(mf_report **r);

/** This round's counters, zero at its start:
 *  [n_worlds][steps][n_counters] of the worlds, [MF_N_PERF] of the rank.
 *  Local. */
int64_t *mf_report_counters(mf_report *r);
int64_t *mf_report_perf(mf_report *r);

/** End of a round on this rank.  @p sums is what the learner saw, NULL on
 *  other ranks than 0.  Collective on all ranks; waits for the round before. */
mf_status mf_report_round(mf_report *r, int64_t round,
                          const mf_loss_sums *sums);

/** Take in the last round too; with @p finish_row write a row that is not
 *  full.  Collective on all ranks; blocks. */
mf_status mf_report_flush(mf_report *r, int finish_row);

/** The eval/win_rate of the rows that follow.  Local. */
void mf_report_set_win_rate(mf_report *r, double rate);

/** The sum of the ranks' mf_signals_word, 0 until one was asked to stop.
 *  Rank 0. */
int64_t mf_report_signals(const mf_report *r);

/** Counters so far.  Rank 0. */
const mf_progress *mf_report_progress(const mf_report *r);

/** The row under way, for checkpoints, and its size.  Rank 0. */
double *mf_report_partial(mf_report *r, size_t *n);
size_t mf_report_partial_size(const mf_run *run);

#endif
