/** @file run_lock.h
 *  One job at a time in a run directory, also when a job that was given up for
 *  lost still runs on a host that is cut off.
 *
 *  The file LOCK is locked by flock, which ends with the process, and says who
 *  has it: incarnation, host, process, SLURM job.  Every job that takes it
 *  counts the incarnation up, and a job looks before each rename in the
 *  directory whether its own is still the newest.
 */
#ifndef MFRL_IO_RUN_LOCK_H
#define MFRL_IO_RUN_LOCK_H

#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/io/run_files.h"

enum {
    MF_LOCK_BYTES = 512
}; /* of the file: always as many, so that taking it
      over needs no room on the disk */

/** Plain bytes, to be sent to other ranks, which may then check it. */
typedef struct mf_run_lock {
    char path[MF_PATH];
    int fd; /* on the rank that took it; else -1 */
    int64_t incarnation;
    char text[MF_LOCK_BYTES]; /* what the file must hold */
} mf_run_lock;

/** Take the run directory @p run_dir.  MF_ERR_HELD, one line that names the
 *  holder, if another job has it; MF_ERR_IO if LOCK cannot be written.  A lock
 *  whose holder is gone is taken over; where the file system has no locks, one
 *  of a process of this host that lives is respected, others are taken over.
 *  Local, one rank. */
mf_status mf_run_lock_take(const char *run_dir, mf_run_lock *out);

/** MF_ERR_HELD if another job has taken the directory over, MF_ERR_IO if that
 *  cannot be told.  NULL, a directory that needs no lock, is fine.  Local. */
mf_status mf_run_lock_check(const mf_run_lock *l);

/** The same in silence: 0 if it was taken over or cannot be told.  Local. */
int mf_run_lock_is_mine(const mf_run_lock *l);

/** Give the directory back; one that was not taken is ignored.  Local. */
void mf_run_lock_release(mf_run_lock *l);

#endif
