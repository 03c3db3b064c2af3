/** @file collective.h
 *  The few collectives that the program needs, with the waiting of wait.h.
 *
 *  All are Collective on their communicator and block until the ranks whose
 *  data they need have called too.  MF_ERR_MPI if MPI fails; results are
 *  written only on success.
 */
#ifndef MFRL_COMM_COLLECTIVE_H
#define MFRL_COMM_COLLECTIVE_H

#include <stddef.h>
#include <stdint.h>

#include <mpi.h>

#include "mfrl/base/status.h"

/** MF_OK only if every rank of @p comm passes MF_OK, else the largest code, on
 *  every rank: turns one rank's failure into a branch that all ranks take.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_agree(MPI_Comm comm, mf_status mine);

/** Return once every rank of @p comm has called.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_barrier(MPI_Comm comm);

/** Copy @p bytes bytes (the same number on all ranks, any size) from the
 *  buffer of rank @p root to those of the others.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_bcast(void *data, size_t bytes, int root, MPI_Comm comm);

/** Replace inout[0..n) on every rank by the sums over the ranks.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_sum_i64(int64_t *inout, int n, MPI_Comm comm);

/** Replace @p bytes bytes (the same number on all ranks, any size) on every
 *  rank by what the ranks have: each byte is set on one of them and zero on the
 *  others, so that nothing is added and no bit is lost.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_overlay(void *inout, size_t bytes, MPI_Comm comm);

/** *any = 1 if @p mine is non-zero on some rank, else 0.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_any(int mine, MPI_Comm comm, int *any);

/** Join the ranks' blocks of bytes, in order of rank, on rank @p root: *all
 *  (released with mf_free) and *total there, NULL and 0 elsewhere.  Whatever
 *  fails on one rank (too many bytes, no memory) fails on all.
 *  Collective on @p comm; blocks. */
mf_status mf_comm_gather(const void *mine, size_t bytes, void **all,
                         size_t *total, int root, MPI_Comm comm);

#endif
