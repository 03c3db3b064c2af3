#include "mfrl/io/repair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "h5_file.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/inspect.h"
#include "mfrl/io/scratch.h"
#include "mfrl/io/trajectory_read.h"

/* Where the copy of everything is put first, so that HDF5 copies a dataset of
 * many names once. */
static const char *const WHOLE = "/whole";

typedef struct one_file {
    char path[MF_PATH], tmp[MF_PATH];
    mf_scratch scratch;
} one_file;

typedef struct repair {
    uint64_t frames;
    uint64_t longest; /* rows of the longest dataset that grows */
    size_t n;
    one_file *files; /* [n] parts first, the file itself last */
} repair;

typedef struct visit {
    mf_h5 *f;
    uint64_t frames, longest;
    bool cut; /* else only measure */
    mf_status st;
} visit;

/* ---- datasets that grow ------------------------------------------------- */

static mf_status look_at(visit *v, hid_t dataset, const char *name)
{
    const hid_t space = H5Dget_space(dataset);
    const hid_t props = H5Dget_create_plist(dataset);
    hsize_t dims[H5S_MAX_RANK] = {0}, most[H5S_MAX_RANK] = {0};
    const int n = space < 0 ? -1 : H5Sget_simple_extent_dims(space, dims, most);
    const bool real = props >= 0 && H5Pget_layout(props) == H5D_CHUNKED;
    hsize_t n_chunks;
    mf_status st = MF_OK;

    if (n < 0 || props < 0) {
        st = mf_h5_fail(v->f, name, "shape cannot be used");
    } else if (real && H5Dget_num_chunks(dataset, space, &n_chunks) < 0) {
        /* HDF5 1.10 crashes when it copies what it cannot go through. */
        st = mf_h5_fail(v->f, name, "damaged");
    } else if (n > 0 && real && most[0] == H5S_UNLIMITED) {
        v->longest = dims[0] > v->longest ? dims[0] : v->longest;
        if (v->cut && dims[0] > v->frames) {
            dims[0] = v->frames;
            if (H5Dset_extent(dataset, dims) < 0) {
                st = mf_h5_fail(v->f, name, "cannot be cut");
            }
        }
    }
    st = mf_h5_release(v->f, props, name, st);
    return mf_h5_release(v->f, space, name, st);
}

static herr_t visit_one(hid_t root, const char *name, const H5O_info_t *info,
                        void *data)
{
    visit *v = data;
    hid_t id;

    if (info->type != H5O_TYPE_DATASET) {
        return 0;
    }
    id = H5Dopen2(root, name, H5P_DEFAULT);
    v->st = id < 0 ? mf_h5_fail(v->f, name, "cannot open dataset")
                   : mf_h5_release(v->f, id, name, look_at(v, id, name));
    return v->st == MF_OK ? 0 : -1;
}

/* Measure, or cut to v->frames, all that grows. */
static mf_status visit_all(visit *v)
{
    /* In native order, see mf_h5_members. */
    const herr_t rc =
        H5Ovisit1(v->f->file, H5_INDEX_NAME, H5_ITER_NATIVE, visit_one, v);

    return v->st != MF_OK ? v->st
           : rc < 0       ? mf_h5_fail(v->f, NULL, "cannot be read through")
                          : MF_OK;
}

/* ---- one file ----------------------------------------------------------- */

static mf_status move_up(mf_h5 *f, const char *name)
{
    const hid_t whole = H5Gopen2(f->file, WHOLE, H5P_DEFAULT);
    const bool moved = whole >= 0 && H5Lmove(whole, name, f->file, name,
                                             H5P_DEFAULT, H5P_DEFAULT) >= 0;

    return mf_h5_release(
        f, whole, name, moved ? MF_OK : mf_h5_fail(f, name, "cannot be moved"));
}

/* Everything but attributes of the root, which our files have none of. */
static mf_status copy_objects(mf_h5 *from, mf_h5 *to)
{
    char **names;
    size_t n;
    mf_status st = MF_OK;

    if (H5Ocopy(from->file, "/", to->file, WHOLE, H5P_DEFAULT, H5P_DEFAULT) <
        0) {
        return from->disk.error != 0
                   ? mf_h5_fail(from, NULL, "cannot be copied")
                   : mf_h5_fail(to, NULL, "cannot copy into it");
    }
    MF_TRY(mf_h5_members(to, WHOLE, &names, &n));
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        st = move_up(to, names[i]);
    }
    mf_free(&names);
    MF_TRY(st);
    if (H5Ldelete(to->file, WHOLE, H5P_DEFAULT) < 0) {
        return mf_h5_fail(to, WHOLE, "cannot be removed");
    }
    return mf_h5_sound(to, NULL);
}

