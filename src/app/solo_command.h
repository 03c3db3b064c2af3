/** @file solo_command.h
 *  What `mfrl-dist eval` does in an environment of one team.
 */
#ifndef MFRL_APP_SOLO_COMMAND_H
#define MFRL_APP_SOLO_COMMAND_H

#include "player.h"

/** Let every player, of policies only, play by itself, print what it earns and
 *  write it to DIR/eval.csv: columns policy, set and the metrics.
 *  @param players  [n] loaded
 *  Collective on all ranks; blocks. */
mf_status mf_solo_command(mf_run *run, const mf_player *players, int n,
                          const char *dir);

#endif
