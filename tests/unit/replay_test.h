/** @file replay_test.h
 *  What the suites of replay/ share: records that tell who they are.
 */
#ifndef MFRL_TESTS_UNIT_REPLAY_TEST_H
#define MFRL_TESTS_UNIT_REPLAY_TEST_H

#include <string.h>

#include "mfrl/replay/replay.h"
#include "unit/dice.h"
#include "unit/log_catch.h"
#include "unit/suite.h"

enum { MAX_ACTIONS = 8, MAX_OBS = 16, MAX_RECORD = 64 };

/* Counts and observation of the record with this tag. */
static inline uint16_t count_of(const mf_layout *l, uint32_t tag, int a)
{
    const uint32_t most = l->wide ? 60000 : 255;

    return (uint16_t)((tag * 37 + (uint32_t)a * 101) % most);
}

static inline uint8_t obs_of(uint32_t tag, int i)
{
    return (uint8_t)(tag * 11 + (uint32_t)i * 7 + 1);
}

static inline float prob_of(uint32_t tag) { return 1 / (1 + (float)tag); }

/* Write the record of a step; its reward is its tag. */
static inline void write_record(const mf_layout *l, uint32_t id, uint32_t tag,
                                int done, uint8_t *out)
{
    const float rew = (float)tag, prob = prob_of(tag);
    const uint8_t act = (uint8_t)(tag % (uint32_t)l->n_actions);
    const uint8_t end = done != 0;
    uint16_t counts[MAX_ACTIONS];
    uint8_t obs[MAX_OBS];
    const mf_step_view v = {&id, &rew, &act, &end, counts, obs, &prob, NULL};

    for (int a = 0; a < l->n_actions; a++) {
        counts[a] = count_of(l, tag, a);
    }
    for (int i = 0; i < l->obs_bytes; i++) {
        obs[i] = obs_of(tag, i);
    }
    mf_layout_pack(l, &v, 0, out);
}

/* True if two replays hold the same in one ring. */
static inline int same_ring(mf_replay *a, mf_replay *b, int set, int shard,
                            size_t stride)
{
    mf_ring_view x, y;

    mf_replay_ring(a, set, shard, &x);
    mf_replay_ring(b, set, shard, &y);
    return x.total == y.total && x.stored == y.stored &&
           x.capacity == y.capacity && x.n_tracks == y.n_tracks &&
           memcmp(x.records, y.records, x.stored * stride) == 0 &&
           memcmp(x.next, y.next, x.stored * sizeof(*x.next)) == 0 &&
           memcmp(x.last, y.last, x.n_tracks * sizeof(*x.last)) == 0;
}

#endif
