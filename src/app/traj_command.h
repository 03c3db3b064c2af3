/** @file traj_command.h
 *  The sub-commands of `mfrl-dist traj`; each takes its own arguments, without
 *  its name.  None of them starts MPI.
 */
#ifndef MFRL_APP_TRAJ_COMMAND_H
#define MFRL_APP_TRAJ_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
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
    int *n_texts; /* NULL, or it may come often: text[0], text[1], ... */
    uint64_t *number;
    bool *flag;
} mf_traj_option;

/** Sort the arguments of sub-command @p name into options and the rest, which
 *  must be exactly @p n words; all is words after "--".  MF_ERR_USAGE, one
 *  line.
 *  @param options  ends with a row without name; NULL = there are none
 *  @param what     "FILE": the words that are expected, for messages
 *  @param words    [n] borrowed from @p argv */
mf_status mf_traj_arguments(int argc, char **argv, const char *name,
                            const mf_traj_option *options, const char *what,
                            int n, const char **words);

/** The same, of any number of words: the first @p room of them are given, and
 *  how many there were. */
mf_status mf_traj_words(int argc, char **argv, const char *name,
                        const mf_traj_option *options, const char **words,
                        int room, int *n);

/** A whole number from text; MF_ERR_USAGE, one line that begins with
 *  @p name. */
mf_status mf_traj_number(const char *name, const char *text, uint64_t *out);

#endif
