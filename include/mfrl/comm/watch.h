/** @file watch.h
 *  A watch on every rank that ends the job when a rank stalls: MPI itself would
 *  wait for ever.
 *
 *  A thread looks at the signs of life of its process (base/beat.h).  A rank
 *  that is stuck in its own work is named by its own watch.  One that is
 *  stopped or cut off is named by the others: who has waited for half the limit
 *  asks the others, who answer from whatever they do, and at the limit names
 *  those that did not answer.  Ranks 0 and 1 ask all; the rest ask these two,
 *  and act only if neither is there.  Time counts while the process runs: a job
 *  that is suspended and woken again has not stalled.
 */
#ifndef MFRL_COMM_WATCH_H
#define MFRL_COMM_WATCH_H

#include <mpi.h>

#include "mfrl/base/status.h"

typedef struct mf_watch_job {
    double seconds;                  /* limit, 0 = no watch */
    const char *(*doing)(void *arg); /* what this rank does; any thread */
    void (*failed)(void *arg, const char *reason); /* before the job is ended;
                       in another thread if it is the main thread that is stuck,
                       and cut short after a few seconds */
    void *arg;
} mf_watch_job;

/** Begin to watch.  Collective on @p comm; blocks. */
mf_status mf_watch_start(MPI_Comm comm, const mf_watch_job *job);

/** End it; without a watch nothing happens.  Collective. */
void mf_watch_stop(void);

/** What the thread of a watch knows; for tests. */
typedef struct mf_watch_state {
    unsigned long beats, waiting; /* counts at the last look */
    double idle;                  /* seconds since the work went on */
    double stuck;                 /* since there was any sign of life */
} mf_watch_state;

/** Look again after @p seconds in which the process ran.  Local. */
void mf_watch_look(mf_watch_state *s, double seconds, unsigned long beats,
                   unsigned long waiting);

#endif
