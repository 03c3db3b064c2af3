/** @file trajectory.h
 *  Write a trajectory: what all agents of one world did, for h5py, h5dump,
 *  ParaView and `verify`.
 *
 *      create -> { begin, end } * -> destroy
 *
 *  The layout is H5MD 1.1, dense by agent id; frame t is the state before a
 *  step, the action taken and the reward it earned:
 *
 *      /h5md  /map/walls [H][W]
 *      /parameters  @env @config @seed @world @action_names
 *                   policy_version [T]  episode [T]  episode_step [T]
 *      /particles/agents  box/ @dimension @boundary edges
 *                         id [N]  species [N]  <field>/{value,step,time}
 *      /observables/<name>/{value,step,time}
 *
 *  All step and time are one dataset each under many names.  Texts, shapes and
 *  values of absent agents of the fields are below.  A field's chunks are 64
 *  frames (fewer where that took a writer more than 64 MiB) by 256 - 1024
 *  agents; shuffle, gzip 1, Fletcher32.
 *
 *  A world is written by n_writers processes, each a fixed block of agent ids
 *  (mf_trajectory_block), whoever simulates them.  One writer makes
 *  <segment>.h5.  Several make <segment>.part-<writer>.h5 each, and writer 0
 *  also <segment>.h5, where the fields are virtual datasets over the parts and
 *  all else is real.  It refers to them by name alone (also in
 *  /particles/agents @parts), so that the directory may move.
 *
 *  Files are in SWMR mode: readable while they are written and after a kill,
 *  up to the last flush, by mf_trajectory_open and by h5py with swmr=True.
 *  HDF5 shows as absent agents what it cannot see of the parts: one that is
 *  missing, or that was not closed while the reader is not in SWMR mode.
 *  A resumed run begins a new segment.
 */
#ifndef MFRL_IO_TRAJECTORY_H
#define MFRL_IO_TRAJECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"

typedef enum mf_trajectory_field {
    MF_TRAJ_POSITION,   /* int32 [3], cells: x, y, 0; -1 -1 -1 absent */
    MF_TRAJ_ALIVE,      /* uint8: 1, 0 absent */
    MF_TRAJ_HP,         /* float32, NaN absent */
    MF_TRAJ_ACTION,     /* uint8, index; MF_TRAJ_NO_ACTION none */
    MF_TRAJ_REWARD,     /* float32; 0 absent */
    MF_TRAJ_COUNTS,     /* uint8 or uint16 [n_actions]: neighbours by action,
                           of which abar was made; 0 absent */
    MF_TRAJ_NEIGHBOURS, /* uint16: agents in the neighbourhood; 0 absent */
    MF_TRAJ_FIELDS
} mf_trajectory_field;

/** Of an agent that is absent, or of a state after which nobody acted. */
enum { MF_TRAJ_NO_ACTION = 255 };

/** One number or vector per frame, under /observables/<name>/value. */
typedef struct mf_trajectory_observable {
    const char *name;        /* "red/alive" */
    int n;                   /* length of the vector; 0 = a number */
    const char *unit;        /* NULL = "1" */
    const char *description; /* NULL = none */
} mf_trajectory_observable;

/** What a trajectory is of.  mf_trajectory_create needs it only while it runs;
 *  a reader has one of its own. */
typedef struct mf_trajectory_spec {
    uint32_t n_agents;     /* N, of the world; ids are 0 .. N - 1 */
    int width, height;     /* of the box, cells; 0 = no box */
    bool periodic;         /* its edges are joined */
    bool lattice;          /* agent id stays at (id % width, id / width); only
                              without the field POSITION */
    const uint8_t *walls;  /* [height][width], 1 = wall; NULL = none */
    const int8_t *species; /* [N] team; NULL = all 0 */
    unsigned fields;       /* recorded: bits 1u << MF_TRAJ_..., at least 1 */
    int n_actions;         /* A */
    bool wide_counts;      /* COUNTS are uint16 */
    const char *const *action_names; /* [A]; NULL = none */
    const char *env, *config;        /* name; whole text */
    const char *author, *version;    /* of the run, program; NULL
                                        = unknown; not read */
    bool episodes;                   /* frames have numbers of them */
    uint64_t seed;                   /* below 2^63 */
    uint32_t world;                  /* number of it */
    const mf_trajectory_observable *observables; /* [n_observables] */
    int n_observables;
} mf_trajectory_spec;

/** Whether a field is recorded.  Local. */
static inline bool mf_trajectory_has(const mf_trajectory_spec *spec,
                                     mf_trajectory_field field)
{
    return (spec->fields >> field & 1u) != 0;
}

/** Whether agent @p i is alive where only positions tell; NULL = none are
 *  recorded, all are alive.  Local. */
static inline bool mf_trajectory_is_there(int32_t (*position)[3], size_t i)
{
    return position == NULL || position[i][0] >= 0;
}

/** Where the caller puts the next frame of its agents: row i is agent
 *  first + i.  NULL for what is not recorded. */
typedef struct mf_trajectory_rows {
    uint32_t first, n;
    int32_t (*position)[3];
    uint8_t *alive;
    float *hp;
    uint8_t *action;
    float *reward;
    uint8_t *counts;       /* [n][A], or NULL if wide */
    uint16_t *wide_counts; /* [n][A], or NULL if not */
    uint16_t *neighbours;
} mf_trajectory_rows;

/** What a frame has once. */
typedef struct mf_trajectory_stamp {
    int64_t step;              /* of the environment, ascending */
    int64_t version;           /* of the weights that chose the actions */
    int64_t episode;           /* number of it, and steps made in it before */
    int64_t episode_step;      /* this one; only if the spec says so */
    const double *observables; /* all in the order of the spec, vectors with
                                  all their numbers; used by writer 0 only */
} mf_trajectory_stamp;

typedef struct mf_trajectory mf_trajectory;

/** Ids [*first, *last) of writer number @p writer.  Local. */
void mf_trajectory_block(uint32_t n_agents, int n_writers, int writer,
                         uint32_t *first, uint32_t *last);

/** Bytes of the frames that writer 0 keeps until they are written; of the spec
 *  only what their size follows from is read.  Local. */
size_t mf_trajectory_bytes(const mf_trajectory_spec *spec, int n_writers);

/** Create this writer's files of @p segment in the existing directory
 *  @p dir; files of that name are replaced.  MF_ERR_IO.  Local; the writers
 *  need not wait for each other. */
mf_status mf_trajectory_create(const char *dir, const char *segment,
                               const mf_trajectory_spec *spec, int writer,
                               int n_writers, mf_trajectory **out);

/** Give the rows of the next frame, all agents absent.  They are valid until
 *  mf_trajectory_end.  Local. */
void mf_trajectory_begin(mf_trajectory *t, mf_trajectory_rows *rows);

/** The rows are filled: the frame counts.  Frames reach the disk by chunks,
 *  or when mf_trajectory_flush is called.  MF_ERR_IO, one line the first time,
 *  if they cannot be written; the caller may go on, but the file ends there.
 *  Local. */
mf_status mf_trajectory_end(mf_trajectory *t, const mf_trajectory_stamp *s);

/** Let readers see all frames so far, and a kill not take them.  In the middle
 *  of a chunk this costs its space in the file twice.  MF_ERR_IO.  Local. */
mf_status mf_trajectory_flush(mf_trajectory *t);

/** Flush, close, free *t and set it to NULL; NULL is ignored.  MF_ERR_IO if
 *  the files could not be written to their end.  Local. */
mf_status mf_trajectory_destroy(mf_trajectory **t);

#endif
