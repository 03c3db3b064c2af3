/** @file traj_place.h
 *  Where what is made of a trajectory goes.
 */
#ifndef MFRL_APP_TRAJ_PLACE_H
#define MFRL_APP_TRAJ_PLACE_H

#include "mfrl/io/run_files.h"
#include "mfrl/io/trajectory_read.h"

/** The directory that a path is in; "." if it names none.  Local. */
mf_status mf_traj_parent(const char *path, char out[MF_PATH]);

/** The directory for pictures of a run directory, or of a file: plots, in the
 *  run's directory or beside the file.  Local. */
mf_status mf_traj_plots(const char *run_or_file, char out[MF_PATH]);

/** In that directory of a trajectory: its name with another ending.  Local. */
mf_status mf_traj_place(const char *file, const char *ending,
                        char out[MF_PATH]);

/** MF_ERR_USAGE if the output @p out is the open recording @p file or one of
 *  its parts, by whatever name.  Local. */
mf_status mf_traj_spare(const mf_trajectory_reader *r, const char *file,
                        const char *out);

#endif
