/** @file run_json.h
 *  run.json: what became of a run, for scripts.
 */
#ifndef MFRL_APP_RUN_JSON_H
#define MFRL_APP_RUN_JSON_H

#include "trainer.h"

#define MF_RUN_JSON "run.json"      /* in the run directory */
enum { MF_RUN_JSON_MAX = 1 << 20 }; /* bytes */

typedef struct mf_run_record {
    int argc;
    char **argv;
    const char *state;        /* running, finished, stopped, failed */
    char hosts[512], mpi[64]; /* as in mf_run */
    const char *exit_reason;  /* "" while it runs */
    mf_progress at;
    int refused; /* the start failed, on all ranks alike */
    int begun;   /* run.json was written: this start got past its checks */
    int unsaved; /* the newest checkpoint is older than the last round */
    int digests; /* the two below are known */
    uint64_t digest_weights, digest_worlds;
    char started[32]; /* UTC, ISO 8601 */
} mf_run_record;

/** Fill *out for a start now. */
void mf_run_record_init(mf_run_record *out, int argc, char **argv);

/** Write the run directory's run.json.  Rank 0. */
mf_status mf_run_record_write(const mf_run_record *r, const mf_config *cfg,
                              const mf_plan *plan);

/** Note in run.json that the run has failed, and why; all else in it stays, as
 *  only rank 0 knows it.  Any rank. */
mf_status mf_run_record_fail(const char *run_dir, const char *reason);

#endif
