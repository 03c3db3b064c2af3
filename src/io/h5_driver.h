/** @file h5_driver.h
 *  HDF5's way to the disk: POSIX calls that remember the first error.
 *
 *  When a write fails under HDF5's own driver, H5Fclose fails too, leaves the
 *  file half-closed, and the program crashes at its end.  This driver tells
 *  HDF5 that all went well, writes nothing more, and keeps the errno for us:
 *  every mf_h5 function looks at it, and mf_h5_close has the last word.
 *  Used inside io only.
 */
#ifndef MFRL_SRC_IO_H5_DRIVER_H
#define MFRL_SRC_IO_H5_DRIVER_H

#include <hdf5.h>

/** What the driver tells about one file. */
typedef struct mf_h5_disk {
    int error; /* errno of the first failure, 0 = none */
} mf_h5_disk;

/** Make files that are opened with the access list @p fapl go through this
 *  driver.  @p disk is borrowed and must outlive the file.  Negative on
 *  failure.  Local. */
herr_t mf_h5_driver_set(hid_t fapl, mf_h5_disk *disk);

#endif
