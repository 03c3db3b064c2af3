#include "h5_grow.h"

#include <stdio.h>

mf_status mf_h5_series_create(mf_h5 *f, const mf_h5_array *a,
                              const mf_h5_layout *layout, mf_h5_series *out)
{
    hid_t id;

    out->id = H5I_INVALID_HID;
    MF_TRY(mf_h5_dataset_create(f, a, layout, &id));
    out->id = id;
    out->type = a->type;
    out->n_dims = a->n_dims;
    for (int d = 0; d < a->n_dims; d++) {
        out->dims[d] = a->dims[d];
    }
    snprintf(out->name, sizeof(out->name), "%s", a->path);
    return MF_OK;
}

mf_status mf_h5_series_write(mf_h5 *f, mf_h5_series *s, uint64_t first,
                             uint64_t n, const void *data)
{
    hid_t where = H5I_INVALID_HID, block = H5I_INVALID_HID;
    hsize_t start[MF_H5_DIMS] = {first}, part[MF_H5_DIMS];
    mf_status st = MF_OK;

    MF_TRY(mf_h5_sound(f, s->name));
    for (int d = 0; d < s->n_dims; d++) {
        part[d] = d == 0 ? n : s->dims[d];
    }
    if (n > 0 && first + n > s->dims[0]) {
        s->dims[0] = first + n;
        if (H5Dset_extent(s->id, s->dims) < 0) {
            return mf_h5_fail(f, s->name, "cannot grow");
        }
    }
    if (n > 0 && ((where = H5Dget_space(s->id)) < 0 ||
                  (block = H5Screate_simple(s->n_dims, part, NULL)) < 0 ||
                  H5Sselect_hyperslab(where, H5S_SELECT_SET, start, NULL, part,
                                      NULL) < 0 ||
                  H5Dwrite(s->id, mf_h5_memory_type(s->type), block, where,
                           H5P_DEFAULT, data) < 0)) {
        st = mf_h5_fail(f, s->name, "cannot write");
    }
    st = mf_h5_release(f, where, s->name, st);
    st = mf_h5_release(f, block, s->name, st);
    return st != MF_OK ? st : mf_h5_sound(f, s->name);
}

mf_status mf_h5_series_close(mf_h5 *f, mf_h5_series *s, mf_status st)
{
    const hid_t id = s->id;

    s->id = H5I_INVALID_HID;
    return mf_h5_release(f, id, s->name, st);
}

mf_status mf_h5_go_live(mf_h5 *f)
{
    /* HDF5 reads back what it has written here; on a disk that took nothing
     * it would trip over that, and lose memory. */
    MF_TRY(mf_h5_flush(f));
    if (H5Fstart_swmr_write(f->file) < 0) {
        return mf_h5_fail(f, NULL, "cannot start SWMR mode");
    }
    return mf_h5_flush(f);
}

mf_status mf_h5_link(mf_h5 *f, const char *old, const char *path)
{
    MF_TRY(mf_h5_sound(f, path));
    MF_TRY(mf_h5_make_groups(f, path, false));
    if (H5Lcreate_hard(f->file, old, f->file, path, H5P_DEFAULT, H5P_DEFAULT) <
        0) {
        return mf_h5_fail(f, path, "cannot link");
    }
    return MF_OK;
}
