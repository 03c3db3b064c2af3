/** @file state_files.h
 *  The files of a checkpoint, named by what they hold and not by who wrote
 *  them, so that any number of ranks can read them:
 *
 *      net.h5                      weights, learner state, counters
 *      replay-<shard>.h5           one replay shard of every weight set
 *      contexts.h5                 what steps share, for all shards
 *      world-<w>.tile-<x>-<y>.h5   one tile of one world, x, y = its first cell
 *
 *  net.h5: every array of the algorithm under its name ("/table/q",
 *  "/net/dense_0/weight", "/target/...", "/adam/m/..."; "/opponent/..." where
 *  team 1 has weights of its own), with a leading dimension for the weight set
 * if there are several; attributes on the root say what it belongs to.  It is
 * also the policy that can be played. All functions are Local.
 */
#ifndef MFRL_APP_STATE_FILES_H
#define MFRL_APP_STATE_FILES_H

#include "actor.h"
#include "learner.h"
#include "mfrl/comm/weights.h"

enum { MF_NAME = 64 };

/** Names of the files, without directory. */
void mf_state_world_name(char out[MF_NAME], int world, const mf_tile *tile);
void mf_state_replay_name(char out[MF_NAME], int shard);

/** @param older    [n_older] versions before the newest, that lagging actors
 *                  still play, newest last
 *  @param partial  [n_partial] the report's unfinished metrics row */
mf_status mf_state_save_net(const char *path, const mf_learner *l,
                            const mf_progress *at,
                            const mf_weights_version *older, int n_older,
                            const double *partial, size_t n_partial);

/** The config of the run that wrote it; *text is released with mf_free. */
mf_status mf_state_load_config(const char *path, char **text);

/** Fill the learner's weights, state and counters. */
mf_status mf_state_load_net(const char *path, mf_learner *l);

/** Rank 0 reads the rest: progress, older weights (into [n_older][n] floats,
 *  *n_older of them, at most max_older) and the unfinished row. */
mf_status mf_state_load_progress(const char *path, const mf_learner *l,
                                 mf_progress *at, float *older, int max_older,
                                 int *n_older, double *partial,
                                 size_t n_partial);

mf_status mf_state_save_replay(const char *path, mf_learner *l, int shard);
mf_status mf_state_load_replay(const char *path, mf_learner *l, int shard);

mf_status mf_state_save_contexts(const char *path, mf_learner *l);
mf_status mf_state_load_contexts(const char *path, mf_learner *l);

/** The weights alone, of a policy of this algorithm and network.
 *  @param out  [n_sets][n_weights] */
mf_status mf_state_load_weights(const char *path, const mf_config *cfg,
                                const void *algo, float *out);

mf_status mf_state_save_world(const char *path, mf_arena *a,
                              const mf_arena_world *w);

/** Copy what a file holds of this tile; *cells is raised by the number of
 *  cells, so that the caller sees when the tile is complete. */
mf_status mf_state_load_world(const char *path, mf_arena *a, mf_arena_world *w,
                              size_t *cells);

#endif
