/** @file replay.h
 *  The replay shards that one learner owns.
 *
 *  Every weight set has V shards; shard v of a set holds the transitions of
 *  the agents whose id is v modulo V, in rings of fixed size, in canonical
 *  order (step, world, agent id).  A record's next step is the next stored
 *  record of the same agent in the same world.
 *
 *  Records of one step of a world share a context; every learner keeps those
 *  of a set's last ctx_slots steps.  A record whose context is gone is not
 *  drawn any more.
 */
#ifndef MFRL_REPLAY_REPLAY_H
#define MFRL_REPLAY_REPLAY_H

#include <stdbool.h>

#include "mfrl/base/status.h"
#include "mfrl/replay/layout.h"

typedef struct mf_replay mf_replay;

#define MF_NO_NEXT UINT32_MAX

typedef struct mf_replay_spec {
    mf_layout layout;
    int n_sets;
    int n_shards;          /* V, over all learners */
    int first, last;       /* this learner owns first <= v < last */
    int n_worlds;          /* world w feeds set w mod n_sets */
    uint32_t n_agents;     /* per world */
    uint64_t ring_records; /* capacity of one set's one shard */
    size_t ctx_bytes;      /* of a context, 0 = there are none */
    uint64_t ctx_slots;    /* contexts kept of each set; 1 if there are none */
    uint64_t seed;
    int max_samples; /* per draw */
} mf_replay_spec;

/** Sampled transitions, field by field; arrays owned by the replay, valid
 *  until the next draw. */
typedef struct mf_samples {
    int n;
    uint32_t *id;
    float *rew;
    uint8_t *act;
    uint8_t *done;
    uint16_t *counts;         /* [n][n_actions] */
    uint8_t *obs;             /* [n][obs_bytes] */
    const uint8_t **ctx;      /* [n] their contexts */
    float *prob;              /* [n] if the layout has it */
    uint16_t *next_counts;    /* [n][n_actions] zero where done */
    uint8_t *next_obs;        /* [n][obs_bytes] zero where done */
    const uint8_t **next_ctx; /* [n] any valid one where done */
} mf_samples;

/** Which records are drawn. */
typedef enum mf_draw {
    MF_DRAW_ALL,
    MF_DRAW_CHAINED, /* those with a next step, and where nothing follows */
    MF_DRAW_NEXT     /* those with a next step only */
} mf_draw;

mf_status mf_replay_create(const mf_replay_spec *spec, mf_replay **out);
void mf_replay_destroy(mf_replay **r);

/** Bytes that mf_replay_create will allocate for @p spec. */
size_t mf_replay_bytes(const mf_replay_spec *spec);

/** A step of a world begins, with this context [ctx_bytes]. */
void mf_replay_context(mf_replay *r, int world, const uint8_t *ctx);

/** Append @p n records of the step of a world that has begun, ids ascending,
 *  all of shards that are owned here. */
void mf_replay_insert(mf_replay *r, int world, const uint8_t *records,
                      size_t n);

/** Draw @p n transitions of one ring, uniformly with replacement: sample j of
 *  update u is a pure function of (seed, set, shard, u, j) and the ring.
 *  out->n is 0 if there is none yet. */
void mf_replay_draw(mf_replay *r, int set, int shard, uint64_t update, int n,
                    mf_draw which, mf_samples *out);

/** The records in n slots of one ring, n <= max_samples, as samples without
 *  next steps. */
void mf_replay_gather(mf_replay *r, int set, int shard, const uint32_t *slot,
                      int n, mf_samples *out);

/** Records now stored in the owned rings. */
uint64_t mf_replay_size(const mf_replay *r);

/** One ring's contents, for checkpoints; pointers into the replay. */
typedef struct mf_ring_view {
    uint64_t total;  /* records ever inserted */
    uint64_t stored; /* records now in the ring */
    size_t stride;
    uint8_t *records; /* [stored][stride], slot order */
    uint32_t *next;   /* [stored] slot of the agent's next record, or
                         MF_NO_NEXT */
    uint32_t *ctx;    /* [stored] number of its context, modulo 2^32 */
    uint64_t *last;   /* [n_tracks] 1 + number of each agent's last record */
    uint64_t n_tracks;
    uint64_t capacity;
} mf_ring_view;

void mf_replay_ring(mf_replay *r, int set, int shard, mf_ring_view *out);

/** Set the counters after a restore has filled the arrays of a view. */
void mf_replay_restored(mf_replay *r, int set, int shard, uint64_t total);

/** The contexts of a set, the same on every learner; pointers into the
 *  replay. */
typedef struct mf_ctx_view {
    uint64_t *total; /* steps begun; number k lies in slot k mod slots */
    uint8_t *data;   /* [slots][ctx_bytes] */
    uint64_t slots;
} mf_ctx_view;

void mf_replay_contexts(mf_replay *r, int set, mf_ctx_view *out);

#endif
