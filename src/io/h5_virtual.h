/** @file h5_virtual.h
 *  Virtual datasets: columns of several files seen as one.  Used inside io
 *  only.
 *
 *  They are for other programs.  We write them and never read them, because
 *  of what HDF5 1.10.8 makes of them (measured):
 *  - A source that is missing, damaged or open in another mode is no error:
 *    its part reads as the fill value.
 *  - The list of sources has no checksum.  One flipped bit in it, and opening
 *    the dataset overruns a buffer and ends the program.
 *  - The sources are opened as the master is.  While any source is written,
 *    or was left by a killed writer, only SWMR reading (h5py: swmr=True) sees
 *    it.
 *  - The master is as long as the longest source, also with the access
 *    property H5D_VDS_FIRST_MISSING.
 *  - A file name is looked up beside the master and then in the working
 *    directory.
 */
#ifndef MFRL_SRC_IO_H5_VIRTUAL_H
#define MFRL_SRC_IO_H5_VIRTUAL_H

#include "h5_file.h"

/** The columns [first, first + n) are in @p file (beside the master, without
 *  directory), in the dataset of the same path. */
typedef struct mf_h5_source {
    const char *file;
    uint64_t first, n;
} mf_h5_source;

/** Create the dataset @p a, rows without end, from columns (the second
 *  dimension) of @p sources, which need not exist yet.  @p fill as in
 *  mf_h5_layout. */
mf_status mf_h5_virtual_create(mf_h5 *f, const mf_h5_array *a, const void *fill,
                               const mf_h5_source *sources, int n);

#endif
