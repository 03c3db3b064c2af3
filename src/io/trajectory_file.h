/** @file trajectory_file.h
 *  One HDF5 file of a trajectory that is written: a single file, a part or
 *  the master of parts.  Used inside io only.
 */
#ifndef MFRL_SRC_IO_TRAJECTORY_FILE_H
#define MFRL_SRC_IO_TRAJECTORY_FILE_H

#include "trajectory_layout.h"

typedef struct mf_traj_file mf_traj_file;

/** What the file holds. */
typedef struct mf_traj_share {
    uint32_t first, last;        /* its agents' ids: all, for a master */
    bool head;                   /* also all that is not by agent */
    uint64_t chunk_frames;       /* of the fields */
    const mf_h5_source *sources; /* fields are made of these; NULL = real */
    int n_sources;
} mf_traj_share;

/** Successive frames, as memory holds them. */
typedef struct mf_traj_frames {
    uint64_t start, n;       /* frames [start, start + n) of the file */
    const int64_t *steps;    /* [n] */
    const int64_t *versions; /* [n]; only if share.head */
    const int64_t *episodes; /* [n]; likewise, and in the spec */
    const int64_t *episode_steps;
    const double *const *observed; /* each [n][length]; only if share.head */
    void *const *rows;             /* [MF_TRAJ_FIELDS], each [n][last - first]
                                      elements; only if without sources */
} mf_traj_frames;

/** Create and let readers in.  On failure there is no file. */
mf_status mf_traj_file_create(const char *path, const mf_trajectory_spec *spec,
                              const mf_traj_share *share, mf_traj_file **out);

/** Write and flush.  The steps come last, so that a frame that has one has
 *  all the rest, whenever a reader looks or a kill comes. */
mf_status mf_traj_file_write(mf_traj_file *t, const mf_traj_frames *frames);

/** Close, free *t and set it to NULL; NULL is ignored. */
mf_status mf_traj_file_close(mf_traj_file **t);

#endif
