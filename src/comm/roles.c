#include "mfrl/comm/roles.h"

#include <stdlib.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

static void abort_job(void) { MPI_Abort(MPI_COMM_WORLD, 134); }

/* How crowded this host is decides how ranks wait. */
static mf_status count_neighbours(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    MPI_Comm host;
    int n;

    MF_TRY(MF_MPI(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0,
                                      MPI_INFO_NULL, &host)));
    MF_TRY(MF_MPI(MPI_Comm_size(host, &n)));
    mf_wait_set_crowd(n, cores > 0 ? (int)cores : 1);
    return MF_MPI(MPI_Comm_free(&host));
}

mf_status mf_comm_init(int *rank, int *n_ranks)
{
    MF_TRY(MF_MPI(MPI_Init(NULL, NULL)));
    /* Before any other communicator is made: they inherit it, and errors of
     * requests are raised here. */
    MF_TRY(MF_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN)));
    MF_TRY(MF_MPI(MPI_Comm_rank(MPI_COMM_WORLD, rank)));
    MF_TRY(MF_MPI(MPI_Comm_size(MPI_COMM_WORLD, n_ranks)));
    mf_log_set_rank(*rank, *n_ranks);
    mf_panic_set_hook(abort_job);
    return count_neighbours();
}

void mf_comm_finalize(void) { MPI_Finalize(); }

_Noreturn void mf_comm_abort(mf_status st)
{
    MPI_Abort(MPI_COMM_WORLD, (int)st);
    abort(); /* MPI_Abort does not return */
}

mf_status mf_roles_create(const mf_plan *plan, mf_roles *out)
{
    mf_status st = MF_OK;
    mf_roles r = {.plan = *plan,
                  .control = MPI_COMM_NULL,
                  .weights = MPI_COMM_NULL,
                  .counters = MPI_COMM_NULL,
                  .ship = MPI_COMM_NULL,
                  .group = MPI_COMM_NULL,
                  .learners = MPI_COMM_NULL};
    int color;

    MF_TRY(MF_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &r.rank)));
    r.actor = mf_plan_actor(plan, r.rank);
    r.learner = mf_plan_learner(plan, r.rank);
    MF_TRY_OR(err, MF_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &r.control)));
    MF_TRY_OR(err, MF_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &r.weights)));
    MF_TRY_OR(err, MF_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &r.counters)));
    MF_TRY_OR(err, MF_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &r.ship)));
    color = r.actor < 0 ? MPI_UNDEFINED
                        : r.actor / (plan->decomp.px * plan->decomp.py);
    MF_TRY_OR(err,
              MF_MPI(MPI_Comm_split(MPI_COMM_WORLD, color, r.actor, &r.group)));
    color = r.learner < 0 ? MPI_UNDEFINED : 0;
    MF_TRY_OR(err, MF_MPI(MPI_Comm_split(MPI_COMM_WORLD, color, r.learner,
                                         &r.learners)));
    *out = r;
    return MF_OK;

err:
    mf_roles_clear(&r);
    return st;
}

void mf_roles_clear(mf_roles *r)
{
    MPI_Comm *all[] = {&r->control, &r->weights, &r->counters,
                       &r->ship,    &r->group,   &r->learners};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] != MPI_COMM_NULL) {
            MPI_Comm_free(all[i]);
        }
    }
}
