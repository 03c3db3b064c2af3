/** @file trajectory_layout.h
 *  The names and shapes of a trajectory file, for its writer and its reader.
 *  Used inside io only.
 */
#ifndef MFRL_SRC_IO_TRAJECTORY_LAYOUT_H
#define MFRL_SRC_IO_TRAJECTORY_LAYOUT_H

#include "h5_virtual.h"
#include "mfrl/io/trajectory.h"

#define MF_TRAJ_AGENTS "/particles/agents/"

/** Where a master of parts has the attribute `parts`: their names. */
#define MF_TRAJ_PARTS_AT "/particles/agents"

/** Frames in a chunk where memory allows. */
enum { MF_TRAJ_CHUNK = 64 };

/** Name of a field: its path is MF_TRAJ_AGENTS, name, "/value". */
const char *mf_traj_name(mf_trajectory_field field);

/** "int32 [3]": what an agent has of it in a frame, for messages. */
const char *mf_traj_element(mf_trajectory_field field);

/** Its dataset, [rows][n] elements, with unit and description.  Returns the
 *  value of an absent agent.  out->path is @p path. */
const void *mf_traj_array(const mf_trajectory_spec *spec,
                          mf_trajectory_field field, uint64_t rows, uint64_t n,
                          char path[MF_PATH], mf_h5_array *out);

/** Elements of an agent and frame, and their bytes. */
uint64_t mf_traj_length(const mf_trajectory_spec *spec,
                        mf_trajectory_field field);
size_t mf_traj_bytes(const mf_trajectory_spec *spec, mf_trajectory_field field);

/** The first field that is recorded: its step and time are the real ones. */
mf_trajectory_field mf_traj_first(const mf_trajectory_spec *spec);

/** Everything of a file that is there before the first frame but the fields:
 *  /h5md, box, id and species of agents [first, last); with @p whole also
 *  walls, lattice and parameters. */
mf_status mf_traj_write_head(mf_h5 *f, const mf_trajectory_spec *spec,
                             uint32_t first, uint32_t last, bool whole);

#endif