static mf_status copy_file(const one_file *file, uint64_t frames)
{
    visit v = {.frames = frames, .cut = true};
    mf_h5 *from, *to;
    mf_status st, closed;

    MF_TRY(mf_h5_open_live(file->path, &from));
    st = mf_h5_create(file->tmp, &to);
    if (st == MF_OK) {
        st = copy_objects(from, to);
        v.f = to;
        st = st == MF_OK ? visit_all(&v) : st;
        closed = mf_h5_close(&to);
        st = st == MF_OK ? closed : st;
    }
    closed = mf_h5_close(&from);
    return st != MF_OK ? st : closed;
}

static mf_status measure_file(const char *path, uint64_t *longest)
{
    visit v = {0};
    mf_status st, closed;

    MF_TRY(mf_h5_open_live(path, &v.f));
    st = visit_all(&v);
    closed = mf_h5_close(&v.f);
    *longest = v.longest > *longest ? v.longest : *longest;
    return st != MF_OK ? st : closed;
}

/* ---- all of them -------------------------------------------------------- */

static mf_status name_file(one_file *f, const char *path, int dir,
                           const char *name)
{
    if (snprintf(f->path, MF_PATH, "%.*s%s", dir, path, name) >= MF_PATH ||
        snprintf(f->tmp, MF_PATH, "%.*s%s.tmp-%ld", dir, path, name,
                 (long)getpid()) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    return MF_OK;
}

/* The frames that all have, and the names of all files. */
static mf_status survey(const char *path, repair *p)
{
    const char *slash = strrchr(path, '/');
    const int dir = slash != NULL ? (int)(slash - path) + 1 : 0;
    mf_trajectory_reader *r;
    mf_status st;

    MF_TRY(mf_trajectory_open(path, &r));
    p->frames = mf_trajectory_frames(r);
    st = mf_alloc(mf_trajectory_parts(r) + 1, sizeof(*p->files), "files",
                  &p->files);
    for (size_t i = 0; st == MF_OK && i < mf_trajectory_parts(r); i++) {
        st = name_file(&p->files[p->n++], path, dir, mf_trajectory_part(r, i));
    }
    if (st == MF_OK) {
        st = name_file(&p->files[p->n++], path, dir, path + dir);
    }
    mf_trajectory_close(&r);
    return st;
}

static mf_status look_at_files(repair *p, bool *needed)
{
    for (size_t i = 0; i < p->n; i++) {
        mf_file_facts facts;

        MF_TRY(mf_file_inspect(p->files[i].path, &facts));
        if (facts.running) {
            return MF_FAIL(MF_ERR_USAGE,
                           "%s: its run is still writing it; repair it when "
                           "that has ended",
                           p->files[i].path);
        }
        *needed = *needed || facts.unfinished;
        MF_TRY(measure_file(p->files[i].path, &p->longest));
    }
    *needed = *needed || p->longest > p->frames;
    return MF_OK;
}

static mf_status replace_files(repair *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (rename(p->files[i].tmp, p->files[i].path) != 0) {
            return MF_FAIL(MF_ERR_IO, "cannot write %s: %s", p->files[i].path,
                           strerror(errno));
        }
    }
    return mf_disk_sync_parent(p->files[0].path);
}

static mf_status copy_all(repair *p)
{
    mf_file_facts facts;
    mf_status st = MF_OK;

    for (size_t i = 0; st == MF_OK && i < p->n; i++) {
        mf_scratch_add(&p->files[i].scratch, p->files[i].tmp);
        st = copy_file(&p->files[i], p->frames);
        st = st == MF_OK ? mf_disk_sync_file(p->files[i].tmp) : st;
        st = st == MF_OK ? mf_file_inspect(p->files[i].tmp, &facts) : st;
        if (st == MF_OK && facts.unfinished) {
            st = MF_FAIL(MF_ERR_IO, "%s: is still marked as open",
                         p->files[i].tmp);
        }
    }
    st = st == MF_OK ? replace_files(p) : st;
    for (size_t i = 0; i < p->n; i++) {
        if (st != MF_OK) {
            unlink(p->files[i].tmp);
        }
        mf_scratch_drop(&p->files[i].scratch);
    }
    return st;
}

mf_status mf_trajectory_repair(const char *path, mf_repaired *out)
{
    repair p = {0};
    bool needed = false;
    mf_status st;

    st = survey(path, &p);
    st = st == MF_OK ? look_at_files(&p, &needed) : st;
    if (st == MF_OK && needed) {
        st = copy_all(&p);
    }
    if (st == MF_OK) {
        *out = (mf_repaired){.needed = needed,
                             .frames = p.frames,
                             .cut = p.longest - p.frames,
                             .files = needed ? (int)p.n : 0};
    }
    mf_free(&p.files);
    return st;
}
