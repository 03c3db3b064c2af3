/* The Ising model as a stage game (Yang et al., ICML 2018, section 5.2).
 *
 * Every cell of a periodic lattice is an agent; action 0 is spin -1, action 1
 * is spin +1.  With S the sum of the four neighbours' spins, agent j earns
 *
 *     r_j = h s_j + (lambda / 2) s_j S_j
 *
 * and Boltzmann play at temperature T is the heat bath of the Ising model with
 * K = lambda / (2 T).  A step is a sweep: every agent acts once. */
#include "ising.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"

static const mf_opt OPTS[] = {
    {"width", MF_OPT_INT, offsetof(ising_cfg, width), "20", 2, 32768, NULL,
     "cells", "columns of the periodic lattice"},
    {"height", MF_OPT_INT, offsetof(ising_cfg, height), "20", 2, 32768, NULL,
     "cells", "rows of the periodic lattice"},
    {"coupling", MF_OPT_REAL, offsetof(ising_cfg, coupling), "1", -1e3, 1e3,
     NULL, "reward", "lambda: reward of aligned neighbours, lambda/2 each"},
    {"field", MF_OPT_REAL, offsetof(ising_cfg, field), "0", -1e3, 1e3, NULL,
     "reward", "h: reward of spin up, -h of spin down"},
    {"temperature", MF_OPT_REALS, offsetof(ising_cfg, temperature), "0.9", 1e-3,
     1e3, NULL, "reward",
     "Boltzmann temperature; of a list, world w takes entry w mod n and "
     "learns its own weights"},
    {"schedule", MF_OPT_CHOICE, offsetof(ising_cfg, schedule), "checkerboard",
     0, 0, "checkerboard|sequential|synchronous", NULL,
     "who acts when in a sweep: one colour, then the other; one agent after "
     "another in random order; all at once"},
    {"keying", MF_OPT_CHOICE, offsetof(ising_cfg, keying), "current", 0, 0,
     "current|lagged", NULL,
     "which mean action Q is indexed by: the one that earned the reward, or "
     "the last sweep's (then all agents act on the last sweep alone, whatever "
     "the schedule)"},
    {"start", MF_OPT_CHOICE, offsetof(ising_cfg, start), "random", 0, 0,
     "random|up", NULL, "spins before the first sweep"},
    {"restart", MF_OPT_INT, offsetof(ising_cfg, restart), "auto", 0, 1e15,
     "auto=-1", "sweeps",
     "after so many sweeps the spins return once to their start while agents "
     "keep what they learned: learning from zero they first play at random "
     "and lose an ordered start; 0 = never, auto = 100 after start = up"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static const char *const METRICS[] = {"reward", "order", "staggered", "order2"};

static bool at_once(const ising_cfg *cfg)
{
    return cfg->keying == LAGGED || cfg->schedule == SYNCHRONOUS;
}

static bool has_priorities(const ising_cfg *cfg)
{
    return !at_once(cfg) && cfg->schedule == SEQUENTIAL;
}

/* What create allocates, by the types of the arrays. */
static void count_bytes(const ising_cfg *cfg, mf_env_spec *out)
{
    const ising *e = NULL;

    out->bytes_per_world = sizeof(*e);
    out->bytes_per_cell =
        sizeof(*e->cells) + (has_priorities(cfg) ? sizeof(*e->priority) : 0);
    out->bytes_per_agent = sizeof(*e->id) + 2 * sizeof(*e->counts) +
                           sizeof(*e->act) + sizeof(*e->done) +
                           sizeof(*e->rew) + sizeof(*e->who);
}

static mf_status spec(void *config, mf_env_spec *out)
{
    const ising_cfg *cfg = config;

    if (cfg->schedule == CHECKERBOARD &&
        (cfg->width % 2 != 0 || cfg->height % 2 != 0)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.ising.%s = %d: a %d x %d periodic lattice has no "
                       "checkerboard, as cells of one colour would touch "
                       "across the edge; use even sizes, or "
                       "env.ising.schedule=sequential",
                       cfg->width % 2 != 0 ? "width" : "height",
                       (int)(cfg->width % 2 != 0 ? cfg->width : cfg->height),
                       (int)cfg->width, (int)cfg->height);
    }
    *out = (mf_env_spec){.width = (int)cfg->width,
                         .height = (int)cfg->height,
                         .periodic = 1,
                         .halo = 1,
                         .n_agents = (uint32_t)(cfg->width * cfg->height),
                         .stage_game = 1,
                         .n_actions = 2,
                         .keying = cfg->keying == LAGGED ? "lagged" : "current",
                         .mean_action = "the four neighbours",
                         .observation = "none",
                         .layers = "table",
                         .n_worlds = cfg->temperature.n,
                         .n_teams = 1,
                         .obs_states = 1,
                         .max_neighbours = 4,
                         .abar_states = 5,
                         .payoffs = MF_PAYOFFS_NEAR,
                         .n_sets = cfg->temperature.n,
                         .n_counters = N_COUNTERS,
                         .n_metrics = sizeof(METRICS) / sizeof(METRICS[0]),
                         .order = 1,
                         .metrics = METRICS};
    count_bytes(cfg, out);
    return MF_OK;
}

static void action_name(const void *config, int action, char out[MF_ENV_NAME])
{
    (void)config;
    snprintf(out, MF_ENV_NAME, "%s", action == 0 ? "down" : "up");
}

static double temperature(const void *config, int set)
{
    const ising_cfg *cfg = config;

    return cfg->temperature.at[set % cfg->temperature.n];
}

static int turns(const void *config)
{
    const ising_cfg *cfg = config;

    return at_once(cfg) ? 1 : cfg->schedule == CHECKERBOARD ? 2 : 0;
}

static void fill_tables(ising *e)
{
    for (int a = 0; a < 2; a++) {
        for (int up = 0; up <= 4; up++) {
            const double s = 2 * a - 1;

            e->reward[a][up] = (float)(e->cfg->field * s +
                                       e->cfg->coupling / 2 * s * (2 * up - 4));
        }
    }
    for (uint32_t i = 0; i < e->n; i++) {
        const int x = (int)(i % (uint32_t)e->tile.nx);
        const int y = (int)(i / (uint32_t)e->tile.nx);

        e->id[i] = ising_cell_id(&e->tile, x, y);
    }
}

static void destroy(void **env)
{
    ising *e = *env;

    if (e != NULL) {
        mf_free(&e->cells);
        mf_free(&e->priority);
        mf_free(&e->spans);
        mf_free(&e->id);
        mf_free(&e->counts);
        mf_free(&e->row_counts);
        mf_free(&e->act);
        mf_free(&e->done);
        mf_free(&e->rew);
        mf_free(&e->who);
        mf_free(&e);
        *env = NULL;
    }
}

static mf_status create(const void *config, const mf_tile *tile, uint64_t seed,
                        uint32_t world, void **env)
{
    mf_status st = MF_OK;
    ising *e = NULL;
    const size_t n = (size_t)tile->nx * (size_t)tile->ny;
    const size_t padded = mf_tile_cells(tile);

    *env = NULL;
    MF_TRY(mf_alloc(1, sizeof(*e), "ising world", &e));
    e->cfg = config;
    e->tile = *tile;
    e->n = (uint32_t)n;
    e->order = (mf_rng){.seed = seed, .world = world, .purpose = MF_RNG_ORDER};
    e->lagged = e->cfg->keying == LAGGED;
    e->at_once = at_once(e->cfg);
    MF_TRY_OR(err, mf_alloc(padded, 1, "ising cells", &e->cells));
    if (has_priorities(e->cfg)) {
        MF_TRY_OR(err, mf_alloc(padded, sizeof(*e->priority),
                                "ising priorities", &e->priority));
    }
    MF_TRY_OR(err, mf_alloc((size_t)mf_tile_spans_max(tile), sizeof(*e->spans),
                            "ising rows", &e->spans));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->id), "ising ids", &e->id));
    MF_TRY_OR(err, mf_alloc(n * 2, sizeof(*e->counts), "ising neighbours",
                            &e->counts));
    MF_TRY_OR(err, mf_alloc((size_t)tile->nx * 2, sizeof(*e->counts),
                            "ising row", &e->row_counts));
    MF_TRY_OR(err, mf_alloc(n, 1, "ising actions", &e->act));
    MF_TRY_OR(err, mf_alloc(n, 1, "ising ends", &e->done));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->rew), "ising rewards", &e->rew));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->who), "ising turns", &e->who));
    fill_tables(e);
    if (e->priority == NULL) {
        mf_ising_list_turns(e);
    }
    mf_ising_start(e);
    *env = e;
    return MF_OK;

