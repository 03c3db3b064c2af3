#include "solo.h"

#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"

/* Steps between two questions whether to stop; their counters are added up at
 * once. */
enum { CHUNK = 64 };

/* Steps are numbered from here, so that nothing happens that an environment
 * does at the beginning of a training alone. */
static const uint64_t FIRST_STEP = (uint64_t)1 << 32;

/* What the worlds have in common. */
typedef struct solo {
    mf_run *run;
    const mf_policy *by;
    int64_t steps;
    mf_stop_poll *stop;
    mf_arena *arena;   /* NULL on a rank that does not act */
    int64_t *counters; /* [CHUNK][n_counters] */
    double *means;     /* [n_sets][n_metrics] */
} solo;

/* Steps [from, to) of a world; adds up the metrics of each.  sums [n_metrics],
 * or NULL */
static mf_status play_chunk(const solo *p, mf_arena_world *w, int64_t from,
                            int64_t to, double *sums)
{
    const mf_config *cfg = p->run->cfg;
    const mf_env_spec *e = &cfg->env_spec;
    const mf_policy both[2] = {p->by[w->world], p->by[w->world]};
    const int n = e->n_counters;
    double values[MF_ENV_METRICS];

    for (int64_t k = from; k < to; k++) {
        MF_TRY(mf_arena_play(p->arena, w, FIRST_STEP + (uint64_t)k, both));
        MF_TRY(
            mf_arena_settle(p->arena, w, p->counters + (k - from) * n, NULL));
    }
    mf_run_phase(p->run, MF_PHASE_WAIT_HALO);
    MF_TRY(mf_comm_sum_i64(p->counters, (int)(to - from) * n,
                           p->run->roles.group));
    for (int64_t k = from; sums != NULL && k < to; k++) {
        cfg->env->metrics(cfg->env_cfg, p->counters + (k - from) * n, values);
        for (int i = 0; i < e->n_metrics; i++) {
            sums[i] += values[i];
        }
    }
    return MF_OK;
}

/* One world of every group, the set of this rank's being @p s, or -1 if it has
 * none now: all ranks ask as often. */
static mf_status play_worlds(const solo *p, int s, int *stopped)
{
    const int n_metrics = p->run->cfg->env_spec.n_metrics;
    const int64_t half = p->steps / 2;
    double *means = s >= 0 ? p->means + s * n_metrics : NULL;
    mf_arena_world w;
    mf_status st = MF_OK;

    if (s >= 0) {
        MF_TRY(mf_arena_open(p->arena, s, MF_MAX_WORLDS - 1, &w));
    }
    for (int64_t k = 0, next; k < p->steps && !*stopped; k = next) {
        next = k + CHUNK < p->steps ? k + CHUNK : p->steps;
        next = k < half && next > half ? half : next;
        if (s >= 0) {
            MF_TRY_OR(out, play_chunk(p, &w, k, next, k < half ? NULL : means));
        }
        MF_TRY_OR(out, mf_stop_poll_ask(p->stop, stopped));
    }
    for (int i = 0; s >= 0 && i < n_metrics; i++) {
        means[i] /= (double)(p->steps - half);
    }
out:
    if (s >= 0) {
        mf_arena_close(p->arena, &w);
    }
    return st;
}

/* All sets, one of every group at a time. */
static mf_status play_all(const solo *p)
{
    const mf_plan *plan = &p->run->roles.plan;
    const int tiles = plan->decomp.px * plan->decomp.py;
    const int group = p->arena != NULL ? p->run->roles.actor / tiles : -1;
    int stopped = 0;

    for (int first = 0; first < p->run->n_sets && !stopped;
         first += plan->n_groups) {
        const int mine = group >= 0 && first + group < p->run->n_sets;

        MF_TRY(play_worlds(p, mine ? first + group : -1, &stopped));
    }
    return MF_OK;
}

/* On a rank that acts: its arena, too. */
static mf_status act_too(solo *p, uint64_t seed)
{
    const size_t n = CHUNK * (size_t)p->run->cfg->env_spec.n_counters;
    mf_arena arena;
    mf_status st;

    MF_TRY(mf_arena_create(p->run, seed, &arena));
    p->arena = &arena;
    MF_TRY_OR(out, mf_alloc(n, sizeof(*p->counters), "counters", &p->counters));
    st = play_all(p);
out:
    mf_free(&p->counters);
    mf_arena_clear(&arena);
    return st;
}

mf_status mf_solo_play(mf_run *run, const mf_policy *by, int64_t steps,
                       uint64_t seed, mf_stop_poll *stop, double *means)
{
    const mf_plan *plan = &run->roles.plan;
    const size_t bytes = (size_t)run->n_sets *
                         (size_t)run->cfg->env_spec.n_metrics * sizeof(*means);
    const int tiles = plan->decomp.px * plan->decomp.py;
    solo p = {
        .run = run, .by = by, .steps = steps, .stop = stop, .means = means};

    memset(means, 0, bytes);
    MF_TRY(run->roles.actor >= 0 ? act_too(&p, seed) : play_all(&p));
    if (run->roles.actor < 0 || run->roles.actor % tiles != 0) {
        memset(means, 0, bytes); /* a world's first tile tells for all */
    }
    return mf_comm_overlay(means, bytes, run->roles.control);
}

void mf_solo_header(const mf_env_spec *e, FILE *csv)
{
    for (int i = 0; i < e->n_metrics; i++) {
        fprintf(csv, ",%s", e->metrics[i]);
    }
    fprintf(csv, "\n");
}

void mf_solo_row(const mf_env_spec *e, const double *means, FILE *csv)
{
    for (int i = 0; i < e->n_metrics; i++) {
        fprintf(csv, ",%.10g", means[i]);
    }
    fprintf(csv, "\n");
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
