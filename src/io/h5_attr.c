#include <string.h>

#include "h5_file.h"
#include "mfrl/base/mem.h"

/* Write a new attribute of an open object; type and space are released. */
static mf_status put(mf_h5 *f, hid_t id, const char *object, const char *name,
                     hid_t type, hid_t memory, hid_t space, const void *data)
{
    mf_status st = MF_OK;
    const hid_t attr =
        H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

    if (attr < 0 || H5Awrite(attr, memory, data) < 0) {
        st = mf_h5_fail(f, object, "cannot write attribute %s", name);
    }
    st = mf_h5_release(f, attr, object, st);
    st = mf_h5_release(f, space, object, st);
    return st != MF_OK ? st : mf_h5_sound(f, object);
}

mf_status mf_h5_put_text(mf_h5 *f, hid_t id, const char *object,
                         const char *name, const char *value)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    mf_status st;

    /* Of fixed length: texts of variable length have no checksum. */
    if (type < 0 || H5Tset_size(type, strlen(value) + 1) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        st = mf_h5_fail(f, object, "cannot write attribute %s", name);
    } else {
        st = put(f, id, object, name, type, type, H5Screate(H5S_SCALAR), value);
    }
    return mf_h5_release(f, type, object, st);
}

/* Open an object for a new attribute; make it a group if it is not there. */
static mf_status open_target(mf_h5 *f, const char *path, hid_t *id)
{
    MF_TRY(mf_h5_sound(f, path));
    MF_TRY(mf_h5_make_groups(f, path, true));
    *id = H5Oopen(f->file, path, H5P_DEFAULT);
    return *id < 0 ? mf_h5_fail(f, path, "cannot open") : MF_OK;
}

mf_status mf_h5_set_text(mf_h5 *f, const char *path, const char *name,
                         const char *value)
{
    hid_t id;

    MF_TRY(open_target(f, path, &id));
    return mf_h5_release(f, id, path, mf_h5_put_text(f, id, path, name, value));
}

mf_status mf_h5_set_texts(mf_h5 *f, const char *path, const char *name,
                          const char *const *values, size_t n)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hsize_t dims = n;
    size_t width = 1;
    char *block = NULL;
    hid_t id = H5I_INVALID_HID;
    mf_status st;

    for (size_t i = 0; i < n; i++) {
        width = strlen(values[i]) + 1 > width ? strlen(values[i]) + 1 : width;
    }
    MF_TRY_OR(end, mf_alloc(n, width, name, &block));
    for (size_t i = 0; i < n; i++) {
        strcpy(block + i * width, values[i]);
    }
    MF_TRY_OR(end, open_target(f, path, &id));
    if (type < 0 || H5Tset_size(type, width) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        st = mf_h5_fail(f, path, "cannot write attribute %s", name);
    } else {
        st = put(f, id, path, name, type, type,
                 H5Screate_simple(1, &dims, NULL), block);
    }
end:
    mf_free(&block);
    st = mf_h5_release(f, id, path, st);
    return mf_h5_release(f, type, path, st);
}

static mf_status set_numbers(mf_h5 *f, const char *path, const char *name,
                             hid_t type, hid_t memory, hid_t space,
                             const void *data)
{
    mf_status st;
    hid_t id;

    st = open_target(f, path, &id);
    if (st != MF_OK) {
        return mf_h5_release(f, space, path, st);
    }
    return mf_h5_release(f, id, path,
                         put(f, id, path, name, type, memory, space, data));
}

mf_status mf_h5_set_int(mf_h5 *f, const char *path, const char *name,
                        int64_t value)
{
    return set_numbers(f, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64,
                       H5Screate(H5S_SCALAR), &value);
}

mf_status mf_h5_set_real(mf_h5 *f, const char *path, const char *name,
                         double value)
{
    return set_numbers(f, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                       H5Screate(H5S_SCALAR), &value);
}

