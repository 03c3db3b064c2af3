/** @file traj_export.h
 *  A trajectory in the formats of other programs.  All write their file or
 *  directory whole or not at all.
 */
#ifndef MFRL_APP_TRAJ_EXPORT_H
#define MFRL_APP_TRAJ_EXPORT_H

#include "traj_names.h"

typedef struct mf_traj_source {
    const char *path;
    mf_trajectory_reader *reader;
    const mf_trajectory_spec *spec;
    mf_traj_names names;
} mf_traj_source;

/** An XDMF file that shows the frames of the trajectory's own datasets, which
 *  it refers to by name: beside it by that alone. */
mf_status mf_traj_export_xdmf(const mf_traj_source *s, const char *out);

/** A directory as Minari's HDF5 storage has it, an episode for every life. */
mf_status mf_traj_export_minari(const mf_traj_source *s, const char *out);

#endif
