#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_open.h"

enum { MOST = 1024 };

/* True if /observables/<name> holds values itself. */
static bool is_one(mf_trajectory_reader *r, const char *name,
                   char path[2 * MF_PATH])
{
    snprintf(path, 2 * MF_PATH, "/observables/%s/value", name);
    return strlen(path) < MF_PATH && mf_h5_has(r->file, path);
}

/* Take it into the list, or only count it while there is no list. */
static mf_status take(mf_trajectory_reader *r, const char *name,
                      const char *path)
{
    const int i = r->spec.n_observables;
    mf_trajectory_observable *o;
    mf_h5_array a;

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
    if (mf_h5_has_attr(r->file, path, "unit")) {
        MF_TRY(mf_h5_get_text(r->file, path, "unit", &r->observable_units[i]));
        o->unit = r->observable_units[i];
    }
    return MF_OK;
}

/* Go through /observables/<name> and /observables/<group>/<name>. */
static mf_status visit(mf_trajectory_reader *r)
{
    char group[MF_PATH / 2], member[MF_PATH / 2], at[MF_PATH];
    char name[MF_PATH + 2], path[2 * MF_PATH];

    r->spec.n_observables = 0;
    for (uint64_t i = 0;
         mf_h5_member(r->file, "/observables", i, group, sizeof(group)); i++) {
        if (is_one(r, group, path)) {
            MF_TRY(take(r, group, path));
            continue;
        }
        snprintf(at, sizeof(at), "/observables/%s", group);
        for (uint64_t k = 0;
             mf_h5_member(r->file, at, k, member, sizeof(member)); k++) {
            snprintf(name, sizeof(name), "%s/%s", group, member);
            if (is_one(r, name, path)) {
                MF_TRY(take(r, name, path));
            }
        }
    }
    return MF_OK;
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
