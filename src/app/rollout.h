/** @file rollout.h
 *  The round's own steps as what an on-policy algorithm learns from: advantages
 *  by the weights that the round starts with, then minibatches.
 */
#ifndef MFRL_APP_ROLLOUT_H
#define MFRL_APP_ROLLOUT_H

#include "config.h"
#include "mfrl/replay/replay.h"

typedef struct mf_rollout mf_rollout;

/** Records of one ring that a round adds at most, and those of the round before
 *  that it still needs. */
uint64_t mf_rollout_records(const mf_config *cfg);

/** For the rings of @p replay, borrowed, of shards first <= v < last. */
mf_status mf_rollout_create(const mf_config *cfg, mf_replay *replay, int first,
                            int last, mf_rollout **out);
void mf_rollout_destroy(mf_rollout **r);

/** Bytes that it allocates for @p n_shards shards. */
size_t mf_rollout_bytes(const mf_config *cfg, int n_shards);

/** Note what the rings hold before a round's steps are inserted. */
void mf_rollout_begin(mf_rollout *r);

/** Advantages of all steps inserted since, by the weights [n_sets][n_weights].
 *  Their samples are drawn anew from here on. */
mf_status mf_rollout_evaluate(mf_rollout *r, void *algo, const float *weights,
                              int64_t round);

/** The next samples of one ring: without replacement until all were drawn,
 *  then again in another order; at most all.  All of them in order where a
 * round is one update. */
void mf_rollout_draw(mf_rollout *r, int set, int shard, mf_minibatch *out);

#endif
