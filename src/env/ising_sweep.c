/* Sweeps of the Ising world: who acts when, what that does, what it pays. */
#include "ising.h"

#include <string.h>

#include "mfrl/base/simd.h"

/* A pure function of the seed and the ids: ghosts need no exchange. */
void mf_ising_start(ising *e)
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
                    : (uint8_t)(mf_rng_u32(&key, ising_cell_id(t, x, y)) >> 31);
        }
    }
}

/* Where it is fixed who acts in which turn, list them once and for all. */
void mf_ising_list_turns(ising *e)
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

static uint64_t restart_step(const ising_cfg *cfg)
{
    return cfg->restart >= 0  ? (uint64_t)cfg->restart
           : cfg->start == UP ? 100
                              : 0;
}

void mf_ising_begin(void *env, uint64_t step)
{
    ising *e = env;
    const mf_tile *t = &e->tile;

    e->n_acted = 0;
    if (step > 0 && step == restart_step(e->cfg)) {
        mf_ising_start(e);
    }
    if (e->priority == NULL) {
        return;
    }
    e->order.step = step;
    for (int y = -t->w; y < t->ny + t->w; y++) {
        uint32_t *row = e->priority + mf_tile_at(t, 0, y);

        mf_rng_fill(&e->order, ising_row_id(t, y), (size_t)t->nx, row);
        row[-1] = mf_rng_u32(&e->order, ising_cell_id(t, -1, y));
        row[t->nx] = mf_rng_u32(&e->order, ising_cell_id(t, t->nx, y));
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
            (theirs == mine && ising_cell_id(&e->tile, x + DX[d], y + DY[d]) <
                                   ising_cell_id(&e->tile, x, y));

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

uint32_t mf_ising_pick(void *env, int turn, mf_region region,
                       const uint32_t **who)
{
    ising *e = env;
    const int n_spans = mf_tile_spans(&e->tile, region, e->spans);
    uint32_t n = 0;

    MF_ASSERT(region != MF_REGION_ALL); /* the halo flies in between */

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

/* Every other cell of a row takes its action, from the first one or the next.
 * Written for all cells with a mask, which is what vector code can do. */
MF_CLONES static void set_color(int first, int n, const uint8_t *restrict act,
                                uint8_t *restrict row)
{
    for (int x = 0; x < n; x++) {
        const uint8_t mask = (uint8_t)(((x ^ first) & 1) - 1);

        row[x] = (uint8_t)((row[x] & ~mask) | (act[x] & mask));
    }
}

void mf_ising_apply(void *env, int turn)
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
            set_color((t->x0 + t->y0 + y + turn) & 1, t->nx, act, row);
        }
    }
}

uint32_t mf_ising_pending(const void *env)
{
    const ising *e = env;

    return e->n - e->n_acted;
}

void mf_ising_resolve(void *env)
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

void mf_ising_look(void *env)
{
    ising *e = env;
    const mf_tile *t = &e->tile;

    for (int y = 0; y < t->ny; y++) {
        const mf_span row = {y, 0, t->nx};

        count_span(e, &row);
        memcpy(e->act + (size_t)y * (size_t)t->nx,
               e->cells + mf_tile_at(t, 0, y), (size_t)t->nx);
    }
}

void mf_ising_counters(const void *env, int64_t *out)
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
