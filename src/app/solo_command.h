/** @file solo_command.h
 *  What `mfrl-dist eval` does in an environment of one team.
 */
#ifndef MFRL_APP_SOLO_COMMAND_H
#define MFRL_APP_SOLO_COMMAND_H

#include "player.h"

/** MF_ERR_USAGE, one line, if a player is a script: by itself only a policy
 *  plays.  Local. */
mf_status mf_solo_check(const mf_player *players, int n);

/** Let every player, of policies only, play by itself, print what it earns and
 *  write it to DIR/eval.csv: columns policy, set and the metrics.
 *  @param players  [n] loaded, that mf_solo_check has accepted
 *  Collective on all ranks; blocks. */
mf_status mf_solo_command(mf_run *run, const mf_player *players, int n,
                          const char *dir);

#endif
