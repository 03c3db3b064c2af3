#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_open.h"

enum { MOST = 1024 };

/* Does /observables/<name> hold values itself? */
static mf_status is_one(mf_trajectory_reader *r, const char *name,
                        char path[MF_PATH], bool *one)
{
    if (snprintf(path, MF_PATH, "/observables/%s/value", name) >= MF_PATH) {
        return mf_h5_fail(r->file, "/observables", "a name is too long");
    }
    return mf_h5_has(r->file, path, one);
}

/* Take it into the list, or only count it while there is no list. */
static mf_status take(mf_trajectory_reader *r, const char *name,
                      const char *path)
{
    const int i = r->spec.n_observables;
    mf_trajectory_observable *o;
    mf_h5_array a;
    bool there;

    if (i == MOST) {
        return mf_h5_fail(r->file, "/observables", "more than %d", MOST);
    }
    r->spec.n_observables++;
    if (r->observables == NULL) {
        return MF_OK;
    }
    MF_TRY(mf_h5_shape(r->file, path, &a));
    if (a.type != MF_F64 || a.n_dims < 1 || a.n_dims > 2 ||
        (a.n_dims == 2 && (a.dims[1] == 0 || a.dims[1] > INT32_MAX))) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(r->file, path,
                          "expected float64 [frames] or [frames][length]");
    }
    r->n_frames = a.dims[0] < r->n_frames ? a.dims[0] : r->n_frames;
    o = &r->observables[i];
    strcpy(r->observable_names[i], name);
    o->name = r->observable_names[i];
    o->n = a.n_dims == 2 ? (int)a.dims[1] : 0;
    MF_TRY(mf_h5_has_attr(r->file, path, "unit", &there));
    if (there) {
        MF_TRY(mf_h5_get_text(r->file, path, "unit", &r->observable_units[i]));
        o->unit = r->observable_units[i];
    }
    return MF_OK;
}

/* Go through /observables/<group>/<name>. */
static mf_status visit_group(mf_trajectory_reader *r, const char *group)
{
    char at[MF_PATH], name[MF_PATH], path[MF_PATH], **members;
    size_t n;
    bool one;
    mf_status st = MF_OK;

    snprintf(at, sizeof(at), "/observables/%s", group);
    MF_TRY(mf_h5_members(r->file, at, &members, &n));
    for (size_t k = 0; k < n; k++) {
        if (snprintf(name, sizeof(name), "%s/%s", group, members[k]) >=
            MF_PATH) {
            MF_TRY_OR(out, mf_h5_fail(r->file, at, "a name is too long"));
        }
        MF_TRY_OR(out, is_one(r, name, path, &one));
        if (one) {
            MF_TRY_OR(out, take(r, name, path));
        }
    }
out:
    mf_free(&members);
    return st;
}

/* Go through /observables/<name> and the groups there. */
static mf_status visit(mf_trajectory_reader *r)
{
    char path[MF_PATH], **names;
    size_t n;
    bool one;
    mf_status st = MF_OK;

    r->spec.n_observables = 0;
    MF_TRY(mf_h5_members(r->file, "/observables", &names, &n));
    for (size_t i = 0; i < n; i++) {
        MF_TRY_OR(out, is_one(r, names[i], path, &one));
        MF_TRY_OR(out,
                  one ? take(r, names[i], path) : visit_group(r, names[i]));
    }
out:
    mf_free(&names);
    return st;
}

mf_status mf_traj_list_observables(mf_trajectory_reader *r)
{
    size_t n;

    MF_TRY(visit(r)); /* to count them */
    n = (size_t)r->spec.n_observables;
    MF_TRY(
        mf_alloc(n, sizeof(*r->observables), "observables", &r->observables));
    MF_TRY(mf_alloc(n, sizeof(*r->observable_names), "observables",
                    &r->observable_names));
    MF_TRY(mf_alloc(n, sizeof(*r->observable_units), "observables",
                    &r->observable_units));
    MF_TRY(visit(r));
    r->spec.observables = r->observables;
    return MF_OK;
}

void mf_traj_free_observables(mf_trajectory_reader *r)
{
    for (int i = 0; r->observable_units != NULL && i < r->spec.n_observables;
         i++) {
        mf_free(&r->observable_units[i]);
    }
    mf_free(&r->observable_units);
    mf_free(&r->observable_names);
    mf_free(&r->observables);
}
