/** @file run.h
 *  What every part of a training run knows: config, plan, communicators and
 *  where the time goes.
 */
#ifndef MFRL_APP_RUN_H
#define MFRL_APP_RUN_H

#include <stdint.h>

#include "config.h"
#include "mfrl/base/beat.h"
#include "mfrl/base/clock.h"
#include "mfrl/comm/roles.h"
#include "mfrl/comm/wait.h"
#include "mfrl/io/run_lock.h"
#include "mfrl/replay/layout.h"

/** Phases of a rank's time. */
typedef enum mf_phase {
    MF_PHASE_WAIT_WEIGHTS,
    MF_PHASE_OBSERVE,
    MF_PHASE_ACT,
    MF_PHASE_WAIT_HALO,
    MF_PHASE_RESOLVE,
    MF_PHASE_PACK,
    MF_PHASE_SHIP,
    MF_PHASE_WAIT_DATA,
    MF_PHASE_STORE,
    MF_PHASE_SAMPLE,
    MF_PHASE_GRADIENT,
    MF_PHASE_SUM,
    MF_PHASE_APPLY,
    MF_PHASE_PUBLISH,
    MF_PHASE_REPORT,
    MF_PHASE_CHECKPOINT,
    MF_PHASE_EVALUATE,
    MF_PHASE_RECORD,
    MF_N_PHASES
} mf_phase;

extern const char *const mf_phase_names[MF_N_PHASES];

typedef struct mf_run {
    const mf_config *cfg;
    const mf_run_lock *lock; /* of the run directory, NULL if not needed */
    mf_roles roles;
    mf_layout layout; /* of a transition */
    int n_sets;       /* weight sets; world w uses set w mod n_sets */
    int steps;        /* per round */
    char hosts[512];  /* "node1 x 32, node2 x 32"; rank 0, by the banner */
    char mpi[64];     /* name and version of the MPI library, likewise */
    double phase_seconds[MF_N_PHASES];
    double wait_seconds[MF_N_PHASES]; /* of those, waiting for other ranks */
    double waited;                    /* until the phase began */
    mf_phases phases;
} mf_run;

/** A run of a resolved config on a plan, with its communicators.
 *  Collective on MPI_COMM_WORLD. */
mf_status mf_run_create(const mf_config *cfg, const mf_plan *plan, mf_run *out);

/** Free the communicators.  Collective on MPI_COMM_WORLD. */
void mf_run_clear(mf_run *r);

/** Go on in @p phase, -1 = in none; returns the one before. */
static inline int mf_run_phase(mf_run *r, int phase)
{
    const int before = mf_phases_switch(&r->phases, phase);
    const double waited = mf_wait_seconds();

    mf_beat();
    if (before >= 0) {
        r->wait_seconds[before] += waited - r->waited;
    }
    r->waited = waited;
    return before;
}

/** Counters that a run goes on from. */
typedef struct mf_progress {
    int64_t round; /* rounds completed = version of the weights */
    int64_t agent_steps;
    double wall; /* seconds, over all starts */
} mf_progress;

/** What ranks add up once per round besides the worlds' counters. */
enum {
    MF_PERF_AGENT_STEPS,
    MF_PERF_ACTOR_WAIT,   /* ns that actors waited, for whatever rank */
    MF_PERF_LEARNER_WAIT, /* ns that learners waited likewise */
    MF_PERF_REPLAY,       /* transitions stored */
    MF_PERF_SIGNALS,      /* that asked ranks to stop, see signals.h */
    MF_N_PERF
};

#endif
