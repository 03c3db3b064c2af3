#include "trajectory_file.h"

#include <stdio.h>
#include <unistd.h>

#include "h5_grow.h"
#include "mfrl/base/mem.h"

enum { CHUNK_BYTES = 1 << 20, FEWEST = 256, MOST = 1024 };

struct mf_traj_file {
    mf_h5 *file;
    mf_h5_series fields[MF_TRAJ_FIELDS]; /* not created: not written here */
    mf_h5_series step, time, version, episode, episode_step;
    mf_h5_series *observables; /* [n_observables] */
    int n_observables;
    double *times; /* [MF_TRAJ_CHUNK] scratch */
};

/* A dataset that grows by one row a frame, [0] or [0][n] elements. */
static mf_status add_series(mf_h5 *f, const char *path, mf_h5_type type,
                            uint64_t n, const char *unit,
                            const char *description, mf_h5_series *out)
{
    const mf_h5_array a = {.path = path,
                           .type = type,
                           .n_dims = n > 0 ? 2 : 1,
                           .dims = {0, n},
                           .unit = unit,
                           .description = description};
    const uint64_t chunk[2] = {MF_TRAJ_CHUNK, n};
    const mf_h5_layout layout = {
        .chunk = chunk, .grows = true, .compress = n > 0};

    return mf_h5_series_create(f, &a, &layout, out);
}

/* The real step and time, in the group of the first field. */
static mf_status add_steps(mf_traj_file *t, const mf_trajectory_spec *spec)
{
    const char *name = mf_traj_name(mf_traj_first(spec));
    char path[MF_PATH];

    snprintf(path, sizeof(path), MF_TRAJ_AGENTS "%s/step", name);
    MF_TRY(add_series(t->file, path, MF_I64, 0, "1", "of the environment",
                      &t->step));
    snprintf(path, sizeof(path), MF_TRAJ_AGENTS "%s/time", name);
    return add_series(t->file, path, MF_F64, 0, "step", "the step again",
                      &t->time);
}

/* Give them to the group @p at ("/observables/red/alive") too. */
static mf_status link_steps(mf_traj_file *t, const char *at)
{
    char path[MF_PATH + 8]; /* what is too long is refused below */

    snprintf(path, sizeof(path), "%s/step", at);
    MF_TRY(mf_h5_link(t->file, t->step.name, path));
    snprintf(path, sizeof(path), "%s/time", at);
    return mf_h5_link(t->file, t->time.name, path);
}

/* Agents in a chunk: about 1 MiB, as the cache of a dataset is. */
static uint64_t chunk_agents(uint64_t n, uint64_t frames, size_t bytes)
{
    const uint64_t fit = CHUNK_BYTES / (frames * bytes);
    const uint64_t most = fit > MOST ? MOST : fit < FEWEST ? FEWEST : fit;

    return n < most ? n : most;
}

static mf_status add_field(mf_traj_file *t, const mf_trajectory_spec *spec,
                           const mf_traj_share *share, mf_trajectory_field k)
{
    const uint64_t n = share->last - share->first;
    const size_t bytes = mf_traj_bytes(spec, k);
    char path[MF_PATH];
    mf_h5_array a;
    mf_h5_layout layout = {.grows = true, .compress = true};

    layout.fill = mf_traj_array(spec, k, 0, n, path, &a);
    if (share->sources != NULL) {
        MF_TRY(mf_h5_virtual_create(t->file, &a, layout.fill, share->sources,
                                    share->n_sources));
    } else {
        const uint64_t chunk[3] = {share->chunk_frames,
                                   chunk_agents(n, share->chunk_frames, bytes),
                                   a.dims[2]};

        layout.chunk = chunk;
        MF_TRY(mf_h5_series_create(t->file, &a, &layout, &t->fields[k]));
    }
    if (k == mf_traj_first(spec)) {
        return MF_OK;
    }
    snprintf(path, sizeof(path), MF_TRAJ_AGENTS "%s", mf_traj_name(k));
    return link_steps(t, path);
}

static mf_status add_observables(mf_traj_file *t,
                                 const mf_trajectory_spec *spec)
{
    char at[MF_PATH], path[MF_PATH + 8];

    for (int i = 0; i < spec->n_observables; i++) {
        const mf_trajectory_observable *o = &spec->observables[i];

        snprintf(at, sizeof(at), "/observables/%s", o->name);
        snprintf(path, sizeof(path), "%s/value", at);
        MF_TRY(add_series(t->file, path, MF_F64, (uint64_t)o->n,
                          o->unit != NULL ? o->unit : "1", o->description,
                          &t->observables[i]));
        MF_TRY(link_steps(t, at));
    }
    return MF_OK;
}

static mf_status add_numbers(mf_traj_file *t, const mf_trajectory_spec *spec)
{
    MF_TRY(add_series(t->file, "/parameters/policy_version", MF_I64, 0, "1",
                      "of the weights that chose the actions", &t->version));
    if (!spec->episodes) {
        return MF_OK;
    }
    MF_TRY(add_series(t->file, "/parameters/episode", MF_I64, 0, "1",
                      "number of the world's episode", &t->episode));
    return add_series(t->file, "/parameters/episode_step", MF_I64, 0, "step",
                      "steps made in the episode before this one",
                      &t->episode_step);
}

