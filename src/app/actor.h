/** @file actor.h
 *  An actor: plays its worlds round after round and ships the transitions.
 */
#ifndef MFRL_APP_ACTOR_H
#define MFRL_APP_ACTOR_H

#include "arena.h"
#include "mfrl/comm/ship.h"
#include "recorder.h"

typedef struct mf_actor {
    mf_run *run;
    void *algo;
    mf_arena arena;
    mf_outbox *outbox;
    mf_recorder *recorder; /* NULL if it records nothing */
    int *owner;            /* [n_shards] learner */
    uint8_t **cursor;      /* [n_learners] scratch */
    uint8_t **section;     /* [n_learners] scratch */
    uint8_t *skip;         /* [agents that fit the tile] not to be recorded */
    int64_t agent_steps;   /* made in this round, by agents of the tile */
} mf_actor;

/** Create the worlds of this rank's group, in their starting state.
 *  Local. */
mf_status mf_actor_create(mf_run *run, mf_actor **out);

/** Free *a.  Local. */
void mf_actor_destroy(mf_actor **a);

/** The policies of both teams in a world's set, from the weights of all sets.
 *  Local. */
void mf_actor_policies(const mf_actor *a, int set, int64_t round,
                       const float *weights, mf_policy by[2]);

/** Make the steps of one round with these weights of all sets, ship the
 *  transitions, and add the worlds' counters to
 *  counters [n_worlds of the run][steps][n_counters].
 *  Collective on the group; blocks. */
mf_status mf_actor_round(mf_actor *a, int64_t round, const float *weights,
                         int64_t *counters);

#endif
