/** @file trajectory_open.h
 *  The inside of a trajectory reader.  Used inside io only.
 */
#ifndef MFRL_SRC_IO_TRAJECTORY_OPEN_H
#define MFRL_SRC_IO_TRAJECTORY_OPEN_H

#include "mfrl/io/trajectory_read.h"
#include "trajectory_layout.h"

struct mf_trajectory_reader {
    mf_h5 *file;
    mf_trajectory_spec spec; /* points into what follows */
    uint64_t n_frames;
    char **parts; /* [n_parts] names of the files with the fields;
                     none: the file itself has them */
    size_t n_parts;
    uint64_t *first; /* [n_parts] agents of each */
    bool versions;   /* the file has them */
    uint8_t *walls;
    int8_t *species;
    char *env, *config, **action_names;
    mf_trajectory_observable *observables;
    char (*observable_names)[MF_PATH], **observable_units;
    mf_trajectory_golden golden;
    int64_t *golden_frames;
};

/** Find the fields, in the file or in its parts: r->spec.fields, n_agents and
 *  what belongs to them; r->n_frames becomes what all of them have. */
mf_status mf_traj_open_fields(mf_trajectory_reader *r);

/** Open part number @p i, which is beside the file. */
mf_status mf_traj_open_part(mf_trajectory_reader *r, size_t i, mf_h5 **out);

/** Read frames of a field that is there, of all agents. */
mf_status mf_traj_read_field(mf_trajectory_reader *r, mf_trajectory_field k,
                             uint64_t first, uint64_t n, void *data);

/** Lower r->n_frames to the length of the series @p path, int64 [frames]. */
mf_status mf_traj_open_series(mf_trajectory_reader *r, mf_h5 *f,
                              const char *path);

/** Path of the real steps. */
const char *mf_traj_step_path(const mf_trajectory_reader *r,
                              char path[MF_PATH]);

/** Read all that a file has once into r->spec and r->golden.  What is by
 *  frame is known: the file, n_agents, fields, n_frames. */
mf_status mf_traj_read_head(mf_trajectory_reader *r);

/** Fill r->spec.observables from the group /observables, where some may be
 *  shorter than r->n_frames, which then becomes less. */
mf_status mf_traj_list_observables(mf_trajectory_reader *r);
void mf_traj_free_observables(mf_trajectory_reader *r);

#endif
