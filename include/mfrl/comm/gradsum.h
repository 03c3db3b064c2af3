/** @file gradsum.h
 *  The sum of the replay shards' gradients, in an order fixed by the number of
 *  shards alone, so that any number of learners gives the same bytes.
 *
 *  The shards are the leaves of a binary tree: in turn for stride 1, 2, 4, ...
 *  shard v takes up shard v + stride for every v that is a multiple of twice
 *  the stride.  A sum of two shards of one learner needs no message.
 */
#ifndef MFRL_COMM_GRADSUM_H
#define MFRL_COMM_GRADSUM_H

#include <stddef.h>

#include "mfrl/comm/roles.h"

typedef struct mf_gradsum mf_gradsum;

/** @param n  floats per shard.  Local. */
mf_status mf_gradsum_create(const mf_roles *roles, size_t n, mf_gradsum **out);
void mf_gradsum_destroy(mf_gradsum **g);

/** Sum over all shards.
 *  @param shards  [owned shards] pointers to [n] floats, in order of shard;
 *                 overwritten: afterwards shards[0] holds the sum on every
 *                 learner
 *  Collective on the learners; blocks. */
mf_status mf_gradsum_run(mf_gradsum *g, float *const *shards);

#endif