/* What a reader finds the parts by; the virtual datasets are for others. */
static mf_status name_parts(mf_traj_file *t, const mf_traj_share *share)
{
    const char **names;
    mf_status st;

    MF_TRY(mf_alloc((size_t)share->n_sources, sizeof(*names), "parts", &names));
    for (int i = 0; i < share->n_sources; i++) {
        names[i] = share->sources[i].file;
    }
    st = mf_h5_set_texts(t->file, MF_TRAJ_PARTS_AT, "parts", names,
                         (size_t)share->n_sources);
    mf_free(&names);
    return st;
}

static mf_status fill(mf_traj_file *t, const mf_trajectory_spec *spec,
                      const mf_traj_share *share)
{
    MF_TRY(mf_traj_write_head(t->file, spec, share->first, share->last,
                              share->head));
    if (share->sources != NULL) {
        MF_TRY(name_parts(t, share));
    }
    MF_TRY(add_steps(t, spec));
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        if (mf_trajectory_has(spec, (mf_trajectory_field)k)) {
            MF_TRY(add_field(t, spec, share, (mf_trajectory_field)k));
        }
    }
    if (share->head) {
        MF_TRY(add_observables(t, spec));
        MF_TRY(add_numbers(t, spec));
    }
    return mf_h5_go_live(t->file);
}

mf_status mf_traj_file_create(const char *path, const mf_trajectory_spec *spec,
                              const mf_traj_share *share, mf_traj_file **out)
{
    const int n = share->head ? spec->n_observables : 0;
    mf_traj_file *t;
    mf_status st;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*t), "trajectory file", &t));
    t->step.id = t->time.id = t->version.id = H5I_INVALID_HID;
    t->episode.id = t->episode_step.id = H5I_INVALID_HID;
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        t->fields[k].id = H5I_INVALID_HID;
    }
    MF_TRY_OR(err, mf_alloc(MF_TRAJ_CHUNK, sizeof(*t->times), path, &t->times));
    MF_TRY_OR(err, mf_alloc((size_t)n, sizeof(*t->observables), path,
                            &t->observables));
    for (int i = 0; i < n; i++) {
        t->observables[i].id = H5I_INVALID_HID;
    }
    t->n_observables = n;
    MF_TRY_OR(err, mf_h5_create(path, &t->file));
    st = fill(t, spec, share);
    if (st != MF_OK) {
        unlink(path);
        goto err;
    }
    *out = t;
    return MF_OK;

err:
    mf_traj_file_close(&t);
    return st;
}

mf_status mf_traj_file_write(mf_traj_file *t, const mf_traj_frames *frames)
{
    const uint64_t start = frames->start, n = frames->n;
    mf_h5 *f = t->file;

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        if (t->fields[k].id >= 0) {
            MF_TRY(mf_h5_series_write(f, &t->fields[k], start, n,
                                      frames->rows[k]));
        }
    }
    for (int i = 0; i < t->n_observables; i++) {
        MF_TRY(mf_h5_series_write(f, &t->observables[i], start, n,
                                  frames->observed[i]));
    }
    if (t->version.id >= 0) {
        MF_TRY(mf_h5_series_write(f, &t->version, start, n, frames->versions));
    }
    if (t->episode.id >= 0) {
        MF_TRY(mf_h5_series_write(f, &t->episode, start, n, frames->episodes));
        MF_TRY(mf_h5_series_write(f, &t->episode_step, start, n,
                                  frames->episode_steps));
    }
    MF_TRY(mf_h5_flush(f));
    for (uint64_t i = 0; i < n; i++) {
        t->times[i] = (double)frames->steps[i];
    }
    MF_TRY(mf_h5_series_write(f, &t->time, start, n, t->times));
    MF_TRY(mf_h5_series_write(f, &t->step, start, n, frames->steps));
    return mf_h5_flush(f);
}

mf_status mf_traj_file_close(mf_traj_file **t)
{
    mf_traj_file *o = *t;
    mf_status st = MF_OK, closed;

    if (o == NULL) {
        return MF_OK;
    }
    if (o->file != NULL) {
        for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
            st = mf_h5_series_close(o->file, &o->fields[k], st);
        }
        for (int i = 0; i < o->n_observables; i++) {
            st = mf_h5_series_close(o->file, &o->observables[i], st);
        }
        st = mf_h5_series_close(o->file, &o->version, st);
        st = mf_h5_series_close(o->file, &o->episode, st);
        st = mf_h5_series_close(o->file, &o->episode_step, st);
        st = mf_h5_series_close(o->file, &o->time, st);
        st = mf_h5_series_close(o->file, &o->step, st);
        closed = mf_h5_close(&o->file);
        st = st == MF_OK ? closed : st;
    }
    mf_free(&o->observables);
    mf_free(&o->times);
    mf_free(t);
    return st;
}
