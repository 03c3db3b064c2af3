#include "walk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"
#include "plot.h"

static bool ends_in(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);

    return n > m && strcmp(name + n - m, ending) == 0;
}

static int is_segment(const struct dirent *e)
{
    return ends_in(e->d_name, ".h5") && strstr(e->d_name, ".part-") == NULL;
}

static mf_status add_path(mf_walk *w, const char *path)
{
    if (w->n == w->room) {
        const int room = w->room > 0 ? 2 * w->room : 16;
        char **more;

        MF_TRY(mf_alloc((size_t)room, sizeof(*more), "trajectories", &more));
        if (w->n > 0) {
            memcpy(more, w->paths, (size_t)w->n * sizeof(*more));
        }
        mf_free(&w->paths);
        w->paths = more;
        w->room = room;
    }
    MF_TRY(mf_alloc(strlen(path) + 1, 1, "trajectories", &w->paths[w->n]));
    strcpy(w->paths[w->n++], path);
    return MF_OK;
}

/* All segments of a run directory. */
static mf_status add_run(mf_walk *w, const char *run)
{
    char dir[MF_PATH], path[MF_PATH];
    struct dirent **found = NULL;
    mf_status st = MF_OK;

    MF_TRY(mf_path_join(dir, run, "traj"));
    const int n = scandir(dir, &found, is_segment, alphasort);

    for (int i = 0; i < n; i++) {
        st = st == MF_OK ? mf_path_join(path, dir, found[i]->d_name) : st;
        st = st == MF_OK ? add_path(w, path) : st;
        free(found[i]);
    }
    free(found);
    return st;
}

static void learn(mf_walk *w, const mf_trajectory_spec *s)
{
    w->width = s->width;
    w->height = s->height;
    w->n_agents = (int)s->n_agents;
    w->lattice = s->lattice;
    w->fields = s->fields;
    w->n_teams = 1;
    for (uint32_t i = 0; s->species != NULL && i < s->n_agents; i++) {
        if (s->species[i] >= w->n_teams) {
            w->n_teams = s->species[i] + 1;
        }
    }
}

/* Take a file's shape, or compare it with what the first one had. */
static mf_status look_at(mf_walk *w, const char *path, mf_trajectory_reader *r)
{
    const mf_trajectory_spec *s = mf_trajectory_described(r);
    const uint64_t n = mf_trajectory_frames(r);
    int64_t first, last;

    MF_TRY(mf_trajectory_read_steps(r, 0, 1, &first));
    MF_TRY(mf_trajectory_read_steps(r, n - 1, 1, &last));
    if (w->n_frames == 0) {
        learn(w, s);
        w->first = first;
        w->last = last;
        MF_TRY(mf_traj_names_create(s, &w->names));
    } else if (s->width != w->width || s->height != w->height ||
               s->lattice != w->lattice ||
               (s->n_actions > 0 && w->names.n > 0 &&
                s->n_actions != w->names.n)) {
        return MF_FAIL(MF_ERR_FILE, "%s: world or actions are not those of %s",
                       path, w->paths[0]);
    }
    w->fields &= s->fields;
    w->first = first < w->first ? first : w->first;
    w->last = last > w->last ? last : w->last;
    w->n_frames += n;
    return MF_OK;
}

/* The files that have frames stay. */
static mf_status look_at_all(mf_walk *w)
{
    int kept = 0;
    mf_status st = MF_OK;

    for (int i = 0; i < w->n && st == MF_OK; i++) {
        mf_trajectory_reader *r;
        bool keep = false;

        st = mf_trajectory_open(w->paths[i], &r);
        if (st == MF_OK && mf_trajectory_frames(r) > 0) {
            keep = true;
            st = look_at(w, w->paths[i], r);
        }
        mf_trajectory_close(&r);
        if (keep) {
            char *path = w->paths[i];

            w->paths[i] = w->paths[kept];
            w->paths[kept++] = path;
        }
    }
    for (int i = kept; i < w->n && st == MF_OK; i++) {
        mf_free(&w->paths[i]);
    }
    w->n = st == MF_OK ? kept : w->n;
    return st;
}

mf_status mf_walk_create(const char *const *runs, int n_runs, mf_walk *out)
{
    mf_status st = MF_OK;

    *out = (mf_walk){0};
    for (int i = 0; i < n_runs && st == MF_OK; i++) {
        if (mf_plot_is_dir(runs[i])) {
            st = add_run(out, runs[i]);
        } else if (ends_in(runs[i], ".h5")) {
            st = add_path(out, runs[i]);
        }
    }
    st = st == MF_OK ? look_at_all(out) : st;
    if (st != MF_OK) {
        mf_walk_clear(out);
    }
    return st;
}

void mf_walk_clear(mf_walk *w)
{
    for (int i = 0; i < w->n; i++) {
        mf_free(&w->paths[i]);
    }
    mf_free(&w->paths);
    mf_traj_names_clear(&w->names);
    w->n = 0;
}

mf_status mf_walk_frames(const mf_walk *w,
                         mf_status (*visit)(void *arg,
                                            const mf_trajectory_spec *spec,
                                            const mf_frame *frame),
                         void *arg)
{
    mf_status st = MF_OK;

    for (int i = 0; i < w->n && st == MF_OK; i++) {
        mf_trajectory_reader *r;
        mf_frames frames = {0};
        mf_frame f;

        MF_TRY(mf_trajectory_open(w->paths[i], &r));
        st = mf_frames_create(r, &frames);
        for (uint64_t t = 0; t < mf_trajectory_frames(r) && st == MF_OK; t++) {
            st = mf_frames_get(&frames, t, &f);
            st = st == MF_OK ? visit(arg, mf_trajectory_described(r), &f) : st;
        }
        mf_frames_clear(&frames);
        mf_trajectory_close(&r);
    }
    return st;
}
