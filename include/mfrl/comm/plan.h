/** @file plan.h
 *  Who does what: ranks to roles, actors to groups, worlds to tiles.
 *
 *  A plan is a pure function of its request, so every rank computes the same
 *  one, and a layout that cannot work is refused before any communicator
 *  exists.
 *
 *      split      ranks 0 .. L-1 learn, ranks L .. n-1 act
 *      colocated  all ranks act, ranks 0 .. L-1 learn too
 *
 *  Rank 0 is always learner 0.  The actors form groups of px * py ranks; group
 *  g simulates worlds [g W / G, (g + 1) W / G), each cut into px x py tiles.
 */
#ifndef MFRL_COMM_PLAN_H
#define MFRL_COMM_PLAN_H

#include "mfrl/base/status.h"
#include "mfrl/grid/decomp.h"

typedef enum mf_plan_kind {
    MF_PLAN_AUTO,
    MF_PLAN_SPLIT,
    MF_PLAN_COLOCATED
} mf_plan_kind;

typedef struct mf_plan_request {
    int n_ranks;
    mf_plan_kind layout;
    int n_learners; /* 0: as suits the ranks */
    int px, py;     /* 0: as suits the actors */
    int n_worlds;
    int n_shards; /* a learner owns at least one */
    int width, height, halo, periodic;
} mf_plan_request;

typedef struct mf_plan {
    int n_ranks, n_actors, n_learners;
    int colocated;
    int n_worlds, n_groups;
    int n_shards;
    mf_decomp decomp; /* of every world */
} mf_plan;

/** MF_ERR_USAGE with one line that gives the reason and, where there is one,
 *  the nearest number of ranks that works. */
mf_status mf_plan_make(const mf_plan_request *want, mf_plan *out);

/** Actor or learner index of a world rank, -1 = not one. */
int mf_plan_actor(const mf_plan *p, int rank);
int mf_plan_learner(const mf_plan *p, int rank);

/** World rank of an actor or a learner. */
int mf_plan_actor_rank(const mf_plan *p, int actor);
int mf_plan_learner_rank(const mf_plan *p, int learner);

/** Shards [*first, *last) of a learner, and the learner of a shard. */
void mf_plan_shards(const mf_plan *p, int learner, int *first, int *last);
int mf_plan_shard_owner(const mf_plan *p, int shard);

/** Worlds [*first, *last) of an actor's group, and its tile in each. */
void mf_plan_worlds(const mf_plan *p, int actor, int *first, int *last);
int mf_plan_tile(const mf_plan *p, int actor);

#endif
