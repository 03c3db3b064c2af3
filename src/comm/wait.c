#include "mfrl/comm/wait.h"

#include <time.h>

#include "mfrl/base/beat.h"
#include "mfrl/base/clock.h"
#include "mfrl/comm/mpi_check.h"

/* Seconds.  Growing with the time waited bounds what a sleep adds to a wait to
 * an eighth of it, while a long wait costs next to nothing.  In a crowd the
 * shortest sleep grows: what is waited for cannot come before others had their
 * turn. */
static const double SPIN = 20e-6, NAP_MIN = 50e-6, NAP_MAX = 5e-3;
static const double NAP_PER_RANK = 10e-6;
static double crowd = 1; /* ranks per core of this host, at least 1 */

static double waited_so_far; /* seconds */

static void nap(double waited)
{
    const double shortest =
        crowd * NAP_PER_RANK > NAP_MIN ? crowd * NAP_PER_RANK : NAP_MIN;
    double s = waited / 8;

    s = s < shortest ? shortest : s;
    s = s > NAP_MAX ? NAP_MAX : s;
    /* Cut short by a signal: the caller tests once more, that is all. */
    nanosleep(&(struct timespec){.tv_nsec = (long)(s * 1e9)}, NULL);
}

void mf_wait_pause(double began)
{
    const double waited = mf_clock_now() - began;

    mf_beat_waiting();
    if (waited > SPIN || crowd > 1) {
        nap(waited);
    }
}

/* Move *done past the requests that are complete.  One by one, because
 * MPI_Testall would only say that some request failed, not why, and only once
 * all the others are complete. */
static mf_status test(int n, MPI_Request *req, int *done)
{
    int flag = 1;

    while (*done < n && flag) {
        MF_TRY(MF_MPI(MPI_Test(&req[*done], &flag, MPI_STATUS_IGNORE)));
        *done += flag;
    }
    return MF_OK;
}

mf_status mf_wait_all(int n, MPI_Request *req)
{
    const double start = mf_clock_now();
    int done = 0;

    MF_TRY(test(n, req, &done));
    if (done == n) {
        mf_beat();
        return MF_OK;
    }
    while (done < n) {
        mf_wait_pause(start);
        MF_TRY(test(n, req, &done));
    }
    mf_wait_count(start);
    mf_beat();
    return MF_OK;
}

mf_status mf_wait(MPI_Request *req) { return mf_wait_all(1, req); }

double mf_wait_seconds(void) { return waited_so_far; }

void mf_wait_count(double began) { waited_so_far += mf_clock_now() - began; }

void mf_wait_set_crowd(int ranks, int cores)
{
    crowd = ranks > cores ? (double)ranks / (double)cores : 1;
}
