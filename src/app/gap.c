#include "gap.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"

enum { ROWS = 1024 }; /* agents whose payoffs are asked for at once */

/* Of the gaps that ranks have summed: sums of whole multiples do not depend on
 * their order.  A policy's distance is at most 1. */
#define TV_ONE   0x1p32
#define GAIN_ONE 0x1p20

/* What a rank has found of one weight set. */
typedef struct found {
    int64_t tv, gain; /* sums over its agents */
    double most;
} found;

/* One world on this tile, and scratch. */
typedef struct look {
    mf_arena *arena;
    mf_arena_world *world;
    mf_policy by;
    double t;      /* temperature of the logit answer */
    uint32_t rows; /* at once */
    uint32_t *who; /* [rows] */
    float *pi;     /* [rows][n_actions] */
    double *u;     /* [rows][n_actions] */
    /* of all agents of the world, where payoffs need it */
    float *play_pi;     /* [n_agents][n_actions] */
    uint8_t *play_last; /* [n_agents] */
} look;

bool mf_gap_is_known(const mf_config *cfg)
{
    return cfg->env_spec.stage_game && cfg->algo->policy != NULL &&
           cfg->env_spec.payoffs != MF_PAYOFFS_NONE;
}

void mf_gap_of(const float *pi, const double *u, int n, double t, double *tv,
               double *gain)
{
    double most = u[0], mean = 0, z = 0;

    for (int a = 1; a < n; a++) {
        most = fmax(most, u[a]);
    }
    for (int a = 0; a < n; a++) {
        z += exp((u[a] - most) / t);
        mean += (double)pi[a] * (u[a] - most);
    }
    *tv = 0;
    for (int a = 0; a < n; a++) {
        *tv += fabs((double)pi[a] - exp((u[a] - most) / t) / z) / 2;
    }
    *gain = fmax(0, -mean);
}

static uint32_t rows_of(const mf_config *cfg, size_t n)
{
    return cfg->env_spec.payoffs == MF_PAYOFFS_ALL || n < ROWS ? (uint32_t)n
                                                               : ROWS;
}

/* Agents whose actions the payoffs of one depend on, so that all ranks of a
 * world need them. */
static size_t n_played(const mf_config *cfg)
{
    return cfg->env_spec.payoffs == MF_PAYOFFS_ALL ? cfg->env_spec.n_agents : 0;
}

size_t mf_gap_bytes(const mf_config *cfg, size_t n)
{
    const size_t n_actions = (size_t)cfg->env_spec.n_actions;
    const look *l = NULL;

    if (!mf_gap_is_known(cfg)) {
        return 0;
    }
    return rows_of(cfg, n) * (sizeof(*l->who) +
                              n_actions * (sizeof(*l->pi) + sizeof(*l->u))) +
           n_played(cfg) * (n_actions * sizeof(*l->play_pi) + 1) +
           cfg->env_spec.payoffs_bytes +
           (size_t)cfg->env_spec.n_sets * sizeof(found);
}

static void clear(look *l)
{
    mf_free(&l->who);
    mf_free(&l->pi);
    mf_free(&l->u);
    mf_free(&l->play_pi);
    mf_free(&l->play_last);
}

static mf_status alloc(const mf_config *cfg, look *l)
{
    const size_t n_actions = (size_t)cfg->env_spec.n_actions;
    const size_t n = n_played(cfg);

    MF_TRY(mf_alloc(l->rows, sizeof(*l->who), "agents", &l->who));
    MF_TRY(mf_alloc(l->rows * n_actions, sizeof(*l->pi), "policies", &l->pi));
    MF_TRY(mf_alloc(l->rows * n_actions, sizeof(*l->u), "payoffs", &l->u));
    MF_TRY(
        mf_alloc(n * n_actions, sizeof(*l->play_pi), "policies", &l->play_pi));
    return mf_alloc(n, 1, "last actions", &l->play_last);
}

/* Policies of agents from .. from + n - 1 of the tile. */
static mf_status policies(look *l, uint32_t from, uint32_t n)
{
    const mf_env_agents *g = &l->world->agents;
    const mf_act_batch b = {.n = n,
                            .who = l->who,
                            .id = g->id,
                            .obs = g->obs,
                            .counts = g->counts,
                            .ctx = g->ctx};

    for (uint32_t k = 0; k < n; k++) {
        l->who[k] = from + k;
    }
    if (n == 0) {
        return MF_OK;
    }
    return l->by.ops->policy(l->by.algo, l->by.weights, l->by.temperature, &b,
                             l->pi);
}

/* What all agents of the world may do, on all of its tiles. */
static mf_status gather_play(look *l)
{
    const mf_run *run = l->arena->run;
    const mf_env_agents *g = &l->world->agents;
    const size_t n_actions = (size_t)run->cfg->env_spec.n_actions;
    const size_t n_agents = run->cfg->env_spec.n_agents;

    for (size_t i = 0; i < g->n; i++) {
        memcpy(l->play_pi + g->id[i] * n_actions, l->pi + i * n_actions,
               n_actions * sizeof(*l->pi));
        l->play_last[g->id[i]] = g->act[i];
    }
    MF_TRY(mf_comm_overlay(l->play_pi, n_agents * n_actions * sizeof(*l->pi),
                           run->roles.group));
    return mf_comm_overlay(l->play_last, n_agents, run->roles.group);
}

