/** @file mpi_check.h
 *  MPI results as mf_status, and counts that fit MPI's int.
 *
 *  Needs MPI_ERRORS_RETURN on MPI_COMM_WORLD, set directly after MPI_Init and
 *  before any other communicator is made; otherwise MPI ends the job itself.
 */
#ifndef MFRL_COMM_MPI_CHECK_H
#define MFRL_COMM_MPI_CHECK_H

#include <stddef.h>

#include <mpi.h>

#include "mfrl/base/status.h"

/** MF_OK, or MF_ERR_MPI after logging the call and MPI's own words. */
#define MF_MPI(call) mf_mpi_check((call), #call, __FILE__, __LINE__)

/** What MF_MPI expands to.  Local. */
mf_status mf_mpi_check(int rc, const char *call, const char *file, int line);

/** *out = n as an MPI count; MF_ERR_USAGE if one message cannot hold that many
 *  elements (more than INT_MAX).  @p what names the message.  Local. */
mf_status mf_mpi_count(size_t n, const char *what, int *out);

#endif
