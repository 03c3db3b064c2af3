/** @file player.h
 *  Who takes part in an evaluation: a policy from a file, a script of the
 *  environment, or what is being learned.
 */
#ifndef MFRL_APP_PLAYER_H
#define MFRL_APP_PLAYER_H

#include <stdbool.h>

#include "arena.h"

enum { MF_PLAYERS = 8 }; /* at most, in a list */

typedef struct mf_player {
    char name[256]; /* as the user gave it */
    char path[256]; /* of its net.h5; empty for a script */
    mf_config *cfg; /* of its training, owned; NULL for a script */
    void *algo;
    float *weights; /* [n_sets][n_weights], owned */
    mf_policy policy;
} mf_player;

/** The net.h5 that a name leads to: itself, a checkpoint's, or that of the
 *  newest checkpoint of a run directory; false if there is none.  Local. */
bool mf_player_path(const char *name, char path[256]);

/** The script of an environment that has this name, or NULL.  Local. */
const char *mf_player_script(const mf_env_ops *env, const char *name);

/** Find @p name among the scripts of an environment, or the policy that it
 *  leads to.  MF_ERR_USAGE if there is neither.  Local. */
mf_status mf_player_find(const mf_env_ops *env, const char *name,
                         mf_player *out);

/** Find the players of a list such as "rush, runs/a".
 *  @param out  [MF_PLAYERS], @p n of them filled
 *  MF_ERR_USAGE if one of them does not exist, or there are too many.  Local.
 */
mf_status mf_player_find_all(const mf_env_ops *env, const char *list,
                             mf_player *out, int *n);

/** Load the policy of a player that was found; it plays worlds of
 *  @p cfg at @p temperature.  MF_ERR_FILE if it does not fit them.  Local. */
mf_status mf_player_load(mf_player *p, const mf_config *cfg,
                         double temperature);

/** Load selfplay.opponent, which must be a policy of the config's own network.
 *  @param weights  [n_sets][n_weights] out; NULL: only see whether it fits
 *  MF_ERR_USAGE or MF_ERR_FILE if it does not.  Local. */
mf_status mf_player_frozen(const mf_config *cfg, float *weights);

/** Check that the players that a config names exist and fit, before anything
 *  is created for a run.
 *  @param resumed  from a checkpoint
 *  Local. */
mf_status mf_player_check(const mf_config *cfg, bool resumed);

/** Free what it owns; a player full of zeros is none.  Local. */
void mf_player_clear(mf_player *p);

#endif
