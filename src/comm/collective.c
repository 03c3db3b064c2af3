#include "mfrl/comm/collective.h"

#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

/* Largest message of a broadcast or an overlay: well below INT_MAX, large
 * enough that the start of a message does not count. */
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

mf_status mf_comm_overlay(void *inout, size_t bytes, MPI_Comm comm)
{
    char *at = inout;

    while (bytes > 0) {
        const int piece = bytes < PIECE_BYTES ? (int)bytes : PIECE_BYTES;
        MPI_Request req;

        MF_TRY(MF_MPI(MPI_Iallreduce(MPI_IN_PLACE, at, piece, MPI_BYTE, MPI_BOR,
                                     comm, &req)));
        MF_TRY(mf_wait(&req));
        at += piece;
        bytes -= (size_t)piece;
    }
    return MF_OK;
}

/* What a gather needs on every rank, and on the root once sizes are known. */
typedef struct gather {
    uint64_t *sizes;  /* [ranks] */
    int *counts, *at; /* [ranks] */
    int count;        /* of this rank */
    void *joined;
    size_t total;
} gather;

static void gather_clear(gather *g)
{
    mf_free(&g->joined);
    mf_free(&g->sizes);
    mf_free(&g->counts);
    mf_free(&g->at);
}

static mf_status gather_begin(gather *g, size_t bytes, int n)
{
    MF_TRY(mf_mpi_count(bytes, "gathered bytes", &g->count));
    MF_TRY(mf_alloc((size_t)n, sizeof(*g->sizes), "gather", &g->sizes));
    MF_TRY(mf_alloc((size_t)n, sizeof(*g->counts), "gather", &g->counts));
    return mf_alloc((size_t)n, sizeof(*g->at), "gather", &g->at);
}

/* Where each rank's bytes begin in the joined block. */
static mf_status gather_make_room(gather *g, int n)
{
    for (int r = 0; r < n; r++) {
        MF_TRY(mf_mpi_count(g->total, "gathered bytes", &g->at[r]));
        MF_TRY(mf_mpi_count(g->sizes[r], "gathered bytes", &g->counts[r]));
        g->total += g->sizes[r];
    }
    return mf_alloc(g->total, 1, "gather", &g->joined);
}

mf_status mf_comm_gather(const void *mine, size_t bytes, void **all,
                         size_t *total, int root, MPI_Comm comm)
{
    const uint64_t size = bytes;
    gather g = {0};
    MPI_Request req;
    int rank, n;
    mf_status st;

    *all = NULL;
    *total = 0;
    MF_TRY(MF_MPI(MPI_Comm_rank(comm, &rank)));
    MF_TRY(MF_MPI(MPI_Comm_size(comm, &n)));
    MF_TRY_OR(out, mf_comm_agree(comm, gather_begin(&g, bytes, n)));
    MF_TRY_OR(out, MF_MPI(MPI_Igather(&size, 1, MPI_UINT64_T, g.sizes, 1,
                                      MPI_UINT64_T, root, comm, &req)));
    MF_TRY_OR(out, mf_wait(&req));
    MF_TRY_OR(out, mf_comm_agree(comm, rank == root ? gather_make_room(&g, n)
                                                    : MF_OK));
    MF_TRY_OR(out,
              MF_MPI(MPI_Igatherv(mine, g.count, MPI_BYTE, g.joined, g.counts,
                                  g.at, MPI_BYTE, root, comm, &req)));
    MF_TRY_OR(out, mf_wait(&req));
    *all = g.joined;
    *total = g.total;
    g.joined = NULL;
out:
    gather_clear(&g);
    return st;
}
