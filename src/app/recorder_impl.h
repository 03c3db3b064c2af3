/** @file recorder_impl.h
 *  The inside of a recorder: recorder.c has its segments, recorder_frame.c
 *  its frames.
 */
#ifndef MFRL_APP_RECORDER_IMPL_H
#define MFRL_APP_RECORDER_IMPL_H

#include "mfrl/comm/deal.h"
#include "mfrl/io/run_files.h"
#include "mfrl/io/trajectory.h"
#include "recorder.h"

enum { MF_OBSERVABLE_NAME = 64 };

struct mf_recorder {
    mf_run *run;
    mf_tile tile;
    char dir[MF_PATH];
    int writer, n_writers; /* of the group */
    mf_trajectory_spec spec;
    char *config;               /* text, of free() */
    char (*names)[MF_ENV_NAME]; /* [n_actions], or NULL */
    const char **name_list;
    mf_trajectory_observable *observables;
    char (*observable_names)[MF_OBSERVABLE_NAME];
    uint8_t *walls;  /* of the world on writer 0, of the tile elsewhere */
    int8_t *species; /* [n_agents]; both NULL without a setting */

    mf_trajectory *out; /* NULL: none, or it could not be created */
    bool open;          /* a segment, on all ranks */
    bool failed;        /* this rank's files; the others do not know yet */
    bool stopped;       /* all know */
    int64_t frames;     /* of the segment */
    uint64_t setting;
    uint64_t episode; /* of the step under way */
    int64_t episode_step;

    mf_deal *deal;
    size_t row_bytes;
    uint8_t *rows;   /* [agents that fit the tile][row_bytes] */
    int64_t *sums;   /* [n_sums] see recorder_frame.c */
    double *numbers; /* all observables */
};

/** What mf_recorder_frame needs: the deal, rows, observables.  Local. */
mf_status mf_recorder_frame_create(mf_recorder *r);
void mf_recorder_frame_clear(mf_recorder *r);

/** Bytes of a row on its way to its writer. */
size_t mf_recorder_row_bytes(const mf_config *cfg);

/** Add a frame; *stop = 1 if some rank has failed, on all ranks.
 *  Collective on the group; blocks. */
mf_status mf_recorder_frame(mf_recorder *r, const mf_arena_world *w,
                            const mf_trajectory_stamp *stamp,
                            const int64_t *counters, int *stop);

#endif
