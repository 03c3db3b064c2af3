/** @file traj_sums.h
 *  Statistics of trajectories: sums over a window of frames.
 *
 *      create -> { step, [take the window, next], frame } * -> clear
 *
 *  What a death belongs to is the frame before it, in whose step it came; it
 *  is seen only in the frame after.  Deaths in the last step of an episode are
 *  seen by nobody, because the next frame is of another one.
 */
#ifndef MFRL_APP_TRAJ_SUMS_H
#define MFRL_APP_TRAJ_SUMS_H

#include "frames.h"

enum { MF_SUMS_TEAMS = 16, MF_SUMS_ACTIONS = 256 };

/** Of a team in a window. */
typedef struct mf_team_sums {
    uint64_t living;                   /* agents alive, summed over frames */
    uint64_t last_living;              /* in the last frame */
    uint64_t deaths;                   /* in steps of the window */
    double reward;                     /* of all agents and frames */
    double hp;                         /* of the living, summed */
    uint64_t actions[MF_SUMS_ACTIONS]; /* how often each was taken */
    double entropy;       /* of the team's mean action, nats, summed over the */
    uint64_t n_entropy;   /* frames in which somebody acted */
    double local_entropy; /* of the mean actions that agents saw, nats, */
    uint64_t n_local;     /* summed over agents who had neighbours */
} mf_team_sums;

typedef struct mf_window_sums {
    uint64_t first, n; /* frames [first, first + n) */
    int64_t first_step, last_step;
    int64_t episode; /* of its first frame; -1 if unknown */
    mf_team_sums teams[MF_SUMS_TEAMS];
    uint64_t n_spins;   /* frames that are spins on a lattice */
    double order;       /* |mean spin|, summed over them */
    double correlation; /* mean product of neighbours' spins, likewise */
} mf_window_sums;

typedef struct mf_traj_sums {
    const mf_trajectory_spec *spec; /* borrowed */
    int n_teams;
    int teams[MF_SUMS_TEAMS];     /* their numbers in the file */
    uint32_t size[MF_SUMS_TEAMS]; /* agents of each */
    uint8_t *team;                /* [n_agents] index into teams */
    uint8_t *before;              /* [n_agents] alive in the frame before */
    int64_t episode;              /* of the frame before */
    uint64_t n_frames;            /* that were added */
    double *xlogx;                /* [65536] */
    mf_window_sums now;           /* the window */
} mf_traj_sums;

/** MF_ERR_FILE if there are more than MF_SUMS_TEAMS teams. */
mf_status mf_traj_sums_create(const mf_trajectory_spec *spec, const char *path,
                              mf_traj_sums *out);
void mf_traj_sums_clear(mf_traj_sums *s);

/** Frame @p f is the next one: what its predecessor's step did becomes known
 *  and belongs to the window before it. */
void mf_traj_sums_step(mf_traj_sums *s, const mf_frame *f);

/** Begin a new window. */
void mf_traj_sums_next(mf_traj_sums *s);

/** Add frame @p f, after mf_traj_sums_step. */
void mf_traj_sums_frame(mf_traj_sums *s, const mf_frame *f);

/** True if the agents are spins: a lattice of rows and two actions. */
bool mf_traj_sums_spins(const mf_trajectory_spec *spec);

/** dst += src: windows that follow each other. */
void mf_traj_sums_join(mf_window_sums *dst, const mf_window_sums *src);

#endif
