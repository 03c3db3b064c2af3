/** @file solo_evaluation.h
 *  Evaluations during training in an environment of one team: rows of eval.csv.
 */
#ifndef MFRL_APP_SOLO_EVALUATION_H
#define MFRL_APP_SOLO_EVALUATION_H

#include "run.h"
#include "stop.h"

typedef struct mf_solo_evaluation mf_solo_evaluation;

/** Begin eval.csv, or keep what a resumed run found before round @p resumed.
 *  Local, but all ranks must agree. */
mf_status mf_solo_evaluation_create(mf_run *run, int64_t resumed,
                                    mf_solo_evaluation **out);
void mf_solo_evaluation_destroy(mf_solo_evaluation **e);

/** Play eval.rounds steps with the weights of every set, in worlds apart from
 *  those trained on, and write a row for each.
 *  @param at    rank 0's progress; elsewhere unused
 *  @param stop  asked on the way; if it stops the steps nothing is written
 *  Collective on all ranks; blocks. */
mf_status mf_solo_evaluation_run(mf_solo_evaluation *e, const float *weights,
                                 const mf_progress *at, mf_stop_poll *stop);

/** Whether the evaluation of @p round, of 0 too, is still to be made.
 *  Local, rank 0. */
int mf_solo_evaluation_due(const mf_solo_evaluation *e, int64_t round);

#endif
