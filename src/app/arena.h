/** @file arena.h
 *  The tiles of a group's worlds, and how they are played: an actor does it to
 *  learn, an evaluation to compare.
 */
#ifndef MFRL_APP_ARENA_H
#define MFRL_APP_ARENA_H

#include "mfrl/comm/halo.h"
#include "run.h"

/** Who plays a team: an algorithm with weights, or a script of the
 *  environment. */
typedef struct mf_policy {
    const mf_algo_ops *ops; /* NULL for a script */
    void *algo;
    const float *weights;
    const char *script;
    double temperature;
} mf_policy;

/** One world on this rank's tile. */
typedef struct mf_arena_world {
    int world;
    int set; /* of weights */
    void *env;
    mf_env_agents agents;
    mf_halo *halo;
    int ghosts_current;
    mf_env_event event; /* of the last step */
} mf_arena_world;

typedef struct mf_arena {
    mf_run *run;
    uint64_t seed;
    mf_tile tile;
    uint32_t capacity; /* agents that fit the tile */
    int n_worlds;
    mf_arena_world *worlds;
    uint32_t *draws; /* [capacity] random bits of this step */
    uint32_t *who;   /* [capacity] those of one team */
    int64_t *sums;   /* [n_sums + 1] of one world */
    uint16_t *seen;  /* [capacity][n_actions] those acted on, and */
    float *prob;     /* [capacity] probabilities of the actions: of the world
                        played last, NULL if nobody learns from them */
} mf_arena;

/** An arena on this rank's tile, without worlds yet.
 *  @param seed  of all that happens in them
 *  Local. */
mf_status mf_arena_create(mf_run *run, uint64_t seed, mf_arena *out);

/** Add the worlds of this rank's group, in their starting state.  Local. */
mf_status mf_arena_add_worlds(mf_arena *a);

/** A world in its starting state, apart from those of the arena; all ranks of
 *  the group must open the same ones in the same order.
 *  @param slot  of its halo, that no other world of the group uses now
 *  Local. */
mf_status mf_arena_open(mf_arena *a, int world, int slot, mf_arena_world *w);
void mf_arena_close(mf_arena *a, mf_arena_world *w);

/** Free what it owns.  Local. */
void mf_arena_clear(mf_arena *a);

/** All agents of one world act once, in the environment's turns, team k by
 *  by[k]; rewards come later.
 *  Collective on the group; blocks. */
mf_status mf_arena_play(mf_arena *a, mf_arena_world *w, uint64_t step,
                        const mf_policy by[2]);

/** Rewards and ends of the step just played.
 *  @param counters  [n_counters] out: this tile's share of the world's
 *  @param n         in: a number of this tile; out: its sum over the world.
 *                   NULL if none is wanted
 *  Collective on the group; blocks. */
mf_status mf_arena_settle(mf_arena *a, mf_arena_world *w, int64_t *counters,
                          int64_t *n);

#endif
