/** @file eval_base.h
 *  What evaluations during training have in common, of one team and of two.
 */
#ifndef MFRL_APP_EVAL_BASE_H
#define MFRL_APP_EVAL_BASE_H

#include "arena.h"
#include "eval_csv.h"

typedef struct mf_eval_base {
    mf_run *run;
    mf_run quiet;       /* the same run, whose phases nobody reads */
    void *algo;         /* to act with */
    mf_eval_csv csv;    /* rank 0 */
    int64_t last_round; /* that has rows, -1 = none; rank 0 */
} mf_eval_base;

/** To be released with mf_eval_base_clear, also on failure.  Local. */
mf_status mf_eval_base_init(mf_eval_base *b, mf_run *run);
void mf_eval_base_clear(mf_eval_base *b);

/** The run to play in now.  Local. */
mf_run *mf_eval_base_quiet(mf_eval_base *b);

/** Who plays by the weights of a set.  Local. */
mf_policy mf_eval_base_policy(const mf_eval_base *b, const float *weights);

/** Whether @p round should have rows and has none, as where a start before gave
 *  its evaluation up.  Local, rank 0. */
int mf_eval_base_due(const mf_eval_base *b, int64_t round);

#endif
