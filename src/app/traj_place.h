/** @file traj_place.h
 *  Where what is made of a trajectory goes.
 */
#ifndef MFRL_APP_TRAJ_PLACE_H
#define MFRL_APP_TRAJ_PLACE_H

#include "mfrl/io/run_files.h"

/** The directory that a path is in; "." if it names none.  Local. */
mf_status mf_traj_parent(const char *path, char out[MF_PATH]);

/** The directory for pictures of a run directory, or of a file: plots, in the
 *  run's directory or beside the file.  Local. */
mf_status mf_traj_plots(const char *run_or_file, char out[MF_PATH]);

/** In that directory of a trajectory: its name with another ending.  Local. */
mf_status mf_traj_place(const char *file, const char *ending,
                        char out[MF_PATH]);

#endif
