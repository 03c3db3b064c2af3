/** @file launch.h
 *  From the command line to a run that every rank agrees on.
 */
#ifndef MFRL_APP_LAUNCH_H
#define MFRL_APP_LAUNCH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config.h"
#include "mfrl/io/run_lock.h"

/** `train [CONFIG] [--resume DIR] [key=value ...]` */
typedef struct mf_train_args {
    const char *config; /* NULL = built-in defaults */
    const char *resume; /* run directory, or NULL */
    int n_overrides;
    char **overrides;
    bool had_stop; /* --resume: STOP was there when the process began */
    struct stat stop;
} mf_train_args;

/** Look whether the run to resume has a STOP: it has done its work, and is
 *  removed later.  One that is made or touched from here on stops this start.
 *  To be called before anything slow.  Local. */
void mf_launch_see_stop(mf_train_args *args);

/** What rank 0 finds out and all ranks start from. */
typedef struct mf_launch {
    mf_config cfg;
    mf_plan plan;
    mf_run_lock lock;         /* of the run directory */
    FILE *log;                /* log.txt, rank 0; else NULL */
    int resumed;              /* rank 0: --resume was given */
    char checkpoint[MF_PATH]; /* to resume from; empty = from the start */
} mf_launch;

/** Rank 0 reads and checks everything, then creates the run directory with
 *  config.used.ini; the others receive the config.  Nothing is created if
 *  anything is wrong: all ranks return the same status then.  From the moment
 *  the directory is locked what is logged goes to log.txt too.
 *  Collective on all ranks; blocks. */
mf_status mf_launch_prepare(const mf_train_args *args, int rank, int n_ranks,
                            mf_launch *out);
void mf_launch_clear(mf_launch *l);

#endif
