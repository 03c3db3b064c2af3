/** @file command.h
 *  The sub-commands; each takes its own arguments, without the program's and
 *  its own name, and returns the exit code.
 */
#ifndef MFRL_APP_COMMAND_H
#define MFRL_APP_COMMAND_H

int mf_command_train(int argc, char **argv);
int mf_command_config(int argc, char **argv);
int mf_command_bench(int argc, char **argv);

#endif
