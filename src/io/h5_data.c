#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "h5_file.h"

/* Disk blocks of this size are read whole even for a few elements, and carry
 * a checksum each. */
enum { CHUNK_BYTES = 1 << 20 };

static const struct {
    const char *name;
    size_t size;
    H5T_class_t class;
    H5T_sign_t sign;
} TYPES[] = {
    [MF_U8] = {"uint8", 1, H5T_INTEGER, H5T_SGN_NONE},
    [MF_U16] = {"uint16", 2, H5T_INTEGER, H5T_SGN_NONE},
    [MF_U32] = {"uint32", 4, H5T_INTEGER, H5T_SGN_NONE},
    [MF_U64] = {"uint64", 8, H5T_INTEGER, H5T_SGN_NONE},
    [MF_I8] = {"int8", 1, H5T_INTEGER, H5T_SGN_2},
    [MF_I32] = {"int32", 4, H5T_INTEGER, H5T_SGN_2},
    [MF_I64] = {"int64", 8, H5T_INTEGER, H5T_SGN_2},
    [MF_F32] = {"float32", 4, H5T_FLOAT, H5T_SGN_ERROR},
    [MF_F64] = {"float64", 8, H5T_FLOAT, H5T_SGN_ERROR},
};
enum { N_TYPES = sizeof(TYPES) / sizeof(TYPES[0]) };

size_t mf_h5_type_size(mf_h5_type type) { return TYPES[type].size; }

hid_t mf_h5_memory_type(mf_h5_type type)
{
    const hid_t ids[] = {
        [MF_U8] = H5T_NATIVE_UINT8,   [MF_U16] = H5T_NATIVE_UINT16,
        [MF_U32] = H5T_NATIVE_UINT32, [MF_U64] = H5T_NATIVE_UINT64,
        [MF_I8] = H5T_NATIVE_INT8,    [MF_I32] = H5T_NATIVE_INT32,
        [MF_I64] = H5T_NATIVE_INT64,  [MF_F32] = H5T_NATIVE_FLOAT,
        [MF_F64] = H5T_NATIVE_DOUBLE,
    };

    return ids[type];
}

static hid_t file_type(mf_h5_type type)
{
    const hid_t ids[] = {
        [MF_U8] = H5T_STD_U8LE,    [MF_U16] = H5T_STD_U16LE,
        [MF_U32] = H5T_STD_U32LE,  [MF_U64] = H5T_STD_U64LE,
        [MF_I8] = H5T_STD_I8LE,    [MF_I32] = H5T_STD_I32LE,
        [MF_I64] = H5T_STD_I64LE,  [MF_F32] = H5T_IEEE_F32LE,
        [MF_F64] = H5T_IEEE_F64LE,
    };

    return ids[type];
}

/* "float32 [3][4]" */
static const char *describe(const mf_h5_array *a, char text[128])
{
    int used = snprintf(text, 128, "%s ", TYPES[a->type].name);

    for (int d = 0; d < a->n_dims && used < 128; d++) {
        used += snprintf(text + used, 128 - (size_t)used, "[%" PRIu64 "]",
                         a->dims[d]);
    }
    if (a->n_dims == 0) {
        snprintf(text + used, 128 - (size_t)used, "number");
    }
    return text;
}

static uint64_t count(const mf_h5_array *a)
{
    uint64_t n = 1;

    for (int d = 0; d < a->n_dims; d++) {
        n *= a->dims[d];
    }
    return n;
}

/* Whole rows of about CHUNK_BYTES: the slowest dimensions are cut first. */
static void pick_chunk(const mf_h5_array *a, hsize_t *chunk)
{
    uint64_t bytes = count(a) * TYPES[a->type].size;

    for (int d = 0; d < a->n_dims; d++) {
        const uint64_t row = bytes / a->dims[d];

        chunk[d] = a->dims[d];
        if (bytes > CHUNK_BYTES) {
            chunk[d] = row >= CHUNK_BYTES ? 1 : CHUNK_BYTES / row;
            bytes = row * chunk[d];
        }
    }
}

/* Chunks and filters.  Single numbers and empty arrays cannot be chunked; they
 * live in the header, which has a checksum as well. */
static herr_t store(const mf_h5_array *a, const mf_h5_layout *l, hid_t props)
{
    hsize_t chunk[MF_H5_DIMS] = {0};

    if (a->n_dims == 0 || (count(a) == 0 && l->chunk == NULL)) {
        return H5Pset_layout(props, H5D_COMPACT);
    }
    if (l->chunk == NULL) {
        pick_chunk(a, chunk);
    }
    for (int d = 0; d < a->n_dims && l->chunk != NULL; d++) {
        chunk[d] = l->chunk[d];
    }
    if (H5Pset_chunk(props, a->n_dims, chunk) < 0 ||
        (l->compress &&
         (H5Pset_shuffle(props) < 0 || H5Pset_deflate(props, 1) < 0))) {
        return -1;
    }
    return H5Pset_fletcher32(props);
}

