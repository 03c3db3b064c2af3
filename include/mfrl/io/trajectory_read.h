/** @file trajectory_read.h
 *  Read trajectories: those of trajectory.h, whole or while they are written,
 *  and recordings of other programs in the same layout.
 *
 *  Every failure is one line that names file, object, what was expected and
 *  what was found, and MF_ERR_FILE.  All functions are Local.
 */
#ifndef MFRL_IO_TRAJECTORY_READ_H
#define MFRL_IO_TRAJECTORY_READ_H

#include "mfrl/io/trajectory.h"

typedef struct mf_trajectory_reader mf_trajectory_reader;

/** Open a trajectory (of several parts: <segment>.h5).  It shows the frames
 *  that had been flushed by all writers at that time; open it again to see
 *  more.  Not in the process that writes it, whose handle HDF5 would share. */
mf_status mf_trajectory_open(const char *path, mf_trajectory_reader **out);

/** What it is of; borrowed from the reader.  Without names of actions,
 *  n_actions is 0 unless COUNTS are there.  A recording without edges of its
 *  box has the size of /map/walls. */
const mf_trajectory_spec *
mf_trajectory_described(const mf_trajectory_reader *r);

/** Frames, T. */
uint64_t mf_trajectory_frames(const mf_trajectory_reader *r);

/** Read frames [first, first + n) of a field into [n][N] elements of the type
 *  and length that mf_trajectory_field names.  One frame costs as much as the
 *  64 of its chunk: read blocks, from multiples of 64.  POSITION of a lattice
 * is the same in every frame. */
mf_status mf_trajectory_read(mf_trajectory_reader *r, mf_trajectory_field field,
                             uint64_t first, uint64_t n, void *data);

/** The same of agents [from, to) only, of a field that is recorded:
 *  [n][to - from].  Reads the chunks that hold them. */
mf_status mf_trajectory_read_agents(mf_trajectory_reader *r,
                                    mf_trajectory_field field, uint64_t first,
                                    uint64_t n, uint32_t from, uint32_t to,
                                    void *data);

/** Bytes that a recorded field takes on the disk, in all its files. */
mf_status mf_trajectory_stored(mf_trajectory_reader *r,
                               mf_trajectory_field field, uint64_t *bytes);

/** "mean_action_counts"; "uint8 [actions]"; bytes of an agent's row. */
const char *mf_trajectory_field_name(mf_trajectory_field field);
const char *mf_trajectory_type(const mf_trajectory_reader *r,
                               mf_trajectory_field field);
size_t mf_trajectory_row(const mf_trajectory_reader *r,
                         mf_trajectory_field field);

/** Files beside this one that the fields are in, 0 = they are in it; their
 *  names, without directory. */
size_t mf_trajectory_parts(const mf_trajectory_reader *r);
const char *mf_trajectory_part(const mf_trajectory_reader *r, size_t i);

/** Read the steps of frames [first, first + n), or the versions of the weights
 *  that acted (-1 where the file has none). */
mf_status mf_trajectory_read_steps(mf_trajectory_reader *r, uint64_t first,
                                   uint64_t n, int64_t *steps);
mf_status mf_trajectory_read_versions(mf_trajectory_reader *r, uint64_t first,
                                      uint64_t n, int64_t *versions);

/** Read the numbers of the episodes that frames [first, first + n) are of, and
 *  of the steps made in them before.  Only if spec.episodes. */
mf_status mf_trajectory_read_episodes(mf_trajectory_reader *r, uint64_t first,
                                      uint64_t n, int64_t *episodes,
                                      int64_t *steps);

/** Read observable number @p i of the spec: [n], or [n][length] of a
 *  vector. */
mf_status mf_trajectory_read_observable(mf_trajectory_reader *r, int i,
                                        uint64_t first, uint64_t n,
                                        double *data);

/** What the recordings of other engines keep of some frames: the observation
 *  of every agent as that engine makes it, zero where absent. */
typedef struct mf_trajectory_golden {
    uint64_t n;            /* frames that have it; 0 = the file has none */
    const int64_t *frames; /* [n] which; borrowed from the reader */
    uint64_t view[3];      /* rows, columns and channels of a view */
    uint64_t features;     /* length of the features */
} mf_trajectory_golden;

const mf_trajectory_golden *
mf_trajectory_golden_of(const mf_trajectory_reader *r);

/** Read entry @p i of the golden frames: view [N][rows][columns][channels],
 *  features [N][length]; NULL skips one. */
mf_status mf_trajectory_read_golden(mf_trajectory_reader *r, uint64_t i,
                                    float *view, float *features);

/** Close, free *r and set it to NULL; NULL is ignored. */
void mf_trajectory_close(mf_trajectory_reader **r);

#endif
