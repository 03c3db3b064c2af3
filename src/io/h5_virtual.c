#include "h5_virtual.h"

/* One mapping: as many rows as the source has, of its columns. */
static herr_t map(hid_t props, const mf_h5_array *a, const mf_h5_source *s)
{
    const hsize_t one[MF_H5_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    hsize_t start[MF_H5_DIMS] = {0}, count[MF_H5_DIMS], block[MF_H5_DIMS];
    hsize_t dims[MF_H5_DIMS], most[MF_H5_DIMS];
    hid_t from, to;
    herr_t rc = -1;

    for (int d = 0; d < a->n_dims; d++) {
        dims[d] = d == 0 ? 0 : a->dims[d];
        most[d] = count[d] = d == 0 ? H5S_UNLIMITED : 1;
        most[d] = d == 0 ? H5S_UNLIMITED : dims[d];
        block[d] = d == 0 ? 1 : dims[d];
    }
    to = H5Screate_simple(a->n_dims, dims, most);
    dims[1] = most[1] = block[1] = s->n;
    from = H5Screate_simple(a->n_dims, dims, most);
    start[1] = s->first;
    if (to >= 0 && from >= 0 &&
        H5Sselect_hyperslab(to, H5S_SELECT_SET, start, one, count, block) >=
            0) {
        start[1] = 0;
        if (H5Sselect_hyperslab(from, H5S_SELECT_SET, start, one, count,
                                block) >= 0) {
            rc = H5Pset_virtual(props, to, s->file, a->path, from);
        }
    }
    if (to >= 0) {
        H5Sclose(to);
    }
    if (from >= 0) {
        H5Sclose(from);
    }
    return rc;
}

mf_status mf_h5_virtual_create(mf_h5 *f, const mf_h5_array *a, const void *fill,
                               const mf_h5_source *sources, int n)
{
    const hid_t props = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = H5I_INVALID_HID;
    herr_t rc =
        props < 0 ? -1
                  : H5Pset_fill_value(props, mf_h5_memory_type(a->type), fill);
    mf_status st;

    for (int i = 0; i < n && rc >= 0; i++) {
        rc = map(props, a, &sources[i]);
    }
    if (rc < 0) {
        st = mf_h5_fail(f, a->path, "cannot map its sources");
    } else {
        st = mf_h5_dataset_make(f, a, true, props, &dataset);
    }
    if (st == MF_OK) {
        st = mf_h5_release(f, dataset, a->path, st);
    }
    return mf_h5_release(f, props, a->path, st);
}
