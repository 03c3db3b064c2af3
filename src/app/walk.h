/** @file walk.h
 *  All frames of several trajectories, one after the other, in bounded memory.
 */
#ifndef MFRL_APP_WALK_H
#define MFRL_APP_WALK_H

#include "frames.h"
#include "traj_names.h"

/** What all files of a walk have in common. */
typedef struct mf_walk {
    char **paths; /* [n] */
    int n, room;
    int width, height, n_agents;
    bool lattice;
    unsigned fields;     /* recorded in all of them */
    int n_teams;         /* of the first file */
    mf_traj_names names; /* of the first file */
    int64_t first, last; /* steps */
    uint64_t n_frames;
} mf_walk;

/** Find the trajectories of run directories (all segments, by name) and files,
 *  and look at each.  Files without frames, and runs that recorded nothing,
 *  are left out: n may be 0.  MF_ERR_FILE if a file is bad or not of the same
 *  world and environment.  Local. */
mf_status mf_walk_create(const char *const *runs, int n_runs, mf_walk *out);
void mf_walk_clear(mf_walk *w);

/** Whether all files have a field. */
static inline bool mf_walk_has(const mf_walk *w, mf_trajectory_field field)
{
    return (w->fields >> field & 1u) != 0;
}

/** Visit all frames.  Frames that were written since mf_walk_create may be
 *  among them.  Local. */
mf_status mf_walk_frames(const mf_walk *w,
                         mf_status (*visit)(void *arg,
                                            const mf_trajectory_spec *spec,
                                            const mf_frame *frame),
                         void *arg);

#endif
