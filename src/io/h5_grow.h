/** @file h5_grow.h
 *  Datasets that grow while others read them (SWMR).  Used inside io only.
 *
 *  create the file -> mf_h5_series_create ... -> mf_h5_go_live
 *                  -> { mf_h5_series_write ..., mf_h5_flush } * -> close
 */
#ifndef MFRL_SRC_IO_H5_GROW_H
#define MFRL_SRC_IO_H5_GROW_H

#include "h5_file.h"

/** A dataset that is kept open: rows along its first dimension. */
typedef struct mf_h5_series {
    hid_t id;
    mf_h5_type type;
    int n_dims;
    hsize_t dims[MF_H5_DIMS]; /* as it is now: dims[0] = rows */
    char name[128];           /* for messages; cut if longer */
} mf_h5_series;

/** Create the dataset @p a, at first with a->dims[0] rows nobody wrote. */
mf_status mf_h5_series_create(mf_h5 *f, const mf_h5_array *a,
                              const mf_h5_layout *layout, mf_h5_series *out);

/** Write the rows [first, first + n), new ones or again.  A row that was
 *  never written reads as the fill value.  Rows of a compressed chunk that
 *  was already flushed cost its old space in the file. */
mf_status mf_h5_series_write(mf_h5 *f, mf_h5_series *s, uint64_t first,
                             uint64_t n, const void *data);

/** Close it; one that was never created (id H5I_INVALID_HID) is ignored.
 *  Returns as mf_h5_release. */
mf_status mf_h5_series_close(mf_h5 *f, mf_h5_series *s, mf_status st);

/** Let readers in (mf_h5_open_live): from here on a kill leaves a readable
 *  file, and nothing more can be created in it. */
mf_status mf_h5_go_live(mf_h5 *f);

/** A second name, @p path, for the dataset @p old. */
mf_status mf_h5_link(mf_h5 *f, const char *old, const char *path);

#endif