err:
    destroy((void **)&e);
    return st;
}

static void *cells(void *env, size_t *elem)
{
    *elem = 1;
    return ((ising *)env)->cells;
}

static void agents(void *env, mf_env_agents *out)
{
    ising *e = env;

    *out = (mf_env_agents){.n = e->n,
                           .id = e->id,
                           .counts = e->counts,
                           .act = e->act,
                           .rew = e->rew,
                           .done = e->done};
}

/* A sweep's rewards follow from its spins alone. */
static mf_status place(void *env, const mf_env_scene *s)
{
    const ising *e = env;

    return s->n_agents == e->n
               ? MF_OK
               : MF_FAIL(MF_ERR_FILE, "%u spins do not fill %u cells",
                         s->n_agents, e->n);
}

/* Exact: a reward depends on the neighbours' spins alone. */
static mf_status payoffs(const void *env, const mf_env_play *all, uint32_t from,
                         uint32_t n, double *u)
{
    const ising *e = env;

    (void)all;
    for (size_t k = 0; k < n; k++) {
        const int up = e->counts[2 * (from + k) + 1];

        u[2 * k] = (double)e->reward[0][up];
        u[2 * k + 1] = (double)e->reward[1][up];
    }
    return MF_OK;
}

static void metrics(const void *config, const int64_t *sums, double *out)
{
    const ising_cfg *cfg = config;
    const double n = (double)(cfg->width * cfg->height);
    const double m = (2 * (double)sums[N_UP] - n) / n;

    out[0] = cfg->field * m + cfg->coupling / 2 * (double)sums[BOND_SUM] / n;
    out[1] = fabs(m);
    out[2] = fabs((double)sums[STAGGERED_SUM]) / n;
    out[3] = m * m; /* its mean and order's give the susceptibility */
}

const mf_env_ops mf_env_ising = {
    .name = "ising",
    .summary = "Ising model as a stage game on a periodic lattice",
    .cfg_size = sizeof(ising_cfg),
    .opts = OPTS,
    .resolve_is_final = 1,
    .spec = spec,
    .temperature = temperature,
    .turns = turns,
    .create = create,
    .destroy = destroy,
    .cells = cells,
    .agents = agents,
    .begin = mf_ising_begin,
    .pick = mf_ising_pick,
    .apply = mf_ising_apply,
    .pending = mf_ising_pending,
    .resolve = mf_ising_resolve,
    .place = place,
    .look = mf_ising_look,
    .payoffs = payoffs,
    .action_name = action_name,
    .counters = mf_ising_counters,
    .metrics = metrics,
};
