/** @file ising.h
 *  The Ising world of one tile, shared by ising.c (what it is) and
 *  ising_sweep.c (how it moves).
 */
#ifndef MFRL_ENV_ISING_H
#define MFRL_ENV_ISING_H

#include <stdbool.h>

#include "mfrl/base/rng.h"
#include "mfrl/env/env.h"

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

/* First id of the tile's row y (which may be a ghost row). */
static inline uint32_t ising_row_id(const mf_tile *t, int y)
{
    const int gy = (t->y0 + y + t->height) % t->height;

    return (uint32_t)gy * (uint32_t)t->width + (uint32_t)t->x0;
}

static inline uint32_t ising_cell_id(const mf_tile *t, int x, int y)
{
    const int gx = (t->x0 + x + t->width) % t->width;

    return ising_row_id(t, y) - (uint32_t)t->x0 + (uint32_t)gx;
}

/** Put all spins, ghosts included, into their start. */
void mf_ising_start(ising *e);

/** List who acts in which turn, where that is fixed. */
void mf_ising_list_turns(ising *e);

/* Operations of the contract, see env.h. */
void mf_ising_begin(void *env, uint64_t step);
uint32_t mf_ising_pick(void *env, int turn, mf_region region,
                       const uint32_t **who);
void mf_ising_apply(void *env, int turn);
uint32_t mf_ising_pending(const void *env);
void mf_ising_resolve(void *env);
void mf_ising_look(void *env);
void mf_ising_counters(const void *env, int64_t *out);

#endif