/* Add agents from .. from + n - 1; where payoffs depend on all, their policies
 * are known. */
static mf_status add_rows(look *l, uint32_t from, uint32_t n, found *sum)
{
    const mf_config *cfg = l->arena->run->cfg;
    const size_t n_actions = (size_t)cfg->env_spec.n_actions;
    const int all = cfg->env_spec.payoffs == MF_PAYOFFS_ALL;
    const mf_env_play play = {.pi = l->play_pi, .last = l->play_last};

    if (!all) {
        MF_TRY(policies(l, from, n));
    }
    MF_TRY(cfg->env->payoffs(l->world->env, all ? &play : NULL, from, n, l->u));
    for (size_t k = 0; k < n; k++) {
        double tv, gain;

        mf_gap_of(l->pi + k * n_actions, l->u + k * n_actions, (int)n_actions,
                  l->t, &tv, &gain);
        sum->tv += (int64_t)(tv * TV_ONE);
        sum->gain += (int64_t)(gain * GAIN_ONE);
        sum->most = fmax(sum->most, gain);
    }
    return MF_OK;
}

static mf_status measure_world(look *l, found *sum)
{
    const mf_config *cfg = l->arena->run->cfg;
    mf_status st = MF_OK;

    if (!l->world->ghosts_current) {
        MF_TRY(mf_halo_begin(l->world->halo));
        MF_TRY(mf_halo_end(l->world->halo));
    }
    cfg->env->look(l->world->env);
    cfg->env->agents(l->world->env, &l->world->agents);
    l->rows = rows_of(cfg, l->world->agents.n);
    MF_TRY_OR(done, alloc(cfg, l));
    if (cfg->env_spec.payoffs ==
        MF_PAYOFFS_ALL) { /* tiles without agents, too */
        MF_TRY_OR(done, policies(l, 0, l->rows));
        MF_TRY_OR(done, gather_play(l));
    }
    for (uint32_t from = 0; from < l->world->agents.n; from += l->rows) {
        const uint32_t left = l->world->agents.n - from;

        MF_TRY_OR(done,
                  add_rows(l, from, left < l->rows ? left : l->rows, sum));
    }
done:
    clear(l);
    return st;
}

/* The first world of each weight set that this rank's group plays. */
static mf_status measure_mine(mf_run *run, mf_arena *arena, void *algo,
                              const float *weights, int64_t round, found *sums)
{
    for (int w = 0; w < arena->n_worlds; w++) {
        const int set = arena->worlds[w].set;
        const double t = mf_config_temperature(run->cfg, set, round);
        look l = {.arena = arena,
                  .world = &arena->worlds[w],
                  .by = {.ops = run->cfg->algo,
                         .algo = algo,
                         .weights = weights + (size_t)set * run->cfg->n_weights,
                         .temperature = t},
                  .t = t};

        if (l.world->world == set) {
            MF_TRY(measure_world(&l, &sums[set]));
        }
    }
    return MF_OK;
}

/* Rank 0: what the ranks have found, one after another. */
static void add_up(const mf_config *cfg, const found *all, int n_ranks,
                   mf_gap *out)
{
    const int n_sets = cfg->env_spec.n_sets;
    const double n = cfg->env_spec.n_agents;

    for (int s = 0; s < n_sets; s++) {
        found sum = {0};

        for (int r = 0; r < n_ranks; r++) {
            const found *f = &all[r * n_sets + s];

            sum.tv += f->tv;
            sum.gain += f->gain;
            sum.most = fmax(sum.most, f->most);
        }
        out[s] = (mf_gap){.tv = (double)sum.tv / TV_ONE / n,
                          .gain = (double)sum.gain / GAIN_ONE / n,
                          .most = sum.most};
    }
}

mf_status mf_gap_measure(mf_run *run, mf_arena *arena, void *algo,
                         const float *weights, int64_t round, mf_gap *out)
{
    const size_t n_sets = (size_t)run->n_sets;
    found *sums = NULL;
    void *all = NULL;
    size_t bytes;
    mf_status st = MF_OK;

    if (!mf_gap_is_known(run->cfg)) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(n_sets, sizeof(*sums), "gaps", &sums));
    if (arena != NULL) {
        MF_TRY_OR(done, measure_mine(run, arena, algo, weights, round, sums));
    }
    MF_TRY_OR(done, mf_comm_gather(sums, n_sets * sizeof(*sums), &all, &bytes,
                                   0, run->roles.control));
    if (run->roles.rank == 0) {
        add_up(run->cfg, all, run->roles.plan.n_ranks, out);
    }
done:
    mf_free(&all);
    mf_free(&sums);
    return st;
}
