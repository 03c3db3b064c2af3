/** @file command.h
 *  The sub-commands; each takes its own arguments, without the program's and
 *  its own name; the status is the exit code.
 */
#ifndef MFRL_APP_COMMAND_H
#define MFRL_APP_COMMAND_H

#include <stdbool.h>

#include "mfrl/base/status.h"

mf_status mf_command_train(int argc, char **argv);
mf_status mf_command_eval(int argc, char **argv);
mf_status mf_command_config(int argc, char **argv);
mf_status mf_command_verify(int argc, char **argv);
mf_status mf_command_traj(int argc, char **argv);
mf_status mf_command_bench(int argc, char **argv);

/** Whether a word asks for help: --help, -h. */
bool mf_is_help(const char *word);

/** True if one of the arguments asks for help, which is then printed. */
bool mf_helps(int argc, char **argv, const char *help);

#endif
