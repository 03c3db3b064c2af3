/* What there is in a file.  That something is damaged must not be taken for
 * its absence. */
#include <stdlib.h>
#include <string.h>

#include "h5_file.h"
#include "mfrl/base/mem.h"

/* HDF5 calls it an error to look into what is no group; that is an absence. */
static mf_status open_group(mf_h5 *f, const char *path, hid_t *group)
{
    *group = H5Oopen(f->file, path, H5P_DEFAULT);
    if (*group < 0) {
        return mf_h5_fail(f, path, "damaged");
    }
    if (H5Iget_type(*group) == H5I_GROUP) {
        return MF_OK;
    }
    const hid_t other = *group;

    *group = H5I_INVALID_HID;
    return mf_h5_release(f, other, path, MF_OK);
}

/* Is there a name in the group of that path? */
static mf_status look_up(mf_h5 *f, const char *dir, const char *path,
                         bool *there)
{
    htri_t found = H5Lexists(f->file, path, H5P_DEFAULT);
    hid_t group;

    if (found < 0) {
        MF_TRY(open_group(f, dir, &group));
        found = group < 0 ? 0 : H5Lexists(f->file, path, H5P_DEFAULT);
        if (found < 0) {
            const mf_status st = mf_h5_fail(f, path, "cannot be looked up");

            return mf_h5_release(f, group, path, st);
        }
        MF_TRY(mf_h5_release(f, group, path, MF_OK));
    }
    *there = found > 0;
    return MF_OK;
}

mf_status mf_h5_has(mf_h5 *f, const char *path, bool *there)
{
    char dir[MF_PATH] = "/", part[MF_PATH];

    *there = path[0] == '/' && strlen(path) < sizeof(part);
    for (size_t i = 1; *there && path[i - 1] != '\0' && path[1] != '\0'; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            MF_TRY(look_up(f, dir, part, there));
            strcpy(dir, part);
        }
    }
    return MF_OK;
}

mf_status mf_h5_has_attr(mf_h5 *f, const char *path, const char *name,
                         bool *there)
{
    htri_t found;

    MF_TRY(mf_h5_has(f, path, there));
    if (!*there) {
        return MF_OK;
    }
    found = H5Aexists_by_name(f->file, path, name, H5P_DEFAULT);
    if (found < 0) {
        return mf_h5_fail(f, path, "cannot look up attribute %s", name);
    }
    *there = found > 0;
    return MF_OK;
}

/* ---- members ------------------------------------------------------------ */

typedef struct members {
    size_t n, bytes; /* what was found */
    size_t most, room;
    char **names, *at; /* NULL = only count */
} members;

static herr_t take_name(hid_t group, const char *name, const H5L_info_t *info,
                        void *data)
{
    members *m = data;
    const size_t size = strlen(name) + 1;

    (void)group;
    (void)info;
    if (m->names != NULL) {
        if (m->n == m->most || m->bytes + size > m->room) {
            return 1; /* its writer has added to it */
        }
        m->names[m->n] = memcpy(m->at + m->bytes, name, size);
    }
    m->n++;
    m->bytes += size;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of the file, not of names: for that HDF5 makes a table, which
 * it frees without having filled it if the group is damaged. */
static mf_status go_through(mf_h5 *f, hid_t group, const char *path, members *m)
{
    m->n = m->bytes = 0;
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, take_name,
                      m) < 0
               ? mf_h5_fail(f, path, "damaged group")
               : MF_OK;
}

static mf_status list(mf_h5 *f, hid_t group, const char *path, members *m)
{
    MF_TRY(go_through(f, group, path, m));
    m->most = m->n;
    m->room = m->bytes;
    MF_TRY(
        mf_alloc(m->n * sizeof(*m->names) + m->bytes, 1, "names", &m->names));
    m->at = (char *)(m->names + m->n);
    MF_TRY(go_through(f, group, path, m));
    qsort(m->names, m->n, sizeof(*m->names), by_name);
    return MF_OK;
}

mf_status mf_h5_members(mf_h5 *f, const char *path, char ***names, size_t *n)
{
    members m = {0};
    bool there;
    hid_t group;
    mf_status st;

    *names = NULL;
    *n = 0;
    MF_TRY(mf_h5_has(f, path, &there));
    if (!there) {
        return MF_OK;
    }
    MF_TRY(open_group(f, path, &group));
    if (group < 0) {
        return MF_OK;
    }
    st = mf_h5_release(f, group, path, list(f, group, path, &m));
    if (st != MF_OK) {
        mf_free(&m.names);
        return st;
    }
    *names = m.names;
    *n = m.n;
    return MF_OK;
}
