#include "mfrl/io/h5.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "h5_file.h"
#include "mfrl/base/mem.h"

/* A live reader that meets half-written metadata tries again, and waits twice
 * as long each time, from 1 ns.  HDF5's own 100 attempts would take for ever
 * on a file that is damaged; these take 17 ms. */
enum { TEXT = 256, ATTEMPTS = 24 };

void mf_h5_version(char *out, size_t size)
{
    unsigned major, minor, release;

    H5get_libversion(&major, &minor, &release);
    snprintf(out, size, "%u.%u.%u", major, minor, release);
}

/* Called for each entry of HDF5's error stack, the innermost first. */
static herr_t take_first(unsigned n, const H5E_error2_t *e, void *text)
{
    if (n == 0 && e->desc != NULL) {
        snprintf(text, TEXT, "%s", e->desc);
    }
    return 0;
}

mf_status mf_h5_fail(mf_h5 *f, const char *object, const char *fmt, ...)
{
    const mf_status code = f->writing ? MF_ERR_IO : MF_ERR_FILE;
    char cause[TEXT] = "";
    char what[TEXT];
    va_list ap;

    if (f->disk.error == EWOULDBLOCK) {
        snprintf(cause, sizeof(cause), "another process is using it");
    } else if (f->disk.error != 0) {
        snprintf(cause, sizeof(cause), "%s", strerror(f->disk.error));
    } else {
        H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, cause);
    }
    if (f->writing && f->failed) {
        return code;
    }
    f->failed = true;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return MF_FAIL(code, "%s: %s%s%s%s%s", f->path,
                   object != NULL ? object : "", object != NULL ? ": " : "",
                   what, cause[0] != '\0' ? ": " : "", cause);
}

mf_status mf_h5_sound(mf_h5 *f, const char *object)
{
    if (f->failed && f->writing) {
        return MF_ERR_IO;
    }
    if (f->disk.error != 0) {
        return mf_h5_fail(f, object, "cannot write");
    }
    return MF_OK;
}

mf_status mf_h5_release(mf_h5 *f, hid_t id, const char *object, mf_status st)
{
    herr_t rc = 0;

    switch (H5Iget_type(id)) {
    case H5I_DATASET:
        rc = H5Dclose(id);
        break;
    case H5I_GROUP:
        rc = H5Gclose(id);
        break;
    case H5I_ATTR:
        rc = H5Aclose(id);
        break;
    case H5I_DATASPACE:
        rc = H5Sclose(id);
        break;
    case H5I_DATATYPE:
        rc = H5Tclose(id);
        break;
    case H5I_GENPROP_LST:
        rc = H5Pclose(id);
        break;
    default: /* H5I_INVALID_HID */
        break;
    }
    return rc < 0 && st == MF_OK ? mf_h5_fail(f, object, "cannot close") : st;
}

/* Call what opens the file with property lists as all our files have them. */
static mf_status open_file(mf_h5 *f, bool live)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const hid_t create = H5Pcreate(H5P_FILE_CREATE);
    mf_status st = MF_OK;

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (access < 0 || create < 0 || mf_h5_driver_set(access, &f->disk) < 0 ||
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) <
            0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
        H5Pset_metadata_read_attempts(access, live ? ATTEMPTS : 1) < 0 ||
        H5Pset_obj_track_times(create, false) < 0) {
        st = mf_h5_fail(f, NULL, "HDF5 property lists");
    } else if (f->writing) {
        f->file = H5Fcreate(f->path, H5F_ACC_TRUNC, create, access);
        if (f->file < 0) {
            st = mf_h5_fail(f, NULL, "cannot create");
        }
    } else {
        f->file = H5Fopen(
            f->path, H5F_ACC_RDONLY | (live ? H5F_ACC_SWMR_READ : 0u), access);
        if (f->file < 0) {
            st =
                mf_h5_fail(f, NULL,
                           f->disk.error != 0 ? "cannot open"
                                              : "not an HDF5 file, or damaged");
        }
    }
    st = mf_h5_release(f, create, NULL, st);
    return mf_h5_release(f, access, NULL, st);
}

static mf_status make(const char *path, bool writing, bool live, mf_h5 **out)
{
    mf_h5 *f;
    mf_status st;

    *out = NULL;
    if (strlen(path) >= sizeof(f->path)) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    MF_TRY(mf_alloc(1, sizeof(*f), "HDF5 file handle", &f));
    strcpy(f->path, path);
    f->writing = writing;
    st = open_file(f, live);
    if (st != MF_OK) {
        mf_free(&f);
        return st;
    }
    *out = f;
    return MF_OK;
}

mf_status mf_h5_create(const char *path, mf_h5 **out)
{
    return make(path, true, false, out);
}

mf_status mf_h5_open(const char *path, mf_h5 **out)
{
    return make(path, false, false, out);
}

mf_status mf_h5_open_live(const char *path, mf_h5 **out)
{
    return make(path, false, true, out);
}

mf_status mf_h5_flush(mf_h5 *f)
{
    if (H5Fflush(f->file, H5F_SCOPE_GLOBAL) < 0) {
        return mf_h5_fail(f, NULL, "cannot flush");
    }
    return mf_h5_sound(f, NULL);
}

mf_status mf_h5_close(mf_h5 **f)
{
    mf_status st = MF_OK;

    if (*f == NULL) {
        return MF_OK;
    }
    if (H5Fclose((*f)->file) < 0) {
        st = mf_h5_fail(*f, NULL, "cannot close");
    } else if ((*f)->writing) {
        st = mf_h5_sound(*f, NULL);
    }
    mf_free(f);
    return st;
}

/* Make one group unless it is there. */
static mf_status make_group(mf_h5 *f, const char *path, hid_t props)
{
    const htri_t there = H5Lexists(f->file, path, H5P_DEFAULT);
    hid_t group;

    if (there > 0) {
        return MF_OK;
    }
    group = there < 0
                ? H5I_INVALID_HID
                : H5Gcreate2(f->file, path, H5P_DEFAULT, props, H5P_DEFAULT);
    if (group < 0) {
        return mf_h5_fail(f, path, "cannot create group");
    }
    return mf_h5_release(f, group, path, MF_OK);
}

mf_status mf_h5_make_groups(mf_h5 *f, const char *path, bool last)
{
    const hid_t props = H5Pcreate(H5P_GROUP_CREATE);
    char part[MF_PATH];
    mf_status st = MF_OK;

    if (props < 0 || H5Pset_obj_track_times(props, false) < 0) {
        st = mf_h5_fail(f, path, "HDF5 property lists");
    } else if (path[0] != '/' || strlen(path) >= sizeof(part)) {
        st = mf_h5_fail(f, path, "not an absolute path of at most %d bytes",
                        MF_PATH - 1);
    }
    for (size_t i = 1; st == MF_OK && path[i - 1] != '\0'; i++) {
        if (path[i] == '/' || (path[i] == '\0' && last && i > 1)) {
            memcpy(part, path, i);
            part[i] = '\0';
            st = make_group(f, part, props);
        }
    }
    return mf_h5_release(f, props, path, st);
}
