#include "banner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mpi.h>

#include "memory.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/io/h5.h"
#include "mfrl/nn/gemm.h"
#include "version.h"

enum { HOST = 64 };

/* "node1 x 32, node2 x 32" from all ranks' host names, in order of rank. */
static void hosts_text(const char (*hosts)[HOST], int n, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < n && used < size;) {
        int run = 1;

        while (i + run < n && strcmp(hosts[i], hosts[i + run]) == 0) {
            run++;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s x %d",
                                 i > 0 ? ", " : "", hosts[i], run);
        i += run;
    }
}

static mf_status log_libraries(mf_run *run)
{
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING], h5[32];
    int length;

    MF_TRY(MF_MPI(MPI_Get_library_version(mpi, &length)));
    snprintf(run->mpi, sizeof(run->mpi), "%.*s", (int)strcspn(mpi, ","), mpi);
    mf_h5_version(h5, sizeof(h5));
    mf_log_root(MF_LOG_INFO, "mfrl-dist %s   %s, HDF5 %s, %s", MF_VERSION,
                run->mpi, h5, mf_gemm_library());
    return MF_OK;
}

static void log_memory(const mf_run *run)
{
    const mf_plan *p = &run->roles.plan;
    const mf_memory m = mf_memory_estimate(run->cfg, p);

    if (p->colocated) {
        mf_log_root(MF_LOG_INFO,
                    "memory     about %.1f MB on a learner, %.1f MB on others, "
                    "besides what MPI takes",
                    (double)m.most * 1e-6, (double)(m.actor + m.rank) * 1e-6);
    } else {
        mf_log_root(MF_LOG_INFO,
                    "memory     about %.1f MB an actor, %.1f MB a learner, "
                    "besides what MPI takes",
                    (double)(m.actor + m.rank) * 1e-6,
                    (double)(m.learner + m.rank) * 1e-6);
    }
}

/* A network may leave inputs out; that one makes the algorithm another. */
static mf_status warn_of_blindness(const mf_config *cfg)
{
    mf_algo_array *a;
    mf_status st;
    void *algo;
    int sees = 0, reads = 0;

    MF_TRY(mf_config_player(cfg, cfg, &algo));
    st = mf_alloc(MF_ALGO_MAX_ARRAYS, sizeof(*a), "arrays", &a);
    for (int k = st == MF_OK ? cfg->algo->arrays(algo, a) - 1 : -1; k >= 0;
         k--) {
        sees |= a[k].sees_abar && !a[k].is_table;
        reads |= strstr(a[k].input, "abar") != NULL;
    }
    if (sees && !reads) {
        mf_log_root(
            MF_LOG_WARN,
            "net.layers = \"%s\" has no branch of abar: %s learns as if "
            "it were blind to the mean action; add \"abar: dense 32\"",
            cfg->run.net.layers, cfg->algo->name);
    }
    mf_free(&a);
    cfg->algo->destroy(&algo);
    return st;
}

static void log_warning(const mf_config *cfg)
{
    const char *text =
        cfg->env->warning != NULL ? cfg->env->warning(cfg->env_cfg) : NULL;

    if (text != NULL) {
        mf_log_root(MF_LOG_WARN, "%s", text);
    }
}

/* Updates of a round that records so many agent-steps. */
static void updates_text(const mf_config *cfg, uint64_t steps, char *out,
                         size_t size)
{
    if (mf_config_whole_rounds(cfg)) {
        snprintf(out, size, "one update a round, of all its steps");
        return;
    }
    snprintf(out, size, "%.3g updates of %lld samples a round",
             (double)mf_learner_updates_for(cfg, 1000 * steps) / 1000,
             (long long)cfg->run.learner.batch);
}

mf_status mf_banner(mf_run *run)
{
    const mf_config *cfg = run->cfg;
    const mf_plan *p = &run->roles.plan;
    const uint64_t a_round = (uint64_t)cfg->env_spec.n_agents *
                             (uint64_t)p->n_worlds * (uint64_t)run->steps;
    char host[HOST] = "", updates[80];
    void *all;
    size_t bytes;

    (void)gethostname(host, sizeof(host) - 1);
    MF_TRY(mf_comm_gather(host, sizeof(host), &all, &bytes, 0,
                          run->roles.control));
    if (run->roles.rank != 0) {
        return MF_OK;
    }
    hosts_text(all, p->n_ranks, run->hosts, sizeof(run->hosts));
    mf_free(&all);
    MF_TRY(log_libraries(run));
    mf_log_root(MF_LOG_INFO,
                "run        %s: %s on %s, seed %lld, %lld rounds "
                "of %d steps",
                cfg->run.run.dir, cfg->algo->name, cfg->env->name,
                (long long)cfg->run.run.seed, (long long)cfg->run.run.rounds,
                run->steps);
    mf_log_root(MF_LOG_INFO, "ranks      %d (%s): %d actor%s, %d learner%s%s",
                p->n_ranks, run->hosts, p->n_actors,
                p->n_actors == 1 ? "" : "s", p->n_learners,
                p->n_learners == 1 ? "" : "s",
                p->colocated ? ", colocated" : "");
    mf_log_root(
        MF_LOG_INFO,
        "worlds     %d of %d x %d cells, %u agents each; %d group%s of "
        "%d x %d tiles, about %d x %d cells a tile",
        p->n_worlds, p->decomp.width, p->decomp.height, cfg->env_spec.n_agents,
        p->n_groups, p->n_groups == 1 ? "" : "s", p->decomp.px, p->decomp.py,
        p->decomp.width / p->decomp.px, p->decomp.height / p->decomp.py);
    updates_text(cfg, a_round, updates, sizeof(updates));
    mf_log_root(MF_LOG_INFO,
                "learning   %d weight set%s, %d replay shards, lag %d, %s",
                run->n_sets, run->n_sets == 1 ? "" : "s", p->n_shards,
                (int)cfg->run.pipeline.lag, updates);
    log_memory(run);
    log_warning(cfg);
    (void)warn_of_blindness(cfg); /* memory alone can fail it */
    return MF_OK;
}
