/** @file trainer.h
 *  A training run between set-up and end: rounds, checkpoints, digests.
 */
#ifndef MFRL_APP_TRAINER_H
#define MFRL_APP_TRAINER_H

#include "actor.h"
#include "evaluation.h"
#include "gap.h"
#include "learner.h"
#include "mfrl/comm/weights.h"
#include "report.h"
#include "save_plan.h"
#include "solo_evaluation.h"
#include "stop.h"

typedef struct mf_trainer {
    mf_run *run;
    mf_actor *actor;     /* NULL without the role */
    mf_learner *learner; /* NULL without the role */
    mf_weights *weights;
    mf_report *report;
    mf_evaluation *evaluation; /* NULL if there is none */
    mf_gap *gaps; /* [n_sets] at the end, rank 0; NULL if it is unknown */
    mf_solo_evaluation *solo; /* NULL if there is none; with one team */
    int64_t round;            /* rounds completed */
    int64_t saved;            /* that the newest checkpoint holds, -1 = none */
    mf_save_plan plan;        /* of checkpoints */
    struct mf_run_record *record; /* kept up to date at checkpoints, or NULL */
    mf_stop stop;                 /* rank 0 */
    int stopped; /* the run was asked to stop before its last round */
    int64_t waited_acting, waited_learning; /* ns, told in reports so far */
    uint64_t halo_bytes, ship_bytes;
} mf_trainer;

/** Set up the roles of this rank; resume from the checkpoint directory
 *  @p resume unless it is NULL.  Fails on all ranks alike, unless it is MPI
 *  that fails.
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_create(mf_run *run, const char *resume, mf_trainer *out);
void mf_trainer_clear(mf_trainer *t);

/** Run rounds until @p until are completed or the run is asked to stop.
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_rounds(mf_trainer *t, int64_t until);

/** Finish everything that is under way: weights, counters, shipments.
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_settle(mf_trainer *t);

/** Run rounds until run.rounds are completed or the run is asked to stop, with
 *  checkpoints on the way and at the end, and measure the gaps.
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_run(mf_trainer *t);

/** What two runs must have in common to be the same.
 *  @param weights  XXH3-64 of all weights; rank 0 only
 *  @param worlds   sum over the cells of all worlds; every rank
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_digest(mf_trainer *t, uint64_t *weights, uint64_t *worlds);

/** Log the round's digests, on one line that scripts compare.
 *  Collective on all ranks; blocks. */
mf_status mf_trainer_log_digest(mf_trainer *t);

#endif
