#include "solo.h"

#include <stdio.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"

enum { CHUNK = 256 }; /* steps whose counters are added up at once */

/* Steps are numbered from here, so that nothing happens that an environment
 * does at the beginning of a training alone. */
static const uint64_t FIRST_STEP = (uint64_t)1 << 32;

/* Steps [from, to) of a world; adds up the metrics of each.  sums [n_metrics]
 */
static mf_status play_chunk(mf_arena *a, mf_arena_world *w, const mf_policy *by,
                            int64_t from, int64_t to, int64_t *counters,
                            double *sums)
{
    const mf_config *cfg = a->run->cfg;
    const mf_env_spec *e = &cfg->env_spec;
    const mf_policy both[2] = {*by, *by};
    const int n = e->n_counters;
    double values[64];

    MF_ASSERT(e->n_metrics <= 64);
    for (int64_t k = from; k < to; k++) {
        MF_TRY(mf_arena_play(a, w, FIRST_STEP + (uint64_t)k, both));
        MF_TRY(mf_arena_settle(a, w, counters + (k - from) * n, NULL));
    }
    mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
    MF_TRY(
        mf_comm_sum_i64(counters, (int)(to - from) * n, a->run->roles.group));
    for (int64_t k = from; sums != NULL && k < to; k++) {
        cfg->env->metrics(cfg->env_cfg, counters + (k - from) * n, values);
        for (int i = 0; i < e->n_metrics; i++) {
            sums[i] += values[i];
        }
    }
    return MF_OK;
}

static mf_status play_world(mf_arena *a, int world, const mf_policy *by,
                            int64_t steps, int64_t *counters, double *means)
{
    const int64_t half = steps / 2;
    mf_arena_world w;
    mf_status st = MF_OK;

    MF_TRY(mf_arena_open(a, world, MF_MAX_WORLDS - 1, &w));
    for (int64_t k = 0, next; k < steps; k = next) {
        next = k + CHUNK < steps ? k + CHUNK : steps;
        next = k < half && next > half ? half : next;
        MF_TRY_OR(out, play_chunk(a, &w, by, k, next, counters,
                                  k < half ? NULL : means));
    }
    for (int i = 0; i < a->run->cfg->env_spec.n_metrics; i++) {
        means[i] /= (double)(steps - half);
    }
out:
    mf_arena_close(a, &w);
    return st;
}

/* The worlds of this rank's group. */
static mf_status play_mine(mf_run *run, const mf_policy *by, int64_t steps,
                           uint64_t seed, double *means)
{
    const mf_plan *plan = &run->roles.plan;
    const mf_env_spec *e = &run->cfg->env_spec;
    const int group = run->roles.actor / (plan->decomp.px * plan->decomp.py);
    int64_t *counters = NULL;
    mf_arena arena;
    mf_status st;

    MF_TRY(mf_arena_create(run, seed, &arena));
    MF_TRY_OR(out, mf_alloc(CHUNK * (size_t)e->n_counters, sizeof(*counters),
                            "counters", &counters));
    for (int s = group; s < run->n_sets; s += plan->n_groups) {
        MF_TRY_OR(out, play_world(&arena, s, &by[s], steps, counters,
                                  means + s * e->n_metrics));
    }
out:
    mf_free(&counters);
    mf_arena_clear(&arena);
    return st;
}

mf_status mf_solo_play(mf_run *run, const mf_policy *by, int64_t steps,
                       uint64_t seed, double *means)
{
    const mf_plan *plan = &run->roles.plan;
    const int n = run->n_sets * run->cfg->env_spec.n_metrics;
    const size_t bytes = (size_t)n * sizeof(*means);
    const int tiles = plan->decomp.px * plan->decomp.py;

    memset(means, 0, bytes);
    if (run->roles.actor >= 0) {
        MF_TRY(play_mine(run, by, steps, seed, means));
    }
    if (run->roles.actor < 0 || run->roles.actor % tiles != 0) {
        memset(means, 0, bytes); /* a world's first tile tells for all */
    }
    /* bits of one rank and zeros of all others: an exact sum */
    _Static_assert(sizeof(double) == sizeof(int64_t), "doubles as integers");
    return mf_comm_sum_i64((int64_t *)(void *)means, n, run->roles.control);
}

void mf_solo_text(const mf_env_spec *e, const double *means, char *out,
                  size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < e->n_metrics && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s %.6g",
                                 i > 0 ? ", " : "", e->metrics[i], means[i]);
    }
}
