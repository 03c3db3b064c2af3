/** @file h5_file.h
 *  The inside of an mf_h5, shared by the h5_*.c files and metrics.
 */
#ifndef MFRL_SRC_IO_H5_FILE_H
#define MFRL_SRC_IO_H5_FILE_H

#include <hdf5.h>

#include "h5_driver.h"
#include "mfrl/io/h5.h"
#include "mfrl/io/run_files.h"

struct mf_h5 {
    hid_t file;
    mf_h5_disk disk;
    bool writing;
    bool failed; /* a write failed and was reported */
    char path[MF_PATH];
};

/** Report a failure at @p object (NULL = the file) once: what is said, then
 *  the disk's error or HDF5's own text.  To be called before any other HDF5
 *  call, which would clear that text.  MF_ERR_IO if the file is written, else
 *  MF_ERR_FILE. */
mf_status mf_h5_fail(mf_h5 *f, const char *object, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** MF_OK while the file can be written; else its failure, reported once. */
mf_status mf_h5_sound(mf_h5 *f, const char *object);

/** Release an id of any kind (H5I_INVALID_HID is ignored).  Returns @p st if
 *  that is a failure, else how the release went. */
mf_status mf_h5_release(mf_h5 *f, hid_t id, const char *object, mf_status st);

/** Make the groups on the way to @p path; with @p last also path itself. */
mf_status mf_h5_make_groups(mf_h5 *f, const char *path, bool last);

/** How a new dataset lies in the file; {0} is how mf_h5_write does it. */
typedef struct mf_h5_layout {
    const uint64_t *chunk; /* [n_dims]; NULL = rows of about 1 MiB */
    bool grows;            /* the first dimension has no end; needs chunk */
    bool compress;         /* shuffle + gzip 1 */
    const void *fill;      /* one element, for what nobody wrote; NULL = 0 */
} mf_h5_layout;

/** Create a dataset with its attributes; @p layout NULL is {0}.  The caller
 *  releases *out. */
mf_status mf_h5_dataset_create(mf_h5 *f, const mf_h5_array *a,
                               const mf_h5_layout *layout, hid_t *out);

/** As above, with a creation list @p props that is complete but for times. */
mf_status mf_h5_dataset_make(mf_h5 *f, const mf_h5_array *a, bool grows,
                             hid_t props, hid_t *out);

/** HDF5's name of an element type in memory. */
hid_t mf_h5_memory_type(mf_h5_type type);

/** Set a text attribute of an open object. */
mf_status mf_h5_put_text(mf_h5 *f, hid_t id, const char *object,
                         const char *name, const char *value);

#endif