static mf_status annotate(mf_h5 *f, const mf_h5_array *a, hid_t dataset)
{
    if (a->unit != NULL) {
        MF_TRY(mf_h5_put_text(f, dataset, a->path, "unit", a->unit));
    }
    if (a->description != NULL) {
        MF_TRY(
            mf_h5_put_text(f, dataset, a->path, "description", a->description));
    }
    return MF_OK;
}

mf_status mf_h5_dataset_make(mf_h5 *f, const mf_h5_array *a, bool grows,
                             hid_t props, hid_t *out)
{
    const hid_t type = file_type(a->type);
    hsize_t dims[MF_H5_DIMS] = {0}, most[MF_H5_DIMS] = {0};
    hid_t space = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    mf_status st;

    MF_TRY(mf_h5_sound(f, a->path));
    MF_TRY(mf_h5_make_groups(f, a->path, false));
    for (int d = 0; d < a->n_dims; d++) {
        dims[d] = a->dims[d];
        most[d] = d == 0 && grows ? H5S_UNLIMITED : a->dims[d];
    }
    space = a->n_dims == 0 ? H5Screate(H5S_SCALAR)
                           : H5Screate_simple(a->n_dims, dims, most);
    if (space < 0 || H5Pset_obj_track_times(props, false) < 0) {
        st = mf_h5_fail(f, a->path, "HDF5 property lists");
    } else {
        dataset = H5Dcreate2(f->file, a->path, type, space, H5P_DEFAULT, props,
                             H5P_DEFAULT);
        st = dataset < 0 ? mf_h5_fail(f, a->path, "cannot create dataset")
                         : annotate(f, a, dataset);
    }
    st = mf_h5_release(f, space, a->path, st);
    if (st != MF_OK) {
        return mf_h5_release(f, dataset, a->path, st);
    }
    *out = dataset;
    return MF_OK;
}

mf_status mf_h5_dataset_create(mf_h5 *f, const mf_h5_array *a,
                               const mf_h5_layout *layout, hid_t *out)
{
    const mf_h5_layout plain = {0}, *l = layout != NULL ? layout : &plain;
    const hid_t props = H5Pcreate(H5P_DATASET_CREATE);
    mf_status st;

    if (props < 0 || store(a, l, props) < 0 ||
        (l->fill != NULL &&
         H5Pset_fill_value(props, mf_h5_memory_type(a->type), l->fill) < 0)) {
        st = mf_h5_fail(f, a->path, "HDF5 property lists");
    } else {
        st = mf_h5_dataset_make(f, a, l->grows, props, out);
    }
    return mf_h5_release(f, props, a->path, st);
}

mf_status mf_h5_write(mf_h5 *f, const mf_h5_array *a, const void *data)
{
    mf_status st = MF_OK;
    hid_t dataset;

    MF_TRY(mf_h5_dataset_create(f, a, NULL, &dataset));
    if (count(a) > 0 && H5Dwrite(dataset, mf_h5_memory_type(a->type), H5S_ALL,
                                 H5S_ALL, H5P_DEFAULT, data) < 0) {
        st = mf_h5_fail(f, a->path, "cannot write");
    }
    st = mf_h5_release(f, dataset, a->path, st);
    return st != MF_OK ? st : mf_h5_sound(f, a->path);
}

/* Type of an open dataset as one of ours, or -1. */
static int known_type(hid_t dataset)
{
    const hid_t t = H5Dget_type(dataset);
    const H5T_class_t class = t < 0 ? H5T_NO_CLASS : H5Tget_class(t);
    const size_t size = t < 0 ? 0 : H5Tget_size(t);
    const H5T_sign_t sign =
        class == H5T_INTEGER ? H5Tget_sign(t) : H5T_SGN_ERROR;
    int found = -1;

    for (int i = 0; i < (int)N_TYPES; i++) {
        if (TYPES[i].class == class && TYPES[i].size == size &&
            TYPES[i].sign == sign) {
            found = i;
        }
    }
    if (t >= 0) {
        H5Tclose(t);
    }
    return found;
}

/* True if it is a view of other files, of which we read none: foreign ones may
 * go round in circles. */
static bool is_view(hid_t dataset)
{
    const hid_t props = H5Dget_create_plist(dataset);
    const H5D_layout_t layout =
        props < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(props);

    if (props >= 0) {
        H5Pclose(props);
    }
    return layout == H5D_VIRTUAL;
}

