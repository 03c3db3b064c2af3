/** @file inspect.h
 *  What an HDF5 file of this program is and how it was left.
 */
#ifndef MFRL_IO_INSPECT_H
#define MFRL_IO_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"

typedef enum mf_file_kind {
    MF_FILE_TRAJECTORY, /* mf_trajectory_open takes it */
    MF_FILE_PART,       /* of a trajectory that several ranks wrote */
    MF_FILE_POLICY,     /* net.h5 */
    MF_FILE_METRICS,
    MF_FILE_REPLAY, /* of a checkpoint: replay-*.h5, contexts.h5 */
    MF_FILE_WORLD,  /* of a checkpoint: world-*.h5 */
    MF_FILE_OTHER
} mf_file_kind;

typedef struct mf_file_facts {
    mf_file_kind kind;
    const char *what; /* the kind in words: "the metrics of a run" */
    uint64_t bytes;
    bool unfinished; /* not closed by its writer: HDF5's flags are set */
    bool running;    /* unfinished, and its run has the run directory still */
} mf_file_facts;

/** Look at a file.  MF_ERR_FILE, one line, if it cannot be read as HDF5.
 *  Local. */
mf_status mf_file_inspect(const char *path, mf_file_facts *out);

#endif
