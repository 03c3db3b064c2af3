/** @file layout.h
 *  One transition as bytes: the same for shipping, replay and checkpoints.
 *
 *      offset 0  uint32  agent id
 *             4  float   reward
 *             8  uint8   action
 *             9  uint8   done, MF_RECORD_...
 *            10  counts  n_actions x uint8, or uint16 if an agent can have
 *                        more than 255 neighbours
 *             .  prob    float, if the record has it: with which the action was
 *                        chosen
 *             .  obs     obs_bytes, as packed by the environment
 *
 *  padded with zeros to a multiple of 4.  World and step are not in the
 *  record: records travel in sections of one world and one step.
 */
#ifndef MFRL_REPLAY_LAYOUT_H
#define MFRL_REPLAY_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct mf_layout {
    int n_actions;
    int obs_bytes;
    int wide;       /* counts are uint16 */
    size_t prob_at; /* 0 = there is none */
    size_t obs_at;
    size_t stride; /* bytes of a record */
} mf_layout;

enum { MF_RECORD_REW = 4, MF_RECORD_ACT = 8, MF_RECORD_DONE = 9 };
enum { MF_RECORD_COUNTS = 10 };

/** How a step ends for its agent, the numbers of env.h. */
enum {
    MF_RECORD_GOES_ON,
    MF_RECORD_ENDED,  /* nothing follows */
    MF_RECORD_CUT_OFF /* what follows is not recorded */
};

/** Shape of a record for agents with these actions, observations and at most
 *  @p max_neighbours neighbours in a mean action.
 *  @param with_prob  for algorithms that learn from their own round */
mf_layout mf_layout_make(int n_actions, int obs_bytes, int max_neighbours,
                         int with_prob);

/** Replay shard of an agent: id modulo the number of shards, without the
 *  division where that is a power of two. */
static inline uint32_t mf_shard_of(uint32_t id, uint32_t n_shards)
{
    const uint32_t mask = n_shards - 1;

    return (n_shards & mask) == 0 ? id & mask : id % n_shards;
}

/** Agents whose step is to be recorded; arrays over all agents of a tile. */
typedef struct mf_step_view {
    const uint32_t *id;
    const float *rew;
    const uint8_t *act;
    const uint8_t *done;
    const uint16_t *counts; /* [.][n_actions] */
    const uint8_t *obs;     /* [.][obs_bytes] */
    const float *prob;      /* [.] if the layout has it */
    const uint8_t *skip;    /* [.] 1 = not to be recorded; NULL = none */
} mf_step_view;

/** Write agent i's record at @p out [stride]. */
void mf_layout_pack(const mf_layout *l, const mf_step_view *v, size_t i,
                    uint8_t *out);

/** Write the records of agents 0 .. n - 1 that are not skipped, each at the
 *  cursor of the learner that owns its shard, and move the cursors on.
 *  @param owner   [n_shards] learner of each shard
 *  @param cursor  [learners] in and out */
void mf_layout_scatter(const mf_layout *l, const mf_step_view *v, uint32_t n,
                       uint32_t n_shards, const int *owner, uint8_t **cursor);

/** Copy one record; strides are multiples of 4. */
static inline void mf_record_copy(const mf_layout *l, const uint8_t *from,
                                  uint8_t *to)
{
    for (size_t k = 0; k < l->stride; k += 4) {
        memcpy(to + k, from + k, 4);
    }
}

static inline uint32_t mf_record_id(const uint8_t *record)
{
    uint32_t id;

    memcpy(&id, record, sizeof(id));
    return id;
}

/** The neighbour counts of a record, widened: out [n_actions]. */
static inline void mf_layout_counts(const mf_layout *l, const uint8_t *record,
                                    uint16_t *out)
{
    if (l->wide) {
        memcpy(out, record + MF_RECORD_COUNTS, 2 * (size_t)l->n_actions);
    } else {
        for (int a = 0; a < l->n_actions; a++) {
            out[a] = record[MF_RECORD_COUNTS + a];
        }
    }
}

#endif
