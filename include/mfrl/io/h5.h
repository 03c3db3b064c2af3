/** @file h5.h
 *  Checked HDF5: whole arrays and attributes in, the same ones out.
 *
 *  Files are in the newest format, whose metadata have checksums; arrays are
 *  chunked with Fletcher32 and not compressed, so that a flipped bit is found
 *  on reading.  The same calls give the same bytes: no times are stored.
 *
 *  Paths are absolute ("/table/q"); groups on the way are made on demand.
 *  HDF5 prints nothing itself: each failure is one line of ours that names
 *  file, object, and what was expected and found.  Reading fails with
 *  MF_ERR_FILE, writing with MF_ERR_IO.  After one failed write the file is
 *  lost: every later call and the close fail too, without another line.
 *
 *  All functions are Local; a handle is used by the thread that made it.
 */
#ifndef MFRL_IO_H5_H
#define MFRL_IO_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"

enum { MF_H5_DIMS = 8 };

typedef enum mf_h5_type {
    MF_U8,
    MF_U16,
    MF_U32,
    MF_U64,
    MF_I8,
    MF_I32,
    MF_I64,
    MF_F32,
    MF_F64
} mf_h5_type;

/** Name, element type and shape of an array, row-major. */
typedef struct mf_h5_array {
    const char *path;
    mf_h5_type type;
    int n_dims; /* 0 = a single number */
    uint64_t dims[MF_H5_DIMS];
    const char *unit;        /* attributes for whoever opens the file; */
    const char *description; /* NULL = none; ignored on reading */
} mf_h5_array;

typedef struct mf_h5 mf_h5;

/** "1.10.8": the library that is used. */
void mf_h5_version(char *out, size_t size);

/** Bytes of one element. */
size_t mf_h5_type_size(mf_h5_type type);

/** Create @p path, or empty it if it exists.  MF_ERR_IO. */
mf_status mf_h5_create(const char *path, mf_h5 **out);

/** Open for reading.  A file that is missing, damaged, foreign or being
 *  written is MF_ERR_FILE. */
mf_status mf_h5_open(const char *path, mf_h5 **out);

/** As mf_h5_open, for files written live (SWMR: metrics, trajectories), also
 *  while the writer runs or after it was killed. */
mf_status mf_h5_open_live(const char *path, mf_h5 **out);

/** Write out all buffers. */
mf_status mf_h5_flush(mf_h5 *f);

/** Close and set *f to NULL; NULL is ignored.  A file that was written is
 *  good only if this returns MF_OK: buffers reach the disk here. */
mf_status mf_h5_close(mf_h5 **f);

/** Create the dataset @p a and write it from @p data. */
mf_status mf_h5_write(mf_h5 *f, const mf_h5_array *a, const void *data);

/** Read the whole dataset, which must have the type and the shape of @p a. */
mf_status mf_h5_read(mf_h5 *f, const mf_h5_array *a, void *data);

/** Read the part [start, start + a->dims) of a dataset with a->n_dims
 *  dimensions, densely into @p data. */
mf_status mf_h5_read_part(mf_h5 *f, const mf_h5_array *a, const uint64_t *start,
                          void *data);

/** Type and shape of a dataset; out->path borrows @p path. */
mf_status mf_h5_shape(mf_h5 *f, const char *path, mf_h5_array *out);

/** Bytes of a dataset's elements on the disk. */
mf_status mf_h5_stored(mf_h5 *f, const char *path, uint64_t *bytes);

/** Is there a dataset or group @p path?  A failure if damage hides it. */
mf_status mf_h5_has(mf_h5 *f, const char *path, bool *there);

/** Attach a new attribute to the dataset or group @p path ("/" is the file),
 *  which becomes a group if it does not exist. */
mf_status mf_h5_set_text(mf_h5 *f, const char *path, const char *name,
                         const char *value);
mf_status mf_h5_set_int(mf_h5 *f, const char *path, const char *name,
                        int64_t value);
mf_status mf_h5_set_real(mf_h5 *f, const char *path, const char *name,
                         double value);
mf_status mf_h5_set_ints(mf_h5 *f, const char *path, const char *name,
                         const int64_t *values, size_t n);

mf_status mf_h5_set_texts(mf_h5 *f, const char *path, const char *name,
                          const char *const *values, size_t n);

/** Read an attribute.  Its kind and, for mf_h5_get_ints, its length must be
 *  as asked for.  *value of a text is released with mf_free; so is
 *  *values of texts, which has all *n of them in one block. */
mf_status mf_h5_get_text(mf_h5 *f, const char *path, const char *name,
                         char **value);
mf_status mf_h5_get_int(mf_h5 *f, const char *path, const char *name,
                        int64_t *value);
mf_status mf_h5_get_real(mf_h5 *f, const char *path, const char *name,
                         double *value);
mf_status mf_h5_get_ints(mf_h5 *f, const char *path, const char *name,
                         int64_t *values, size_t n);
mf_status mf_h5_get_texts(mf_h5 *f, const char *path, const char *name,
                          char ***values, size_t *n);

/** Has the dataset or group @p path an attribute @p name?  Not if there is no
 *  @p path. */
mf_status mf_h5_has_attr(mf_h5 *f, const char *path, const char *name,
                         bool *there);

/** The names in the group @p path, sorted; none if there is no such group.
 *  *names has all *n of them in one block, released with mf_free. */
mf_status mf_h5_members(mf_h5 *f, const char *path, char ***names, size_t *n);

#endif
