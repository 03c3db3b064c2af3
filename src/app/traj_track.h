/** @file traj_track.h
 *  Tracks of some agents, read by blocks of frames.
 */
#ifndef MFRL_APP_TRAJ_TRACK_H
#define MFRL_APP_TRAJ_TRACK_H

#include "mfrl/io/trajectory_read.h"

/** Frames [first, first + n) of agents [from, to): each [n][to - from] as
 *  io/trajectory.h has them, NULL for what is not recorded. */
typedef struct mf_traj_track {
    mf_trajectory_reader *reader; /* borrowed */
    uint32_t from, to;
    uint64_t most;                   /* frames there is room for */
    int64_t *step;                   /* [n] */
    int64_t *episode, *episode_step; /* [n] -1 if the file does not tell */
    int32_t (*position)[3];          /* of a lattice too */
    uint8_t *alive;                  /* from the position if not recorded */
    float *hp;
    uint8_t *action;
    float *reward;
    uint8_t *counts; /* as the file has them: uint16 if spec.wide_counts */
} mf_traj_track;

mf_status mf_traj_track_create(mf_trajectory_reader *reader, uint32_t from,
                               uint32_t to, uint64_t most, mf_traj_track *out);
void mf_traj_track_clear(mf_traj_track *t);

/** Bytes that it takes for an agent and frame. */
size_t mf_traj_track_row(const mf_trajectory_reader *reader);

/** Read @p n frames, at most as many as there is room for.  MF_ERR_FILE. */
mf_status mf_traj_track_read(mf_traj_track *t, uint64_t first, uint64_t n);

#endif
