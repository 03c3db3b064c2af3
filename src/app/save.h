/** @file save.h
 *  Checkpoints of a training run, by all ranks together.
 */
#ifndef MFRL_APP_SAVE_H
#define MFRL_APP_SAVE_H

#include "trainer.h"

/** What rank 0 goes on from, besides what the roles were filled with. */
typedef struct mf_restored {
    mf_progress at;
    float *older; /* [n_older][weights] versions before the newest */
    int n_older;
    double *partial; /* the report's unfinished row, or NULL */
} mf_restored;

/** Write a checkpoint of the state between two rounds and note the round in
 *  t->saved.  That it cannot be written (disk full) is a warning: t->saved
 *  stays, older ones are kept, the run goes on.
 *  Collective on all ranks; blocks. */
mf_status mf_save(mf_trainer *t);

/** Fill learner and actor from the checkpoint directory @p dir.  On every rank
 *  out->at and out->n_older, on rank 0 the rest too.
 *  Collective on all ranks; blocks. */
mf_status mf_restore(mf_trainer *t, const char *dir, mf_restored *out);
void mf_restored_clear(mf_restored *r);

#endif