mf_status mf_h5_set_ints(mf_h5 *f, const char *path, const char *name,
                         const int64_t *values, size_t n)
{
    const hsize_t dims = n;

    return set_numbers(f, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64,
                       H5Screate_simple(1, &dims, NULL), values);
}

/* Open an attribute with its type and number of elements. */
static mf_status open_attr(mf_h5 *f, const char *path, const char *name,
                           hid_t *attr, hid_t *type, uint64_t *n)
{
    mf_status st = MF_OK;
    hid_t space;
    hssize_t points;
    bool there;

    *attr = *type = H5I_INVALID_HID;
    *n = 0;
    MF_TRY(mf_h5_has_attr(f, path, name, &there));
    if (!there) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, path, "there is no attribute %s", name);
    }
    *attr = H5Aopen_by_name(f->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (*attr < 0) {
        return mf_h5_fail(f, path, "cannot open attribute %s", name);
    }
    *type = H5Aget_type(*attr);
    space = H5Aget_space(*attr);
    points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (*type < 0 || points < 0) {
        st = mf_h5_fail(f, path, "damaged attribute %s", name);
    }
    st = mf_h5_release(f, space, path, st);
    if (st != MF_OK) {
        st = mf_h5_release(f, *type, path, st);
        return mf_h5_release(f, *attr, path, st);
    }
    *n = (uint64_t)points;
    return MF_OK;
}

static mf_status get_numbers(mf_h5 *f, const char *path, const char *name,
                             H5T_class_t class, hid_t memory, void *out,
                             size_t n)
{
    hid_t attr, type;
    uint64_t found;
    mf_status st = MF_OK;

    MF_TRY(open_attr(f, path, name, &attr, &type, &found));
    if (H5Tget_class(type) != class || found != n) {
        H5Eclear2(H5E_DEFAULT);
        st = mf_h5_fail(f, path, "attribute %s: expected %zu %s, found %llu %s",
                        name, n, class == H5T_INTEGER ? "integers" : "reals",
                        (unsigned long long)found,
                        H5Tget_class(type) == class ? "of these"
                                                    : "of another kind");
    } else if (n > 0 && H5Aread(attr, memory, out) < 0) {
        st = mf_h5_fail(f, path, "damaged attribute %s", name);
    }
    st = mf_h5_release(f, type, path, st);
    return mf_h5_release(f, attr, path, st);
}

mf_status mf_h5_get_int(mf_h5 *f, const char *path, const char *name,
                        int64_t *value)
{
    return get_numbers(f, path, name, H5T_INTEGER, H5T_NATIVE_INT64, value, 1);
}

mf_status mf_h5_get_real(mf_h5 *f, const char *path, const char *name,
                         double *value)
{
    return get_numbers(f, path, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value, 1);
}

mf_status mf_h5_get_ints(mf_h5 *f, const char *path, const char *name,
                         int64_t *values, size_t n)
{
    return get_numbers(f, path, name, H5T_INTEGER, H5T_NATIVE_INT64, values, n);
}

/* Other programs write texts of variable length. */
static mf_status read_variable(mf_h5 *f, const char *path, const char *name,
                               hid_t attr, hid_t type, char **value)
{
    char *text = NULL;
    mf_status st;

    if (H5Aread(attr, type, &text) < 0 || text == NULL) {
        return mf_h5_fail(f, path, "damaged attribute %s", name);
    }
    st = mf_alloc(strlen(text) + 1, 1, name, value);
    if (st == MF_OK) {
        strcpy(*value, text);
    }
    H5free_memory(text);
    return st;
}

static mf_status read_fixed(mf_h5 *f, const char *path, const char *name,
                            hid_t attr, hid_t type, char **value)
{
    MF_TRY(mf_alloc(H5Tget_size(type) + 1, 1, name, value));
    if (H5Aread(attr, type, *value) < 0) {
        mf_free(value);
        return mf_h5_fail(f, path, "damaged attribute %s", name);
    }
    return MF_OK;
}

