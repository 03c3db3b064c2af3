/** @file evaluation.h
 *  Evaluations during training: what is being learned against fixed opponents,
 *  rows of eval.csv, and the best policy so far as best.h5.
 */
#ifndef MFRL_APP_EVALUATION_H
#define MFRL_APP_EVALUATION_H

#include "learner.h"
#include "match.h"
#include "player.h"

typedef struct mf_evaluation mf_evaluation;

/** Find and load the opponents of eval.against; of a resumed run, read what
 *  was found before round @p resumed and forget what came later.
 *  MF_ERR_USAGE if an opponent does not exist.
 *  Local, but all ranks must agree. */
mf_status mf_evaluation_create(mf_run *run, int64_t resumed,
                               mf_evaluation **out);
void mf_evaluation_destroy(mf_evaluation **e);

/** Play eval.rounds games against every opponent with these weights of the
 *  first set, write the rows, and keep the policy if it is the best so far.
 *  @param l   rank 0's learner, for best.h5; elsewhere unused
 *  @param at  rank 0's progress; elsewhere unused
 *  @param stop  asked between games; if it stops them nothing is written
 *  Collective on all ranks; blocks. */
mf_status mf_evaluation_run(mf_evaluation *e, const float *weights,
                            const mf_learner *l, const mf_progress *at,
                            mf_stop_poll *stop);

/** Whether the evaluation of @p round is still to be made, as one that was
 *  given up before a resume.  Local, rank 0. */
int mf_evaluation_due(const mf_evaluation *e, int64_t round);

/** Win rate of the last evaluation against the first opponent, NAN before
 *  there was one.  Rank 0. */
double mf_evaluation_win_rate(const mf_evaluation *e);

#endif
