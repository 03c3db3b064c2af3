/** @file battle_world.h
 *  A battle on one world, cut into tiles that live in one process, and the
 *  recorded MAgent2 steps of tests/data to play it by.  Ghosts are copied by
 *  hand once before a step; within a step tiles do not see each other.
 */
#ifndef MFRL_TESTS_UNIT_BATTLE_WORLD_H
#define MFRL_TESTS_UNIT_BATTLE_WORLD_H

#include <string.h>

#include "../../src/env/battle_rules.h"
#include "mfrl/grid/decomp.h"
#include "mfrl/io/h5.h"
#include "unit/suite.h"

enum {
    B_TILES = 16,
    B_AGENTS = 512,
    VIEW_RADIUS = 6,
    STEP_WORLD = 2,
    B_SEED = 5
};

enum { STAY = 6, ATTACK_E = 17, ATTACK_W = 16, ATTACK_N = 14, ATTACK_S = 19 };

typedef struct b_tile {
    mf_tile tile;
    mf_battle_cell *cells, *start; /* start: before the step */
    mf_battle_fate *fate;
} b_tile;

typedef struct b_world {
    mf_battle_rules rules;
    mf_decomp cut;
    uint64_t seed;
    int n_tiles;
    b_tile tiles[B_TILES];
    /* of the last step, by agent id */
    float rew[B_AGENTS];
    uint8_t dead[B_AGENTS];
} b_world;

static inline int b_in_world(const b_world *w, int x, int y)
{
    return x >= 0 && x < w->cut.width && y >= 0 && y < w->cut.height;
}

/* The cell (x, y) of the world in the tile that owns it. */
static inline mf_battle_cell *b_at(b_world *w, int x, int y)
{
    b_tile *b = &w->tiles[mf_decomp_owner(&w->cut, x, y)];

    return &b->cells[mf_tile_at(&b->tile, x - b->tile.x0, y - b->tile.y0)];
}

/* Write the ghosts: those in the world from their owners, as they are now. */
static inline void b_ghosts(b_world *w)
{
    for (int k = 0; k < w->n_tiles; k++) {
        b_tile *b = &w->tiles[k];
        const mf_tile *t = &b->tile;

        for (int y = -t->w; y < t->ny + t->w; y++) {
            for (int x = -t->w; x < t->nx + t->w; x++) {
                const int gx = t->x0 + x, gy = t->y0 + y;
                mf_battle_cell *c = &b->cells[mf_tile_at(t, x, y)];

                if (!b_in_world(w, gx, gy)) {
                    *c = (mf_battle_cell){.what = MF_BATTLE_OUTSIDE};
                } else if (x < 0 || x >= t->nx || y < 0 || y >= t->ny) {
                    *c = *b_at(w, gx, gy);
                }
            }
        }
    }
}

/* An empty world of px x py tiles with halo @p halo; walls [height][width] as
 * in the files, or NULL for a wall on the border only. */
static inline void b_open(b_world *w, int width, int height,
                          const uint8_t *walls, int px, int py, int halo)
{
    *w = (b_world){.seed = B_SEED, .n_tiles = px * py};
    ck_assert_int_le(w->n_tiles, B_TILES);
    ck_assert(mf_decomp_fits(px, py, width, height, px * py > 1 ? halo : 1));
    mf_battle_rules_default(&w->rules);
    w->cut = (mf_decomp){
        .width = width, .height = height, .px = px, .py = py, .w = halo};
    for (int k = 0; k < w->n_tiles; k++) {
        b_tile *b = &w->tiles[k];
        size_t n;

        mf_decomp_tile(&w->cut, k, &b->tile);
        n = mf_tile_cells(&b->tile);
        ck_assert(mf_alloc(n, sizeof(*b->cells), "cells", &b->cells) == MF_OK);
        ck_assert(mf_alloc(n, sizeof(*b->start), "cells", &b->start) == MF_OK);
        ck_assert(mf_alloc(n, sizeof(*b->fate), "fates", &b->fate) == MF_OK);
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const int wall =
                walls != NULL
                    ? walls[y * width + x]
                    : x == 0 || y == 0 || x == width - 1 || y == height - 1;

            *b_at(w, x, y) = (mf_battle_cell){.what = wall ? MF_BATTLE_WALL
                                                           : MF_BATTLE_FREE};
        }
    }
}

static inline void b_close(b_world *w)
{
    for (int k = 0; k < w->n_tiles; k++) {
        mf_free(&w->tiles[k].cells);
        mf_free(&w->tiles[k].start);
        mf_free(&w->tiles[k].fate);
    }
}

static inline void b_put(b_world *w, int x, int y, uint32_t id, int team,
                         float hp)
{
    ck_assert_int_eq(b_at(w, x, y)->what, MF_BATTLE_FREE);
    *b_at(w, x, y) = (mf_battle_cell){
        .id = id, .hp = hp, .what = (uint8_t)team, .act = MF_BATTLE_IDLE};
}

/* Equal bits.  Check writes a line for every assertion, so it is asked only if
 * they differ. */
static inline void ck_float(const char *what, float got, float want)
{
    if (memcmp(&got, &want, sizeof(got)) != 0) {
        ck_abort_msg("%s: %.9g, expected %.9g", what, (double)got,
                     (double)want);
    }
}

