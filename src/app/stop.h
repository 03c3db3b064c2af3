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
    double asked;             /* clock, 0 = never */
    double round, checkpoint; /* seconds, the longest: between two questions,
                                 which is a round or a part of an evaluation */
    const char *reason;       /* why it was asked to stop, NULL = it was not */
} mf_stop;

/** Start the clocks.  The end of the allocation is SLURM_JOB_END_TIME, seconds
 *  since 1970, where SLURM sets it; one that is past, left over in a shell, is
 *  ignored.  MF_ERR_USAGE if run.dir is too long.  Local. */
mf_status mf_stop_init(mf_stop *s, const mf_config *cfg);

/** Whether to stop, @p signals being the sum of what ranks had
 *  (mf_signals_word).  Asked once a round, and within evaluations at each poll.
 * What was answered once stays, and s->reason says why. Before the end of the
 * allocation there is time left for what may still come: twice what passes
 * between two such questions, two checkpoints, and a minute.  Local, rank 0. */
int mf_stop_asked(mf_stop *s, int64_t signals);

/** How what takes long is given up: all ranks ask together, now and then. */
typedef struct mf_stop_poll {
    /** *stop = 1 if the run is to stop, else 0, the same on all ranks.
     *  Collective on all ranks; blocks. */
    mf_status (*ask)(void *arg, int *stop);
    void *arg;
    int stopped; /* out: 1 if it was given up, so that nothing is complete */
} mf_stop_poll;

/** Ask.  NULL, for what nothing stops, answers 0.
 *  Collective on all ranks; blocks. */
mf_status mf_stop_poll_ask(mf_stop_poll *p, int *stop);

/** A checkpoint took so long.  Local, rank 0. */
void mf_stop_saved(mf_stop *s, double seconds);

#endif
