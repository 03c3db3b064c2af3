/** @file stop.h
 *  Why a run stops before its last round: a signal, a file STOP, run.max_hours,
 *  or the end of the SLURM allocation.  Rank 0 decides; see trainer.c for how
 *  the others learn of it.
 */
#ifndef MFRL_APP_STOP_H
#define MFRL_APP_STOP_H

#include <stdint.h>

#include "config.h"
#include "mfrl/io/run_files.h"

typedef struct mf_stop {
    char file[MF_PATH];       /* STOP in the run directory */
    double hours_end;         /* clock when run.max_hours are over, 0 = never */
    double allocation_end;    /* clock when SLURM kills, 0 = never */
    double round_began;       /* clock, 0 before the first */
    double round, checkpoint; /* seconds that the longest one took */
    const char *reason;       /* why it was asked to stop, NULL = it was not */
} mf_stop;

/** Start the clocks.  The end of the allocation is SLURM_JOB_END_TIME, seconds
 *  since 1970, where SLURM sets it; one that is past, left over in a shell, is
 *  ignored.  MF_ERR_USAGE if run.dir is too long.  Local. */
mf_status mf_stop_init(mf_stop *s, const mf_config *cfg);

/** Once a round: whether to stop, @p signals being the sum of what ranks had
 *  (mf_signals_word).  What was answered once stays, and s->reason says why.
 *  Before the end of the allocation there is time left for what may still
 *  come: two rounds, two checkpoints, and a minute.  Local, rank 0. */
int mf_stop_asked(mf_stop *s, int64_t signals);

/** A checkpoint took so long.  Local, rank 0. */
void mf_stop_saved(mf_stop *s, double seconds);

#endif
