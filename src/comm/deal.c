#include "mfrl/comm/deal.h"

#include <limits.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

enum { COUNT, WORD, HEAD }; /* what a rank says to another before the rows */

struct mf_deal {
    MPI_Comm comm;
    MPI_Datatype row;
    size_t bytes;
    int n_ranks;
    uint32_t n_keys;          /* that this rank keeps */
    uint32_t *first;          /* [n_ranks + 1] */
    int *told, *heard;        /* [n_ranks][HEAD] */
    int *out_counts, *out_at; /* [n_ranks] rows */
    int *in_counts, *in_at;   /* [n_ranks] rows */
    uint8_t *kept;            /* [n_keys][bytes] */
};

void mf_deal_destroy(mf_deal **slot)
{
    mf_deal *d = *slot;

    if (d == NULL) {
        return;
    }
    if (d->row != MPI_DATATYPE_NULL) {
        (void)MF_MPI(MPI_Type_free(&d->row));
    }
    mf_free(&d->first);
    mf_free(&d->told);
    mf_free(&d->heard);
    mf_free(&d->out_counts);
    mf_free(&d->out_at);
    mf_free(&d->in_counts);
    mf_free(&d->in_at);
    mf_free(&d->kept);
    mf_free(slot);
}

static mf_status alloc(mf_deal *d)
{
    const size_t n = (size_t)d->n_ranks;

    MF_TRY(mf_alloc(n + 1, sizeof(*d->first), "deal", &d->first));
    MF_TRY(mf_alloc(n * HEAD, sizeof(*d->told), "deal", &d->told));
    MF_TRY(mf_alloc(n * HEAD, sizeof(*d->heard), "deal", &d->heard));
    MF_TRY(mf_alloc(n, sizeof(int), "deal", &d->out_counts));
    MF_TRY(mf_alloc(n, sizeof(int), "deal", &d->out_at));
    MF_TRY(mf_alloc(n, sizeof(int), "deal", &d->in_counts));
    MF_TRY(mf_alloc(n, sizeof(int), "deal", &d->in_at));
    return n > 1 ? mf_alloc(d->n_keys, d->bytes, "deal", &d->kept) : MF_OK;
}

mf_status mf_deal_create(MPI_Comm comm, const uint32_t *first, size_t bytes,
                         mf_deal **out)
{
    mf_status st = MF_OK;
    mf_deal *d = NULL;
    int rank, size;

    *out = NULL;
    MF_ASSERT(bytes >= sizeof(uint32_t));
    MF_TRY(mf_alloc(1, sizeof(*d), "deal", &d));
    d->comm = comm;
    d->row = MPI_DATATYPE_NULL;
    d->bytes = bytes;
    MF_TRY_OR(err, MF_MPI(MPI_Comm_rank(comm, &rank)));
    MF_TRY_OR(err, MF_MPI(MPI_Comm_size(comm, &d->n_ranks)));
    d->n_keys = first[rank + 1] - first[rank];
    MF_TRY_OR(err, alloc(d));
    memcpy(d->first, first, ((size_t)d->n_ranks + 1) * sizeof(*first));
    MF_TRY_OR(err, mf_mpi_count(bytes, "bytes of a row", &size));
    MF_TRY_OR(err, MF_MPI(MPI_Type_contiguous(size, MPI_BYTE, &d->row)));
    MF_TRY_OR(err, MF_MPI(MPI_Type_commit(&d->row)));
    *out = d;
    return MF_OK;

err:
    mf_deal_destroy(&d);
    return st;
}

static uint32_t key_of(const mf_deal *d, const uint8_t *rows, uint32_t i)
{
    uint32_t key;

    memcpy(&key, rows + i * d->bytes, sizeof(key));
    return key;
}

/* Rows ascend by key, so what goes to one rank lies together. */
static void count_out(mf_deal *d, const uint8_t *rows, uint32_t n, int word)
{
    uint32_t i = 0;

    for (int r = 0; r < d->n_ranks; r++) {
        d->out_at[r] = (int)i;
        while (i < n && key_of(d, rows, i) < d->first[r + 1]) {
            i++;
        }
        d->out_counts[r] = (int)i - d->out_at[r];
        d->told[r * HEAD + COUNT] = d->out_counts[r];
        d->told[r * HEAD + WORD] = word;
    }
    MF_ASSERT(i == n);
}

static mf_status count_in(mf_deal *d, int *word, uint32_t *n)
{
    int64_t sum = 0;

    for (int r = 0; r < d->n_ranks; r++) {
        d->in_at[r] = (int)sum;
        d->in_counts[r] = d->heard[r * HEAD + COUNT];
        sum += d->in_counts[r];
        if (d->heard[r * HEAD + WORD] > *word) {
            *word = d->heard[r * HEAD + WORD];
        }
    }
    if (sum > d->n_keys) {
        return MF_FAIL(MF_ERR_MPI, "%lld rows for %u keys", (long long)sum,
                       d->n_keys);
    }
    *n = (uint32_t)sum;
    return MF_OK;
}

mf_status mf_deal_run(mf_deal *d, const uint8_t *rows, uint32_t n, int *word,
                      const uint8_t **kept, uint32_t *n_kept)
{
    MPI_Request req;

    if (d->n_ranks == 1) {
        *kept = rows;
        *n_kept = n;
        return MF_OK;
    }
    MF_ASSERT(n <= INT_MAX);
    count_out(d, rows, n, *word);
    MF_TRY(MF_MPI(MPI_Ialltoall(d->told, HEAD, MPI_INT, d->heard, HEAD, MPI_INT,
                                d->comm, &req)));
    MF_TRY(mf_wait(&req));
    MF_TRY(count_in(d, word, n_kept));
    MF_TRY(
        MF_MPI(MPI_Ialltoallv(rows, d->out_counts, d->out_at, d->row, d->kept,
                              d->in_counts, d->in_at, d->row, d->comm, &req)));
    MF_TRY(mf_wait(&req));
    *kept = d->kept;
    return MF_OK;
}
