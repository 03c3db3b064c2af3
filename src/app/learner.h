/** @file learner.h
 *  A learner: replay shards, and the weights and state of all weight sets.
 */
#ifndef MFRL_APP_LEARNER_H
#define MFRL_APP_LEARNER_H

#include "mfrl/comm/gradsum.h"
#include "mfrl/comm/ship.h"
#include "mfrl/replay/merge.h"
#include "rollout.h"
#include "run.h"

typedef struct mf_learner {
    mf_run *run;
    void *algo;
    size_t n_weights, n_state, n_grad; /* floats per set */
    int first_shard, n_shards;         /* owned */
    mf_inbox *inbox;
    mf_merge *merge;
    mf_replay *replay;
    mf_rollout *rollout; /* NULL: it learns from samples of the replay */
    mf_gradsum *gradsum;
    float **grads;     /* [n_shards] [n_sets][n_grad] then [n_sets] sums */
    size_t n_floats;   /* of one of them */
    float *weights;    /* [n_sets][n_weights], and behind them */
    float *opponent;   /* [n_sets][n_weights] team 1's, NULL if it plays the
                          same ones */
    float *state;      /* [n_sets][n_state] */
    uint64_t *applied; /* [n_sets] updates made */
    uint64_t drawn;    /* updates drawn for: the key of the next draws */
    uint64_t recorded; /* agent-steps of all worlds and shards so far */
    int *ahead;        /* [n_sets] episodes of this round that team 0 led */
    mf_loss_sums sums; /* since the report last took them */
} mf_learner;

/** Start from initial weights and an empty replay.  Local. */
mf_status mf_learner_create(mf_run *run, mf_learner **out);
void mf_learner_destroy(mf_learner **l);

/** Receive a round's transitions, store them, and make the round's updates.
 *  MF_ERR_NUMERIC if the loss is not finite.
 *  Collective on the learners; blocks until all actors have shipped. */
mf_status mf_learner_round(mf_learner *l, int64_t round);

/** Updates that so many recorded agent-steps bring: samples_per_step samples
 *  each, spread evenly where that is not a whole number of batches. */
int64_t mf_learner_updates_for(const mf_config *cfg, uint64_t recorded);

/** Floats of a gradient of all weight sets, as learners sum it up. */
size_t mf_learner_floats(const mf_config *cfg);

/** The replay that a learner of this plan gets. */
mf_replay_spec mf_learner_replay(const mf_config *cfg, const mf_plan *plan,
                                 int learner);

#endif
