/** @file recorder.h
 *  Records one world during training, into segments
 *  run.dir/traj/step-<first step>.h5; see io/trajectory.h for the files.
 *
 *  The actors of the world's group write, each a fixed block of agent ids,
 *  whichever tile these are on.  A segment ends after trajectory.steps frames,
 *  when walls or teams change, and at every checkpoint: so a run that goes on
 *  from a checkpoint removes the segments that begin after it, and all frames
 *  of the others were before it.  A disk that fails ends the recording, not
 *  the run.
 */
#ifndef MFRL_APP_RECORDER_H
#define MFRL_APP_RECORDER_H

#include <stdbool.h>

#include "arena.h"

typedef struct mf_recorder mf_recorder;

/** The recorder of this actor, NULL if its group has nothing to record.
 *  Local. */
mf_status mf_recorder_create(mf_run *run, mf_recorder **out);

/** Free it; what it recorded is written.  Local. */
void mf_recorder_destroy(mf_recorder **r);

/** True if this step of this world is recorded.  @p r may be NULL.  Local. */
bool mf_recorder_wants(const mf_recorder *r, int world, int64_t step);

/** All have acted, nothing is resolved: begin a segment if one is due, and
 *  note where in which episode the world is.
 *  Collective on the group; blocks. */
mf_status mf_recorder_before(mf_recorder *r, const mf_arena_world *w,
                             int64_t step);

/** The step is resolved: add its frame.
 *  @param version   of the weights that acted
 *  @param counters  [n_counters] this tile's share, as mf_arena_settle has it
 *  Collective on the group; blocks. */
mf_status mf_recorder_after(mf_recorder *r, const mf_arena_world *w,
                            int64_t step, int64_t version,
                            const int64_t *counters);

/** End the segment; @p r may be NULL.  Local. */
void mf_recorder_cut(mf_recorder *r);

/** Make the directory if anything is to be recorded, and remove segments that
 *  begin at or after a step, those of a run that went on from before it.
 *  Local, one rank. */
mf_status mf_recorder_prepare(const mf_config *cfg, int64_t step);

/** Bytes that a recorder takes on the rank with most, for estimates. */
size_t mf_recorder_bytes(const mf_config *cfg, const mf_plan *plan);

#endif
