/** @file merge.h
 *  From one round's messages to canonical order.
 *
 *  An actor's message is a sequence of sections, each a header and then the
 *  records of one world and one step, ids ascending.  A world that is cut over
 *  several actors arrives in several sections; merging puts them in the order
 *  (step, world, agent id), whatever the tiles and the order of arrival.  In
 *  one of them the head of the step stands before the records, and behind it
 *  the context.
 */
#ifndef MFRL_REPLAY_MERGE_H
#define MFRL_REPLAY_MERGE_H

#include "mfrl/replay/replay.h"

typedef struct mf_section {
    uint32_t world;
    uint32_t step; /* within the round */
    uint32_t n;    /* records that follow */
    uint32_t head; /* 1: first a mf_step_head and the context */
} mf_section;

/** What is known of one step of a whole world. */
typedef struct mf_step_head {
    uint32_t n_recorded; /* records of all tiles and shards */
    uint32_t event;      /* what became of the episode, as the env says */
} mf_step_head;

typedef struct mf_merge mf_merge;

/** For rounds of @p steps steps of @p n_worlds worlds, with records of @p
 * stride bytes and contexts of @p ctx_bytes. */
mf_status mf_merge_create(int n_worlds, int steps, uint32_t n_agents,
                          size_t stride, size_t ctx_bytes, mf_merge **out);
void mf_merge_destroy(mf_merge **m);

/** Bytes that it takes once a round of @p n_sections sections was added. */
size_t mf_merge_bytes(int n_worlds, int steps, size_t n_sections);

/** Note the sections of one message; @p data must stay until
 *  mf_merge_insert.  MF_ERR_MPI if it is not well formed. */
mf_status mf_merge_add(mf_merge *m, const uint8_t *data, size_t size);

/** The head of a step of this round.  MF_ERR_MPI if none was added. */
mf_status mf_merge_head(const mf_merge *m, int step, int world,
                        mf_step_head *out);

/** Insert all that was added, in canonical order, and start afresh. */
mf_status mf_merge_insert(mf_merge *m, mf_replay *r);

#endif