static mf_status open_dataset(mf_h5 *f, const char *path, hid_t *dataset,
                              mf_h5_array *out)
{
    hsize_t dims[MF_H5_DIMS];
    hid_t space;
    int type;
    bool there;

    *out = (mf_h5_array){.path = path};
    MF_TRY(mf_h5_has(f, path, &there));
    if (!there) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, path, "there is no such dataset");
    }
    *dataset = H5Dopen2(f->file, path, H5P_DEFAULT);
    if (*dataset < 0) {
        return mf_h5_fail(f, path, "cannot open dataset");
    }
    if (is_view(*dataset)) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_release(
            f, *dataset, path,
            mf_h5_fail(f, path, "a view of other files is not expected"));
    }
    space = H5Dget_space(*dataset);
    out->n_dims = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (out->n_dims < 0 || out->n_dims > MF_H5_DIMS ||
        H5Sget_simple_extent_dims(space, dims, NULL) < 0) {
        const mf_status st = mf_h5_fail(f, path, "shape cannot be used");

        mf_h5_release(f, space, path, st);
        return mf_h5_release(f, *dataset, path, st);
    }
    for (int d = 0; d < out->n_dims; d++) {
        out->dims[d] = dims[d];
    }
    H5Sclose(space);
    type = known_type(*dataset);
    if (type < 0) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_release(
            f, *dataset, path,
            mf_h5_fail(f, path, "neither an integer nor a float array"));
    }
    out->type = (mf_h5_type)type;
    return MF_OK;
}

mf_status mf_h5_shape(mf_h5 *f, const char *path, mf_h5_array *out)
{
    mf_h5_array found;
    hid_t dataset;

    MF_TRY(open_dataset(f, path, &dataset, &found));
    MF_TRY(mf_h5_release(f, dataset, path, MF_OK));
    *out = found;
    return MF_OK;
}

mf_status mf_h5_stored(mf_h5 *f, const char *path, uint64_t *bytes)
{
    mf_h5_array found;
    hid_t dataset;

    MF_TRY(open_dataset(f, path, &dataset, &found));
    *bytes = H5Dget_storage_size(dataset);
    return mf_h5_release(f, dataset, path, MF_OK);
}

/* True if the part that is asked for lies in what was found. */
static bool fits(const mf_h5_array *a, const uint64_t *start,
                 const mf_h5_array *found)
{
    if (a->type != found->type || a->n_dims != found->n_dims) {
        return false;
    }
    for (int d = 0; d < a->n_dims; d++) {
        const uint64_t first = start == NULL ? 0 : start[d];

        if (start == NULL ? a->dims[d] != found->dims[d]
                          : first > found->dims[d] ||
                                a->dims[d] > found->dims[d] - first) {
            return false;
        }
    }
    return true;
}

/* Read the selected part: from start, or all. */
static mf_status fill(mf_h5 *f, const mf_h5_array *a, const uint64_t *start,
                      hid_t dataset, void *data)
{
    hid_t part = H5S_ALL, dense = H5S_ALL;
    mf_status st = MF_OK;

    if (start != NULL && a->n_dims > 0) {
        hsize_t first[MF_H5_DIMS], dims[MF_H5_DIMS];

        for (int d = 0; d < a->n_dims; d++) {
            first[d] = start[d];
            dims[d] = a->dims[d];
        }
        part = H5Dget_space(dataset);
        dense = H5Screate_simple(a->n_dims, dims, NULL);
        if (part < 0 || dense < 0 ||
            H5Sselect_hyperslab(part, H5S_SELECT_SET, first, NULL, dims, NULL) <
                0) {
            st = mf_h5_fail(f, a->path, "cannot select a part");
        }
    }
    if (st == MF_OK && H5Dread(dataset, mf_h5_memory_type(a->type), dense, part,
                               H5P_DEFAULT, data) < 0) {
        st = mf_h5_fail(f, a->path, "damaged");
    }
    if (part != H5S_ALL) {
        st = mf_h5_release(f, part, a->path, st);
        st = mf_h5_release(f, dense, a->path, st);
    }
    return st;
}

static mf_status read_from(mf_h5 *f, const mf_h5_array *a,
                           const uint64_t *start, void *data)
{
    char want[128], have[128];
    mf_h5_array found;
    mf_status st = MF_OK;
    hid_t dataset;

    MF_TRY(open_dataset(f, a->path, &dataset, &found));
    if (!fits(a, start, &found)) {
        H5Eclear2(H5E_DEFAULT);
        st = mf_h5_fail(f, a->path, "expected %s%s, found %s",
                        start != NULL ? "a part of " : "", describe(a, want),
                        describe(&found, have));
    } else if (count(a) > 0) {
        st = fill(f, a, start, dataset, data);
    }
    return mf_h5_release(f, dataset, a->path, st);
}

mf_status mf_h5_read(mf_h5 *f, const mf_h5_array *a, void *data)
{
    return read_from(f, a, NULL, data);
}

mf_status mf_h5_read_part(mf_h5 *f, const mf_h5_array *a, const uint64_t *start,
                          void *data)
{
    return read_from(f, a, start, data);
}
