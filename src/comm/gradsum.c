#include "mfrl/comm/gradsum.h"

#include "mfrl/base/mem.h"
#include "mfrl/base/simd.h"
#include "mfrl/comm/collective.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/tags.h"
#include "mfrl/comm/wait.h"

struct mf_gradsum {
    mf_plan plan;
    MPI_Comm comm; /* the learners */
    int me, first;
    size_t n;
    int count;
    float *peer; /* [n] received */
};

mf_status mf_gradsum_create(const mf_roles *roles, size_t n, mf_gradsum **out)
{
    mf_status st = MF_OK;
    mf_gradsum *g = NULL;
    int last;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*g), "gradient sum", &g));
    g->plan = roles->plan;
    g->comm = roles->learners;
    g->me = roles->learner;
    g->n = n;
    mf_plan_shards(&roles->plan, g->me, &g->first, &last);
    MF_TRY_OR(err, mf_mpi_count(n, "the gradient of all worlds", &g->count));
    if (roles->plan.n_learners > 1) {
        MF_TRY_OR(err, mf_alloc(n, sizeof(float), "gradient sum", &g->peer));
    }
    *out = g;
    return MF_OK;

err:
    mf_gradsum_destroy(&g);
    return st;
}

void mf_gradsum_destroy(mf_gradsum **slot)
{
    if (*slot != NULL) {
        mf_free(&(*slot)->peer);
        mf_free(slot);
    }
}

MF_CLONES static void add(size_t n, float *restrict to,
                          const float *restrict from)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += from[i];
    }
}

/* to += from, where either may live on another learner. */
static mf_status join(mf_gradsum *g, float *const *shards, int to, int from)
{
    const int to_owner = mf_plan_shard_owner(&g->plan, to);
    const int from_owner = mf_plan_shard_owner(&g->plan, from);
    MPI_Request req = MPI_REQUEST_NULL;

    if (to_owner == g->me && from_owner == g->me) {
        add(g->n, shards[to - g->first], shards[from - g->first]);
    } else if (from_owner == g->me) {
        MF_TRY(MF_MPI(MPI_Isend(shards[from - g->first], g->count, MPI_FLOAT,
                                to_owner, MF_TAG_GRADSUM, g->comm, &req)));
        MF_TRY(mf_wait(&req));
    } else if (to_owner == g->me) {
        MF_TRY(MF_MPI(MPI_Irecv(g->peer, g->count, MPI_FLOAT, from_owner,
                                MF_TAG_GRADSUM, g->comm, &req)));
        MF_TRY(mf_wait(&req));
        add(g->n, shards[to - g->first], g->peer);
    }
    return MF_OK;
}

mf_status mf_gradsum_run(mf_gradsum *g, float *const *shards)
{
    for (int stride = 1; stride < g->plan.n_shards; stride *= 2) {
        for (int v = 0; v + stride < g->plan.n_shards; v += 2 * stride) {
            MF_TRY(join(g, shards, v, v + stride));
        }
    }
    if (g->plan.n_learners > 1) {
        MF_TRY(mf_comm_bcast(shards[0], g->n * sizeof(float), 0, g->comm));
    }
    return MF_OK;
}
