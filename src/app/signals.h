/** @file signals.h
 *  INT, TERM, HUP, USR1 and USR2 ask the run to stop after a round, with a
 *  checkpoint, however often they come: mpirun and SLURM pass some on twice.
 *  Only a second INT ends the process at once.
 */
#ifndef MFRL_APP_SIGNALS_H
#define MFRL_APP_SIGNALS_H

#include <stdint.h>

/** Install the handlers; they only set a flag. */
void mf_signals_install(void);

/** 1 once this process was asked to stop. */
int mf_signals_seen(void);

/** The same as a number that tells which signal it was, 0 = none; ranks may
 *  add theirs up. */
int64_t mf_signals_word(void);

/** "signal USR1" of a sum of such numbers that is not 0. */
const char *mf_signals_name(int64_t words);

#endif
