/** @file roles.h
 *  The communicators of a plan, each with one use, so that messages of
 *  different kinds never meet.
 */
#ifndef MFRL_COMM_ROLES_H
#define MFRL_COMM_ROLES_H

#include <mpi.h>

#include "mfrl/comm/plan.h"

typedef struct mf_roles {
    mf_plan plan;
    int rank;
    int actor, learner; /* this rank's index in the role, -1 = none */
    MPI_Comm control;   /* all ranks: agreement, checkpoints, reports */
    MPI_Comm weights;   /* all ranks: broadcasts of weights */
    MPI_Comm counters;  /* all ranks: one sum per round */
    MPI_Comm ship;      /* all ranks: transitions */
    MPI_Comm group;     /* the actors that share my worlds, rank = tile;
                           MPI_COMM_NULL without the role */
    MPI_Comm learners;  /* the learners; MPI_COMM_NULL without the role */
} mf_roles;

/** Start MPI: errors are returned from here on, an assertion that breaks
 *  aborts the job, log lines know their rank.
 *  Collective on all ranks. */
mf_status mf_comm_init(int *rank, int *n_ranks);

/** End MPI.  Collective on all ranks. */
void mf_comm_finalize(void);

/** End the job now, on all ranks, with this status as exit code.  Local. */
_Noreturn void mf_comm_abort(mf_status st);

/** Make the communicators.  Collective on MPI_COMM_WORLD. */
mf_status mf_roles_create(const mf_plan *plan, mf_roles *out);

/** Free them.  Collective on MPI_COMM_WORLD. */
void mf_roles_clear(mf_roles *r);

#endif