/* Agents of a team in the whole world. */
static inline int64_t b_alive(b_world *w, int team)
{
    int64_t sum = 0;

    for (int k = 0; k < w->n_tiles; k++) {
        int64_t alive[2];

        mf_battle_count(&w->tiles[k].tile, w->tiles[k].cells, alive);
        sum += alive[team];
    }
    return sum;
}

static inline int b_is_agent(const mf_battle_cell *c)
{
    return c->what <= MF_BATTLE_TEAM_1;
}

/* An open field of 16 x 12 cells with a wall around it. */
static inline void b_field(b_world *w)
{
    b_open(w, 16, 12, NULL, 1, 1, VIEW_RADIUS);
}

/* The same action for all, to be changed for some. */
static inline uint8_t *b_acts(uint8_t all)
{
    static uint8_t act[B_AGENTS];

    memset(act, all, sizeof(act));
    return act;
}

/* Note what the agents of a tile earned. */
static inline void b_collect(b_world *w, const b_tile *b)
{
    for (int y = 0; y < b->tile.ny; y++) {
        for (int x = 0; x < b->tile.nx; x++) {
            const size_t at = mf_tile_at(&b->tile, x, y);
            const mf_battle_cell *c = &b->start[at];

            if (b_is_agent(c)) {
                w->rew[c->id] = b->fate[at].rew;
                w->dead[c->id] = b->fate[at].dead;
            }
        }
    }
}

/* One step in which agent i does act[i]. */
static inline void b_step(b_world *w, uint64_t step, const uint8_t *act)
{
    const mf_rng key = {.seed = w->seed, .step = step, .world = STEP_WORLD};

    for (int y = 0; y < w->cut.height; y++) {
        for (int x = 0; x < w->cut.width; x++) {
            mf_battle_cell *c = b_at(w, x, y);

            c->act = b_is_agent(c) ? act[c->id] : 0;
        }
    }
    b_ghosts(w);
    for (int k = 0; k < w->n_tiles; k++) {
        b_tile *b = &w->tiles[k];

        memcpy(b->start, b->cells, mf_tile_cells(&b->tile) * sizeof(*b->start));
        mf_battle_attack(&w->rules, &key, &b->tile, b->cells, b->fate);
        mf_battle_settle(&w->rules, &b->tile, b->cells, b->fate);
        mf_battle_move(&w->rules, &key, &b->tile, b->cells, b->fate);
        b_collect(w, b);
    }
}

/* Recorded steps, see design of trajectories: frame t holds the state before
 * step t, the action taken and the reward it earned. */
typedef struct b_golden {
    int width, height, frames, agents;
    uint8_t *walls;  /* [height][width] */
    int8_t *team;    /* [N] */
    int32_t *pos;    /* [T][N][3] */
    uint8_t *alive;  /* [T][N] */
    uint8_t *action; /* [T][N] */
    float *hp, *rew; /* [T][N] */
} b_golden;

static const char *const GOLDEN[] = {"tests/data/battle-40.h5",
                                     "tests/data/battle-melee-20.h5",
                                     "tests/data/battle-walls-24.h5"};

/* Read a whole dataset into new memory; *shape says what was found. */
static inline void b_read(mf_h5 *f, const char *path, mf_h5_type type,
                          mf_h5_array *shape, void *out)
{
    size_t n = 1;

    ck_assert(mf_h5_shape(f, path, shape) == MF_OK);
    ck_assert_int_eq(shape->type, type);
    for (int d = 0; d < shape->n_dims; d++) {
        n *= shape->dims[d];
    }
    ck_assert(mf_alloc(n, mf_h5_type_size(type), path, out) == MF_OK);
    ck_assert(mf_h5_read(f, shape, *(void **)out) == MF_OK);
}

static inline void b_golden_open(b_golden *g, const char *path)
{
    mf_h5_array a;
    mf_h5 *f;

    ck_assert(mf_h5_open(path, &f) == MF_OK);
    b_read(f, "/map/walls", MF_U8, &a, &g->walls);
    g->height = (int)a.dims[0];
    g->width = (int)a.dims[1];
    b_read(f, "/particles/agents/species", MF_I8, &a, &g->team);
    b_read(f, "/particles/agents/position/value", MF_I32, &a, &g->pos);
    g->frames = (int)a.dims[0];
    g->agents = (int)a.dims[1];
    ck_assert(g->frames > 1 && g->agents > 1 && g->agents <= B_AGENTS);
    b_read(f, "/particles/agents/alive/value", MF_U8, &a, &g->alive);
    b_read(f, "/particles/agents/action/value", MF_U8, &a, &g->action);
    b_read(f, "/particles/agents/hp/value", MF_F32, &a, &g->hp);
    b_read(f, "/particles/agents/reward/value", MF_F32, &a, &g->rew);
    ck_assert(mf_h5_close(&f) == MF_OK);
}

static inline void b_golden_close(b_golden *g)
{
    mf_free(&g->walls);
    mf_free(&g->team);
    mf_free(&g->pos);
    mf_free(&g->alive);
    mf_free(&g->action);
    mf_free(&g->hp);
    mf_free(&g->rew);
}

/* The world of frame 0. */
static inline void b_start(b_world *w, const b_golden *g, int px, int py)
{
    b_open(w, g->width, g->height, g->walls, px, py, VIEW_RADIUS);
    for (int i = 0; i < g->agents; i++) {
        if (g->alive[i]) {
            b_put(w, g->pos[3 * i], g->pos[3 * i + 1], (uint32_t)i, g->team[i],
                  g->hp[i]);
        }
    }
}

#endif
