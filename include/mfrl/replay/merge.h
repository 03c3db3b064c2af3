/** @file merge.h
 *  From one round's messages to canonical order.
 *
 *  An actor's message is a sequence of sections, each a header and then the
 *  records of one world and one step, ids ascending.  A world that is cut over
 *  several actors arrives in several sections; merging puts them in the order
 *  (step, world, agent id), whatever the tiles and the order of arrival.
 */
#ifndef MFRL_REPLAY_MERGE_H
#define MFRL_REPLAY_MERGE_H

#include "mfrl/replay/replay.h"

typedef struct mf_section {
    uint32_t world;
    uint32_t step; /* within the round */
    uint32_t n;    /* records that follow */
    uint32_t unused;
} mf_section;

typedef struct mf_merge mf_merge;

/** For rounds of @p steps steps of @p n_worlds worlds. */
mf_status mf_merge_create(int n_worlds, int steps, uint32_t n_agents,
                          size_t stride, mf_merge **out);
void mf_merge_destroy(mf_merge **m);

/** Note the sections of one message; @p data must stay until
 *  mf_merge_insert.  MF_ERR_MPI if it is not well formed. */
mf_status mf_merge_add(mf_merge *m, const uint8_t *data, size_t size);

/** Insert all that was added, in canonical order, and start afresh. */
mf_status mf_merge_insert(mf_merge *m, mf_replay *r);

#endif
