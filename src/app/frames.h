/** @file frames.h
 *  The frames of a trajectory one after the other, read by blocks.
 */
#ifndef MFRL_APP_FRAMES_H
#define MFRL_APP_FRAMES_H

#include "mfrl/io/trajectory_read.h"

/** One frame; rows by agent id, as io/trajectory.h has them, NULL for what is
 *  not recorded. */
typedef struct mf_frame {
    uint64_t number;
    int64_t step;
    int64_t episode, episode_step; /* -1 if the file does not tell */
    const int32_t *position;       /* [n][3] */
    const uint8_t *alive;          /* from the position if it is not recorded */
    const float *hp;
    const uint8_t *action;
    const float *reward;
    const uint8_t *counts;       /* [n][n_actions], or */
    const uint16_t *wide_counts; /* the same if wide */
    const uint16_t *neighbours;
} mf_frame;

typedef struct mf_frames {
    mf_trajectory_reader *reader; /* borrowed */
    uint64_t first, n, most;      /* the block, and its frames at most */
    unsigned wanted;              /* bits 1u << MF_TRAJ_... */
    void *rows[MF_TRAJ_FIELDS];
    size_t bytes[MF_TRAJ_FIELDS];              /* of an agent's row */
    int64_t *steps, *episodes, *episode_steps; /* [most] */
} mf_frames;

/** Read by blocks of at most 64 frames.  Local. */
mf_status mf_frames_create(mf_trajectory_reader *reader, mf_frames *out);

/** The same, only with the fields @p wanted (bits 1u << MF_TRAJ_...), and what
 *  those need. */
mf_status mf_frames_create_some(mf_trajectory_reader *reader, unsigned wanted,
                                mf_frames *out);
void mf_frames_clear(mf_frames *f);

/** Frame @p number; valid until the next one is asked for.  MF_ERR_FILE if it
 *  cannot be read.  Local. */
mf_status mf_frames_get(mf_frames *f, uint64_t number, mf_frame *out);

#endif
