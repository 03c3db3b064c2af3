/** @file repair.h
 *  Make a trajectory whole that its writer did not close.
 */
#ifndef MFRL_IO_REPAIR_H
#define MFRL_IO_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"

typedef struct mf_repaired {
    bool needed;     /* false: all was well, nothing was touched */
    uint64_t frames; /* that it has now */
    uint64_t cut;    /* rows that some dataset had beyond them, at most */
    int files;       /* that were written anew: the file and its parts */
} mf_repaired;

/** Copy the trajectory @p path, and its parts, without HDF5's marks of an open
 *  file, every dataset that grows by frames cut to those that all have; check
 *  the copies; put them in place of the files.  Each of these appears whole or
 *  not at all, and it can be done again if it was interrupted.  MF_ERR_FILE if
 *  it cannot be read, MF_ERR_IO, MF_ERR_USAGE if its run goes on; nothing was
 *  changed then.  Local. */
mf_status mf_trajectory_repair(const char *path, mf_repaired *out);

#endif
