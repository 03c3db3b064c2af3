/** @file traj_command.h
 *  The sub-commands of `mfrl-dist traj`; each takes its own arguments, without
 *  its name.  None of them starts MPI.
 */
#ifndef MFRL_APP_TRAJ_COMMAND_H
#define MFRL_APP_TRAJ_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"

mf_status mf_traj_command_info(int argc, char **argv);
mf_status mf_traj_command_stats(int argc, char **argv);
mf_status mf_traj_command_agent(int argc, char **argv);
mf_status mf_traj_command_export(int argc, char **argv);
mf_status mf_traj_command_repair(int argc, char **argv);
mf_status mf_traj_command_plot(int argc, char **argv);
mf_status mf_traj_command_video(int argc, char **argv);

/** An option: one of the three is where its value goes. */
typedef struct mf_traj_option {
    const char *name; /* "--csv" */
    const char **text;
    uint64_t *number;
    bool *flag;
} mf_traj_option;

/** Sort the arguments of sub-command @p name into options and the rest, which
 *  must be exactly @p n words.  MF_ERR_USAGE, one line.
 *  @param options  ends with a row without name; NULL = there are none
 *  @param what     "FILE": the words that are expected, for messages
 *  @param words    [n] borrowed from @p argv */
mf_status mf_traj_arguments(int argc, char **argv, const char *name,
                            const mf_traj_option *options, const char *what,
                            int n, const char **words);

/** True if the only argument asks for help, which is then printed. */
bool mf_traj_helps(int argc, char **argv, const char *help);

#endif
