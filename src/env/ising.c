/* The Ising model as a stage game (Yang et al., ICML 2018, section 5.2).
 *
 * Every cell of a periodic lattice is an agent; action 0 is spin -1, action 1
 * is spin +1.  With S the sum of the four neighbours' spins, agent j earns
 *
 *     r_j = h s_j + (lambda / 2) s_j S_j
 *
 * and Boltzmann play at temperature T is the heat bath of the Ising model with
 * K = lambda / (2 T).  A step is a sweep: every agent acts once. */
#include "mfrl/env/env.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/base/simd.h"

enum schedule { CHECKERBOARD, SEQUENTIAL, SYNCHRONOUS };
enum keying { CURRENT, LAGGED };
enum start { RANDOM, UP };
enum { UP_BIT = 1, ACTED_BIT = 2, PICKED_BIT = 4 }; /* of a cell */
enum { N_UP, BOND_SUM, STAGGERED_SUM, N_COUNTERS };

typedef struct ising_cfg {
    int64_t width, height;
    double coupling, field;
    mf_reals temperature;
    int schedule, keying, start;
    int64_t restart;
} ising_cfg;

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

typedef struct ising {
    const ising_cfg *cfg;
    mf_tile tile;
    mf_rng order; /* priorities of the sequential schedule */
    bool at_once; /* every choice depends on the last sweep alone */
    bool lagged;
    float reward[2][5];   /* [action][neighbours up] */
    uint8_t *cells;       /* [ny + 2w][nx + 2w] bits above */
    uint32_t *priority;   /* [ny + 2w][nx + 2w], sequential only */
    mf_span *spans;       /* scratch for one region */
    uint32_t *id;         /* [n] */
    uint16_t *counts;     /* [n][2] */
    uint16_t *row_counts; /* [nx][2] scratch */
    uint8_t *act;         /* [n] */
    uint8_t *done;        /* [n] always 0: the game has no end */
    float *rew;           /* [n] */
    uint32_t *who;        /* [n] who acts; where turns are fixed, the lists of
                             turn 0's interior and rim, then turn 1's */
    uint32_t ends[4];     /* of those lists */
    uint32_t n;
    uint32_t n_acted;
} ising;

static const char *const METRICS[] = {"reward", "order", "staggered"};

static mf_status spec(const void *config, mf_env_spec *out)
{
    const ising_cfg *cfg = config;

    if (cfg->schedule == CHECKERBOARD &&
        (cfg->width % 2 != 0 || cfg->height % 2 != 0)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.ising: a %d x %d periodic lattice has no "
                       "checkerboard, as cells of one colour would touch "
                       "across the edge; use even sizes, or "
                       "env.ising.schedule=sequential",
                       (int)cfg->width, (int)cfg->height);
    }
    *out = (mf_env_spec){.width = (int)cfg->width,
                         .height = (int)cfg->height,
                         .periodic = 1,
                         .halo = 1,
                         .n_agents = (uint32_t)(cfg->width * cfg->height),
                         .stage_game = 1,
                         .n_actions = 2,
                         .obs_states = 1,
                         .max_neighbours = 4,
                         .n_sets = cfg->temperature.n,
                         .n_counters = N_COUNTERS,
                         .n_metrics = 3,
                         .metrics = METRICS};
    return MF_OK;
}

static double temperature(const void *config, int set)
{
    const ising_cfg *cfg = config;

    return cfg->temperature.at[set % cfg->temperature.n];
}

static bool at_once(const ising_cfg *cfg)
{
    return cfg->keying == LAGGED || cfg->schedule == SYNCHRONOUS;
}

static int turns(const void *config)
{
    const ising_cfg *cfg = config;

    return at_once(cfg) ? 1 : cfg->schedule == CHECKERBOARD ? 2 : 0;
}

/* First id of the tile's row y (which may be a ghost row). */
static uint32_t row_id(const mf_tile *t, int y)
{
    const int gy = (t->y0 + y + t->height) % t->height;

    return (uint32_t)gy * (uint32_t)t->width + (uint32_t)t->x0;
}

static uint32_t cell_id(const mf_tile *t, int x, int y)
{
    const int gx = (t->x0 + x + t->width) % t->width;

    return row_id(t, y) - (uint32_t)t->x0 + (uint32_t)gx;
}

/* A pure function of the seed and the ids: ghosts need no exchange. */
static void start_spins(ising *e)
{
    const mf_rng key = {.seed = e->order.seed,
                        .world = e->order.world,
                        .purpose = MF_RNG_START};
    const mf_tile *t = &e->tile;

    for (int y = -t->w; y < t->ny + t->w; y++) {
        for (int x = -t->w; x < t->nx + t->w; x++) {
            e->cells[mf_tile_at(t, x, y)] =
                e->cfg->start == UP
                    ? UP_BIT
                    : (uint8_t)(mf_rng_u32(&key, cell_id(t, x, y)) >> 31);
        }
    }
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

        e->id[i] = cell_id(&e->tile, x, y);
    }
}

