/** @file actor.h
 *  An actor: the tiles of its group's worlds, stepped and shipped.
 */
#ifndef MFRL_APP_ACTOR_H
#define MFRL_APP_ACTOR_H

#include "mfrl/comm/halo.h"
#include "mfrl/comm/ship.h"
#include "run.h"

/** One world on this actor's tile. */
typedef struct mf_actor_world {
    int world;
    int set; /* of weights */
    void *env;
    mf_env_agents agents;
    mf_halo *halo;
    int ghosts_current;
} mf_actor_world;

typedef struct mf_actor {
    mf_run *run;
    void *algo;
    size_t n_weights; /* floats per set */
    mf_tile tile;
    int n_worlds;
    mf_actor_world *worlds;
    uint32_t *draws; /* [agents of the tile] random bits of this step */
    mf_outbox *outbox;
    int *owner;        /* [n_shards] learner */
    uint8_t **cursor;  /* [n_learners] scratch */
    uint8_t **section; /* [n_learners] scratch */
} mf_actor;

/** Create the worlds of this rank's group, in their starting state.
 *  Local. */
mf_status mf_actor_create(mf_run *run, mf_actor **out);

/** Free *a.  Local. */
void mf_actor_destroy(mf_actor **a);

/** All agents of one world act once, in the environment's turns, with the
 *  weights of the world's set at Boltzmann temperature @p t; rewards come
 *  later.
 *  Collective on the group; blocks. */
mf_status mf_actor_play(mf_actor *a, mf_actor_world *w, uint64_t step, double t,
                        const float *weights);

/** Make the steps of one round with these weights of all sets, ship the
 *  transitions, and add the worlds' counters to
 *  counters [n_worlds of the run][steps][n_counters].
 *  Collective on the group; blocks. */
mf_status mf_actor_round(mf_actor *a, int64_t round, const float *weights,
                         int64_t *counters);

#endif
