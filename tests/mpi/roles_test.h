/** @file roles_test.h
 *  Roles for the multi-rank suites: several layouts on the ranks there are.
 */
#ifndef MFRL_TESTS_MPI_ROLES_TEST_H
#define MFRL_TESTS_MPI_ROLES_TEST_H

#include <stdlib.h>
#include <time.h>

#include "mfrl/comm/roles.h"
#include "mpi_suite.h"

/** Make the roles of one world of 64 x 64 cells; false on every rank, and
 *  nothing made, if that layout cannot work here.  Collective on the world. */
static inline int roles_open(mf_plan_kind layout, int n_learners, int n_shards,
                             mf_roles *roles)
{
    const mf_plan_request w = {.n_ranks = world_size(),
                               .layout = layout,
                               .n_learners = n_learners,
                               .n_worlds = 1,
                               .n_shards = n_shards,
                               .width = 64,
                               .height = 64,
                               .halo = 1,
                               .periodic = 1};
    const int saved = hush();
    mf_plan plan;
    const mf_status st = mf_plan_make(&w, &plan);

    unhush(saved);
    if (st != MF_OK) {
        return 0;
    }
    ck_assert_all(mf_roles_create(&plan, roles) == MF_OK);
    return 1;
}

/** The main of suites that look for skipped waits.  Within a host Open MPI
 *  copies a message from process to process in one go, so that it is there as
 *  soon as it is asked for; without that, as between hosts, it takes a wait. */
static inline int slow_suite_main(int argc, char **argv, Suite *(*make)(void))
{
    setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 1);
    setenv("OMPI_MCA_btl_sm_single_copy_mechanism", "none", 1);
    return mpi_suite_main(argc, argv, make);
}

/** Let one rank come late, another one each round. */
static inline void dawdle(int round)
{
    if (world_rank() == round % world_size()) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

#endif