/* Where it is fixed who acts in which turn, list them once and for all. */
static void list_turns(ising *e)
{
    static const mf_region REGIONS[] = {MF_REGION_INTERIOR, MF_REGION_RIM};
    const mf_tile *t = &e->tile;
    uint32_t n = 0;

    for (int list = 0; list < 4; list++) {
        const int turn = list / 2;
        const int n_spans = mf_tile_spans(t, REGIONS[list % 2], e->spans);

        for (int k = 0; k < n_spans; k++) {
            const mf_span *s = &e->spans[k];

            for (int x = s->x0; x < s->x1; x++) {
                const int color = (t->x0 + x + t->y0 + s->y) & 1;

                if (turn == (e->at_once ? 0 : color)) {
                    e->who[n++] = (uint32_t)(s->y * t->nx + x);
                }
            }
        }
        e->ends[list] = n;
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
    if (!e->at_once && e->cfg->schedule == SEQUENTIAL) {
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
        list_turns(e);
    }
    start_spins(e);
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

static uint64_t restart_step(const ising_cfg *cfg)
{
    return cfg->restart >= 0  ? (uint64_t)cfg->restart
           : cfg->start == UP ? 100
                              : 0;
}

static void begin(void *env, uint64_t step)
{
    ising *e = env;
    const mf_tile *t = &e->tile;

    e->n_acted = 0;
    if (step > 0 && step == restart_step(e->cfg)) {
        start_spins(e);
    }
    if (e->priority == NULL) {
        return;
    }
    e->order.step = step;
    for (int y = -t->w; y < t->ny + t->w; y++) {
        uint32_t *row = e->priority + mf_tile_at(t, 0, y);

        mf_rng_fill(&e->order, row_id(t, y), (size_t)t->nx, row);
        row[-1] = mf_rng_u32(&e->order, cell_id(t, -1, y));
        row[t->nx] = mf_rng_u32(&e->order, cell_id(t, t->nx, y));
    }
}

/* Neighbours by action of n cells in a row; c points at the first, whose
 * ghosts must be current.  counts [n][2] */
MF_CLONES static void count_row(const uint8_t *restrict c, size_t pitch, int n,
                                uint16_t *restrict counts)
{
    for (int x = 0; x < n; x++) {
        const uint8_t *at = c + x;
        const int up = (at[-1] & UP_BIT) + (at[1] & UP_BIT) +
                       (*(at - pitch) & UP_BIT) + (at[pitch] & UP_BIT);

        counts[2 * x] = (uint16_t)(4 - up);
        counts[2 * x + 1] = (uint16_t)up;
    }
}

static void count_span(const ising *e, const mf_span *s)
{
    const mf_tile *t = &e->tile;
    const size_t first = (size_t)s->y * (size_t)t->nx + (size_t)s->x0;

    count_row(e->cells + mf_tile_at(t, s->x0, s->y), mf_tile_pitch(t),
              s->x1 - s->x0, e->counts + 2 * first);
}

/* True if every neighbour that comes before this cell in the step's random
 * order has acted: then it sees just what it would see if the agents acted one
 * after another, and no neighbour after it can have acted yet. */
static bool may_act(const ising *e, int x, int y)
{
    static const int DX[] = {-1, 1, 0, 0}, DY[] = {0, 0, -1, 1};
    const size_t at = mf_tile_at(&e->tile, x, y);
    const uint32_t mine = e->priority[at];

    if (e->cells[at] & (ACTED_BIT | PICKED_BIT)) {
        return false;
    }
    for (int d = 0; d < 4; d++) {
        const size_t peer = mf_tile_at(&e->tile, x + DX[d], y + DY[d]);
        const uint32_t theirs = e->priority[peer];
        const bool before =
            theirs < mine ||
            (theirs == mine &&
             cell_id(&e->tile, x + DX[d], y + DY[d]) < cell_id(&e->tile, x, y));

        if (before && !(e->cells[peer] & ACTED_BIT)) {
            return false;
        }
    }
    return true;
}

/* The cells of a span that may act by now: count their neighbours, list and
 * mark them. */
static uint32_t pick_in_order(ising *e, const mf_span *s, uint32_t *who)
{
    uint32_t n = 0;

    for (int x = s->x0; x < s->x1; x++) {
        if (may_act(e, x, s->y)) {
            const mf_span one = {s->y, x, x + 1};

            count_span(e, &one);
            e->cells[mf_tile_at(&e->tile, x, s->y)] |= PICKED_BIT;
            who[n++] = (uint32_t)(s->y * e->tile.nx + x);
        }
    }
    return n;
}

static uint32_t pick(void *env, int turn, mf_region region,
                     const uint32_t **who)
{
    ising *e = env;
    const int n_spans = mf_tile_spans(&e->tile, region, e->spans);
    uint32_t n = 0;

    *who = e->who;
    if (e->priority != NULL) {
        for (int k = 0; k < n_spans; k++) {
            n += pick_in_order(e, &e->spans[k], e->who + n);
        }
    } else { /* counting both colours is faster than every other cell */
        const int list = 2 * turn + (region == MF_REGION_RIM);
        const uint32_t begin = list > 0 ? e->ends[list - 1] : 0;

        for (int k = 0; k < n_spans; k++) {
            count_span(e, &e->spans[k]);
        }
        n = e->ends[list] - begin;
        *who += begin;
    }
    e->n_acted += n;
    return n;
}

static void apply(void *env, int turn)
{
    ising *e = env;
    const mf_tile *t = &e->tile;

    for (int y = 0; y < t->ny; y++) {
        uint8_t *row = e->cells + mf_tile_at(t, 0, y);
        const uint8_t *act = e->act + (size_t)y * (size_t)t->nx;

        if (e->at_once) {
            memcpy(row, act, (size_t)t->nx);
        } else if (e->priority != NULL) {
            for (int x = 0; x < t->nx; x++) {
                if (row[x] & PICKED_BIT) {
                    row[x] = (uint8_t)(act[x] | ACTED_BIT);
                }
            }
        } else {
            for (int x = (t->x0 + t->y0 + y + turn) & 1; x < t->nx; x += 2) {
                row[x] = act[x];
            }
        }
    }
}

static uint32_t pending(const void *env)
{
    const ising *e = env;

    return e->n - e->n_acted;
}

static void resolve(void *env)
{
    ising *e = env;
    const mf_tile *t = &e->tile;
    const size_t padded = mf_tile_cells(t);

    if (e->priority != NULL) { /* the sweep is over, ghosts included */
        for (size_t i = 0; i < padded; i++) {
            e->cells[i] &= UP_BIT;
        }
    }
    for (int y = 0; y < t->ny; y++) {
        const size_t first = (size_t)y * (size_t)t->nx;
        const uint8_t *row = e->cells + mf_tile_at(t, 0, y);
        uint16_t *counts = e->lagged ? e->row_counts : e->counts + 2 * first;

        count_row(row, mf_tile_pitch(t), t->nx, counts);
        for (int x = 0; x < t->nx; x++) {
            e->rew[first + (size_t)x] = e->reward[row[x]][counts[2 * x + 1]];
        }
    }
}

static void counters(const void *env, int64_t *out)
{
    const ising *e = env;
    const mf_tile *t = &e->tile;
    const size_t pitch = mf_tile_pitch(t);
    int64_t up = 0, bonds = 0, staggered = 0;

    for (int y = 0; y < t->ny; y++) {
        const uint8_t *row = e->cells + mf_tile_at(t, 0, y);
        int row_up = 0, row_bonds = 0, row_staggered = 0;

        for (int x = 0; x < t->nx; x++) {
            const int s = 2 * row[x] - 1;

            row_up += row[x];
            /* each bond once, by its right and its lower end */
            row_bonds += s * (2 * (row[x - 1] + *(row + x - pitch)) - 2);
            row_staggered += (x & 1) ? -s : s;
        }
        up += row_up;
        bonds += 2 * row_bonds;
        staggered += ((t->x0 + t->y0 + y) & 1) ? -row_staggered : row_staggered;
    }
    out[N_UP] = up;
    out[BOND_SUM] = bonds;
    out[STAGGERED_SUM] = staggered;
}

static void metrics(const void *config, const int64_t *sums, double *out)
{
    const ising_cfg *cfg = config;
    const double n = (double)(cfg->width * cfg->height);
    const double m = (2 * (double)sums[N_UP] - n) / n;

    out[0] = cfg->field * m + cfg->coupling / 2 * (double)sums[BOND_SUM] / n;
    out[1] = fabs(m);
    out[2] = fabs((double)sums[STAGGERED_SUM]) / n;
}

const mf_env_ops mf_env_ising = {
    .name = "ising",
    .summary = "Ising model as a stage game on a periodic lattice",
    .cfg_size = sizeof(ising_cfg),
    .opts = OPTS,
    .bytes_per_cell = 19, /* the arrays of struct ising */
    .resolve_is_final = 1,
    .spec = spec,
    .temperature = temperature,
    .turns = turns,
    .create = create,
    .destroy = destroy,
    .cells = cells,
    .agents = agents,
    .begin = begin,
    .pick = pick,
    .apply = apply,
    .pending = pending,
    .resolve = resolve,
    .counters = counters,
    .metrics = metrics,
};
