/** @file traj_names.h
 *  What the actions of a trajectory are called.
 */
#ifndef MFRL_APP_TRAJ_NAMES_H
#define MFRL_APP_TRAJ_NAMES_H

#include "mfrl/env/env.h"
#include "mfrl/io/trajectory_read.h"

typedef struct mf_traj_names {
    int n; /* actions; 0 = nobody knows how many */
    char (*names)[MF_ENV_NAME];
} mf_traj_names;

/** Names from the file, else from its environment, which its config sets up;
 *  else they are numbers.  MF_ERR_MEMORY. */
mf_status mf_traj_names_create(const mf_trajectory_spec *spec,
                               mf_traj_names *out);
void mf_traj_names_clear(mf_traj_names *t);

/** "move (0,-1)", "7" or, of MF_TRAJ_NO_ACTION, "none"; valid until the next
 * call. */
const char *mf_traj_names_of(const mf_traj_names *t, int action);

#endif
