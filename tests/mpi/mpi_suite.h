/** @file mpi_suite.h
 *  Check under mpirun: all ranks fail or none, so that no rank walks off alone
 *  and leaves the others waiting in the next collective.
 */
#ifndef MFRL_TESTS_MPI_SUITE_H
#define MFRL_TESTS_MPI_SUITE_H

#include <stdio.h>
#include <stdlib.h>

#include <fcntl.h>
#include <unistd.h>

#include <check.h>
#include <mpi.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

static inline int world_rank(void)
{
    int rank;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline int world_size(void)
{
    int size;

    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

/* True if @p ok is true everywhere; ranks where it is not say so. */
static inline int all_ranks(int ok, const char *cond, const char *file,
                            int line)
{
    if (!ok) {
        fprintf(stderr, "%s:%d: rank %d: not %s\n", file, line, world_rank(),
                cond);
    }
    MPI_Allreduce(MPI_IN_PLACE, &ok, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return ok;
}

/** Collective on the world: every rank must get here. */
#define ck_assert_all(cond)                                                    \
    ck_assert_msg(all_ranks((cond), #cond, __FILE__, __LINE__),                \
                  "false on some rank: %s", #cond)

/** Send stderr nowhere, for error lines that a test provokes, until
 *  unhush(what hush returned).  No assertion in between. */
static inline int hush(void)
{
    const int saved = dup(STDERR_FILENO);
    const int null = open("/dev/null", O_WRONLY);

    dup2(null, STDERR_FILENO);
    close(null);
    return saved;
}

static inline void unhush(int saved)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
}

/** The main of every multi-rank suite: returns non-zero on all ranks if a test
 *  failed or memory was left allocated on any. */
static inline int mpi_suite_main(int argc, char **argv, Suite *(*make)(void))
{
    int provided, failed;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    mf_log_set_rank(world_rank(), world_size());

    SRunner *sr = srunner_create(make());

    srunner_set_fork_status(sr, CK_NOFORK); /* a fork would lose MPI */
    srunner_run_all(sr, world_rank() == 0 ? CK_NORMAL : CK_SILENT);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    if (mf_mem_blocks() != 0) {
        fprintf(stderr, "rank %d: %zu blocks still allocated\n", world_rank(),
                mf_mem_blocks());
        failed++;
    }
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
