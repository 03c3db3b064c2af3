#include "mfrl/comm/collective.h"

#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

/* Largest message of a broadcast: well below INT_MAX, large enough that the
 * start of a message does not count. */
enum { PIECE_BYTES = 1 << 24 };

/* *out = the largest of @p mine over the ranks. */
static mf_status max_int(int mine, MPI_Comm comm, int *out)
{
    MPI_Request req;
    int max = 0;

    MF_TRY(
        MF_MPI(MPI_Iallreduce(&mine, &max, 1, MPI_INT, MPI_MAX, comm, &req)));
    MF_TRY(mf_wait(&req));
    *out = max;
    return MF_OK;
}

mf_status mf_comm_agree(MPI_Comm comm, mf_status mine)
{
    int worst;

    MF_TRY(max_int((int)mine, comm, &worst));
    return (mf_status)worst;
}

mf_status mf_comm_any(int mine, MPI_Comm comm, int *any)
{
    return max_int(mine != 0, comm, any);
}

mf_status mf_comm_barrier(MPI_Comm comm)
{
    MPI_Request req;

    MF_TRY(MF_MPI(MPI_Ibarrier(comm, &req)));
    return mf_wait(&req);
}

mf_status mf_comm_bcast(void *data, size_t bytes, int root, MPI_Comm comm)
{
    char *at = data;

    while (bytes > 0) {
        const int piece = bytes < PIECE_BYTES ? (int)bytes : PIECE_BYTES;
        MPI_Request req;

        MF_TRY(MF_MPI(MPI_Ibcast(at, piece, MPI_BYTE, root, comm, &req)));
        MF_TRY(mf_wait(&req));
        at += piece;
        bytes -= (size_t)piece;
    }
    return MF_OK;
}

mf_status mf_comm_sum_i64(int64_t *inout, int n, MPI_Comm comm)
{
    MPI_Request req;

    MF_TRY(MF_MPI(MPI_Iallreduce(MPI_IN_PLACE, inout, n, MPI_INT64_T, MPI_SUM,
                                 comm, &req)));
    return mf_wait(&req);
}

/* Where each rank's bytes begin in the joined block. */
static mf_status offsets(const uint64_t *sizes, int n, int *counts, int *at,
                         size_t *total)
{
    *total = 0;
    for (int r = 0; r < n; r++) {
        MF_TRY(mf_mpi_count(*total, "gathered bytes", &at[r]));
        MF_TRY(mf_mpi_count(sizes[r], "gathered bytes", &counts[r]));
        *total += sizes[r];
    }
    return MF_OK;
}

mf_status mf_comm_gather(const void *mine, size_t bytes, void **all,
                         size_t *total, int root, MPI_Comm comm)
{
    const uint64_t size = bytes;
    uint64_t *sizes = NULL;
    int *counts = NULL, *at = NULL;
    void *joined = NULL;
    size_t sum = 0;
    MPI_Request req;
    int rank, n, count;
    mf_status st;

    *all = NULL;
    *total = 0;
    MF_TRY(mf_mpi_count(bytes, "gathered bytes", &count));
    MF_TRY(MF_MPI(MPI_Comm_rank(comm, &rank)));
    MF_TRY(MF_MPI(MPI_Comm_size(comm, &n)));
    MF_TRY_OR(out, mf_alloc((size_t)n, sizeof(*sizes), "gather", &sizes));
    MF_TRY_OR(out, mf_alloc((size_t)n, sizeof(*counts), "gather", &counts));
    MF_TRY_OR(out, mf_alloc((size_t)n, sizeof(*at), "gather", &at));
    MF_TRY_OR(out, MF_MPI(MPI_Igather(&size, 1, MPI_UINT64_T, sizes, 1,
                                      MPI_UINT64_T, root, comm, &req)));
    MF_TRY_OR(out, mf_wait(&req));
    if (rank == root) {
        MF_TRY_OR(out, offsets(sizes, n, counts, at, &sum));
        MF_TRY_OR(out, mf_alloc(sum, 1, "gather", &joined));
    }
    MF_TRY_OR(out, MF_MPI(MPI_Igatherv(mine, count, MPI_BYTE, joined, counts,
                                       at, MPI_BYTE, root, comm, &req)));
    MF_TRY_OR(out, mf_wait(&req));
    *all = joined;
    *total = sum;
    joined = NULL;
out:
    mf_free(&joined);
    mf_free(&sizes);
    mf_free(&counts);
    mf_free(&at);
    return st;
}
