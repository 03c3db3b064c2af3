/** @file wait.h
 *  Waiting for messages without taking the core from ranks that have work.
 *
 *  A blocking MPI call spins.  With more ranks than cores that stops the very
 *  rank that is waited for, so the whole program waits here instead: it tests
 *  for about 20 us, then sleeps between tests, each time for an eighth of the
 *  time waited so far, but at least 50 us and at most 5 ms.  Where more ranks
 *  than cores share a host it does not spin, and the shortest sleep grows with
 *  the ranks per core.
 */
#ifndef MFRL_COMM_WAIT_H
#define MFRL_COMM_WAIT_H

#include <mpi.h>

#include "mfrl/base/status.h"

/** Wait until a request is complete; it becomes MPI_REQUEST_NULL, or inactive
 *  if it is persistent.  MF_ERR_MPI if the request failed; it must not be used
 *  again then.  Local; blocks until the partner has done its part. */
mf_status mf_wait(MPI_Request *req);

/** As mf_wait, for all of req[0..n); null and inactive ones count as complete.
 *  Local; blocks. */
mf_status mf_wait_all(int n, MPI_Request *req);

/** For loops that test something else than requests: called after each test
 *  that failed, with the clock when the wait began; returns at once at first,
 *  later sleeps as above.  Local. */
void mf_wait_pause(double began);

/** Seconds that this rank has waited so far: the time of all calls above that
 *  found something missing.  Local. */
double mf_wait_seconds(void);

/** Count the time since the clock was @p began as waited: at the end of a loop
 *  with mf_wait_pause.  Local. */
void mf_wait_count(double began);

/** Say how many ranks share this host's cores.  Local. */
void mf_wait_set_crowd(int ranks, int cores);

#endif
