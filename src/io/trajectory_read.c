#include "mfrl/io/trajectory_read.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_open.h"

static const char *const VERSIONS = "/parameters/policy_version";
static const char *const EPISODES = "/parameters/episode";
static const char *const EPISODE_STEPS = "/parameters/episode_step";

static mf_status open_all(mf_trajectory_reader *r, const char *path)
{
    char step[MF_PATH];

    MF_TRY(mf_h5_open_live(path, &r->file));
    MF_TRY(mf_traj_open_fields(r));
    MF_TRY(mf_traj_open_series(r, r->file, mf_traj_step_path(r, step)));
    MF_TRY(mf_h5_has(r->file, VERSIONS, &r->versions));
    if (r->versions) {
        MF_TRY(mf_traj_open_series(r, r->file, VERSIONS));
    }
    MF_TRY(mf_h5_has(r->file, EPISODES, &r->spec.episodes));
    if (r->spec.episodes) {
        MF_TRY(mf_traj_open_series(r, r->file, EPISODES));
        MF_TRY(mf_traj_open_series(r, r->file, EPISODE_STEPS));
    }
    MF_TRY(mf_traj_list_observables(r));
    return mf_traj_read_head(r);
}

mf_status mf_trajectory_open(const char *path, mf_trajectory_reader **out)
{
    mf_trajectory_reader *r;
    mf_status st;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*r), "trajectory", &r));
    st = open_all(r, path);
    if (st != MF_OK) {
        mf_trajectory_close(&r);
        return st;
    }
    *out = r;
    return MF_OK;
}

const mf_trajectory_spec *mf_trajectory_described(const mf_trajectory_reader *r)
{
    return &r->spec;
}

uint64_t mf_trajectory_frames(const mf_trajectory_reader *r)
{
    return r->n_frames;
}

const mf_trajectory_golden *
mf_trajectory_golden_of(const mf_trajectory_reader *r)
{
    return &r->golden;
}

/* MF_OK if there are the frames [first, first + n). */
static mf_status in_range(mf_trajectory_reader *r, const char *path,
                          uint64_t first, uint64_t n)
{
    if (first <= r->n_frames && n <= r->n_frames - first) {
        return MF_OK;
    }
    H5Eclear2(H5E_DEFAULT);
    return mf_h5_fail(
        r->file, path, "frames %llu to %llu are asked for, there are %llu",
        (unsigned long long)first, (unsigned long long)(first + n),
        (unsigned long long)r->n_frames);
}

/* Positions that never change, once for each frame. */
static mf_status read_lattice(mf_trajectory_reader *r, uint64_t n, void *data)
{
    const mf_h5_array a = {.path = MF_TRAJ_AGENTS "position",
                           .type = MF_I32,
                           .n_dims = 2,
                           .dims = {r->spec.n_agents, 3}};
    const size_t bytes = (size_t)r->spec.n_agents * 3 * sizeof(int32_t);

    if (n > 0) {
        MF_TRY(mf_h5_read(r->file, &a, data));
    }
    for (uint64_t i = 1; i < n; i++) {
        memcpy((char *)data + i * bytes, data, bytes);
    }
    return MF_OK;
}

mf_status mf_trajectory_read(mf_trajectory_reader *r, mf_trajectory_field field,
                             uint64_t first, uint64_t n, void *data)
{
    char path[MF_PATH];
    mf_h5_array a;

    mf_traj_array(&r->spec, field, 0, 0, path, &a);
    MF_TRY(in_range(r, path, first, n));
    if (field == MF_TRAJ_POSITION && r->spec.lattice) {
        return read_lattice(r, n, data);
    }
    if (!mf_trajectory_has(&r->spec, field)) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(r->file, path, "is not recorded");
    }
    return mf_traj_read_field(r, field, first, n, data);
}

mf_status mf_trajectory_read_steps(mf_trajectory_reader *r, uint64_t first,
                                   uint64_t n, int64_t *steps)
{
    char path[MF_PATH];
    const mf_h5_array a = {.path = mf_traj_step_path(r, path),
                           .type = MF_I64,
                           .n_dims = 1,
                           .dims = {n}};

    MF_TRY(in_range(r, path, first, n));
    return mf_h5_read_part(r->file, &a, &first, steps);
}

mf_status mf_trajectory_read_versions(mf_trajectory_reader *r, uint64_t first,
                                      uint64_t n, int64_t *versions)
{
    const mf_h5_array a = {
        .path = VERSIONS, .type = MF_I64, .n_dims = 1, .dims = {n}};

    MF_TRY(in_range(r, VERSIONS, first, n));
    if (r->versions) {
        return mf_h5_read_part(r->file, &a, &first, versions);
    }
    for (uint64_t i = 0; i < n; i++) {
        versions[i] = -1;
    }
    return MF_OK;
}

mf_status mf_trajectory_read_episodes(mf_trajectory_reader *r, uint64_t first,
                                      uint64_t n, int64_t *episodes,
                                      int64_t *steps)
{
    mf_h5_array a = {
        .path = EPISODES, .type = MF_I64, .n_dims = 1, .dims = {n}};

    MF_TRY(in_range(r, EPISODES, first, n));
    MF_TRY(mf_h5_read_part(r->file, &a, &first, episodes));
    a.path = EPISODE_STEPS;
    return mf_h5_read_part(r->file, &a, &first, steps);
}

mf_status mf_trajectory_read_observable(mf_trajectory_reader *r, int i,
                                        uint64_t first, uint64_t n,
                                        double *data)
{
    const mf_trajectory_observable *o = &r->spec.observables[i];
    const uint64_t start[2] = {first, 0};
    char path[2 * MF_PATH];
    const mf_h5_array a = {.path = path,
                           .type = MF_F64,
                           .n_dims = o->n > 0 ? 2 : 1,
                           .dims = {n, (uint64_t)o->n}};

    snprintf(path, sizeof(path), "/observables/%s/value", o->name);
    MF_TRY(in_range(r, path, first, n));
    return mf_h5_read_part(r->file, &a, start, data);
}

mf_status mf_trajectory_read_golden(mf_trajectory_reader *r, uint64_t i,
                                    float *view, float *features)
{
    const mf_trajectory_golden *g = &r->golden;
    const uint64_t n = r->spec.n_agents, start[5] = {i};

    if (view != NULL) {
        MF_TRY(mf_h5_read_part(
            r->file,
            &(mf_h5_array){.path = "/golden/view",
                           .type = MF_F32,
                           .n_dims = 5,
                           .dims = {1, n, g->view[0], g->view[1], g->view[2]}},
            start, view));
    }
    if (features != NULL) {
        MF_TRY(mf_h5_read_part(r->file,
                               &(mf_h5_array){.path = "/golden/features",
                                              .type = MF_F32,
                                              .n_dims = 3,
                                              .dims = {1, n, g->features}},
                               start, features));
    }
    return MF_OK;
}

void mf_trajectory_close(mf_trajectory_reader **r)
{
    mf_trajectory_reader *o = *r;

    if (o == NULL) {
        return;
    }
    mf_h5_close(&o->file);
    mf_traj_free_observables(o);
    mf_free(&o->parts);
    mf_free(&o->first);
    mf_free(&o->walls);
    mf_free(&o->species);
    mf_free(&o->env);
    mf_free(&o->config);
    mf_free(&o->action_names);
    mf_free(&o->golden_frames);
    mf_free(r);
}
