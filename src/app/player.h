/** @file player.h
 *  Who takes part in an evaluation: a policy from a file, a script of the
 *  environment, or what is being learned.
 */
#ifndef MFRL_APP_PLAYER_H
#define MFRL_APP_PLAYER_H

#include "arena.h"

typedef struct mf_player {
    char name[256]; /* as the user gave it */
    char path[256]; /* of its net.h5; empty for a script */
    mf_config *cfg; /* of its training, owned; NULL for a script */
    void *algo;
    float *weights; /* [n_sets][n_weights], owned */
    mf_policy policy;
} mf_player;

/** Find @p name among the scripts of an environment, or the policy that it
 *  leads to: a net.h5, a checkpoint, or a run directory (its newest
 *  checkpoint).  MF_ERR_USAGE if there is neither.  Local. */
mf_status mf_player_find(const mf_env_ops *env, const char *name,
                         mf_player *out);

/** The environment's config that a policy was trained in, as text to be
 *  released with mf_free.  Local. */
mf_status mf_player_config(const mf_player *p, char **text);

/** Load the policy of a player that was found; it plays worlds of
 *  @p cfg at @p temperature.  MF_ERR_FILE if it does not fit them.  Local. */
mf_status mf_player_load(mf_player *p, const mf_config *cfg,
                         double temperature);

/** Free what it owns; a player full of zeros is none.  Local. */
void mf_player_clear(mf_player *p);

#endif