mf_status mf_h5_get_text(mf_h5 *f, const char *path, const char *name,
                         char **value)
{
    hid_t attr, type;
    uint64_t n;
    mf_status st;

    *value = NULL;
    MF_TRY(open_attr(f, path, name, &attr, &type, &n));
    if (H5Tget_class(type) != H5T_STRING || n != 1) {
        H5Eclear2(H5E_DEFAULT);
        st = mf_h5_fail(f, path, "attribute %s: expected one text", name);
    } else if (H5Tis_variable_str(type) > 0) {
        st = read_variable(f, path, name, attr, type, value);
    } else {
        st = read_fixed(f, path, name, attr, type, value);
    }
    st = mf_h5_release(f, type, path, st);
    return mf_h5_release(f, attr, path, st);
}

/* Texts of one width into a block of n pointers and the bytes behind them. */
static mf_status read_list(mf_h5 *f, const char *path, const char *name,
                           hid_t attr, hid_t type, size_t n, char ***values)
{
    const size_t size = H5Tget_size(type);
    char *raw = NULL;
    mf_status st;

    if (size == 0 || n > SIZE_MAX / 2 / (size + 1 + sizeof(**values))) {
        return mf_h5_fail(f, path, "damaged attribute %s", name);
    }
    MF_TRY(mf_alloc(n, size, name, &raw));
    st = mf_alloc(n * (sizeof(**values) + size + 1), 1, name, values);
    if (st == MF_OK && n > 0 && H5Aread(attr, type, raw) < 0) {
        st = mf_h5_fail(f, path, "damaged attribute %s", name);
        mf_free(values);
    }
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        (*values)[i] = (char *)(*values + n) + i * (size + 1);
        memcpy((*values)[i], raw + i * size, size);
    }
    mf_free(&raw);
    return st;
}

/* The same for texts of variable length, which HDF5 allocates one by one. */
static mf_status read_variable_list(mf_h5 *f, const char *path,
                                    const char *name, hid_t attr, hid_t type,
                                    size_t n, char ***values)
{
    const hid_t space = H5Aget_space(attr);
    size_t size = 0;
    char **raw, *at;
    mf_status st;

    MF_TRY(mf_alloc(n, sizeof(*raw), name, &raw));
    if (space < 0 || H5Aread(attr, type, raw) < 0) {
        mf_free(&raw);
        return mf_h5_release(f, space, path,
                             mf_h5_fail(f, path, "damaged attribute %s", name));
    }
    for (size_t i = 0; i < n; i++) {
        size += (raw[i] != NULL ? strlen(raw[i]) : 0) + 1;
    }
    st = mf_alloc(n * sizeof(**values) + size, 1, name, values);
    at = st == MF_OK ? (char *)(*values + n) : NULL;
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        (*values)[i] = at;
        at = stpcpy(at, raw[i] != NULL ? raw[i] : "") + 1;
    }
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    mf_free(&raw);
    return mf_h5_release(f, space, path, st);
}

mf_status mf_h5_get_texts(mf_h5 *f, const char *path, const char *name,
                          char ***values, size_t *n)
{
    hid_t attr, type;
    uint64_t found;
    mf_status st;

    *values = NULL;
    MF_TRY(open_attr(f, path, name, &attr, &type, &found));
    if (H5Tget_class(type) != H5T_STRING) {
        H5Eclear2(H5E_DEFAULT);
        st = mf_h5_fail(f, path, "attribute %s: expected texts", name);
    } else if (H5Tis_variable_str(type) > 0) {
        st = read_variable_list(f, path, name, attr, type, found, values);
    } else {
        st = read_list(f, path, name, attr, type, found, values);
    }
    *n = st == MF_OK ? found : 0;
    st = mf_h5_release(f, type, path, st);
    return mf_h5_release(f, attr, path, st);
}
