/** @file beat.h
 *  Signs of life of this process, for a watch that tells a rank that waits
 *  from one that is stuck.  Called by the main thread only; read by others.
 */
#ifndef MFRL_BASE_BEAT_H
#define MFRL_BASE_BEAT_H

/** Work went on: a phase began, a message arrived, a block was written. */
void mf_beat(void);

/** Nothing went on, but this process looks for messages. */
void mf_beat_waiting(void);

/** How often either was called so far.  Any thread. */
unsigned long mf_beats(void);
unsigned long mf_beats_waiting(void);

/** Have @p hook called by the next call of either of the two above, in the
 *  main thread.  Any thread.  NULL calls it off. */
void mf_beat_call(void (*hook)(void));

#endif
