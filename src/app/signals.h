/** @file signals.h
 *  INT, TERM, HUP, USR1 and USR2 ask the run to stop after a round, with a
 *  checkpoint.  A second INT ends the process at once.
 */
#ifndef MFRL_APP_SIGNALS_H
#define MFRL_APP_SIGNALS_H

/** Install the handlers; they only set a flag. */
void mf_signals_install(void);

/** 1 once this process was asked to stop. */
int mf_signals_seen(void);

#endif
