#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "recorder_impl.h"
#include "version.h"

static const char *const DIRECTORY = "traj";

void mf_recorder_destroy(mf_recorder **slot)
{
    mf_recorder *r = *slot;

    if (r == NULL) {
        return;
    }
    mf_recorder_cut(r);
    mf_recorder_frame_clear(r);
    free(r->config);
    mf_free(&r->names);
    mf_free(&r->name_list);
    mf_free(&r->walls);
    mf_free(&r->species);
    mf_free(slot);
}

static mf_status name_actions(mf_recorder *r)
{
    const mf_config *cfg = r->run->cfg;
    const size_t n = (size_t)cfg->env_spec.n_actions;

    if (cfg->env->action_name == NULL) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(n, sizeof(*r->names), "action names", &r->names));
    MF_TRY(mf_alloc(n, sizeof(*r->name_list), "action names", &r->name_list));
    for (size_t a = 0; a < n; a++) {
        cfg->env->action_name(cfg->env_cfg, (int)a, r->names[a]);
        r->name_list[a] = r->names[a];
    }
    return MF_OK;
}

static mf_status fill_spec(mf_recorder *r)
{
    const mf_config *cfg = r->run->cfg;
    const mf_env_spec *e = &cfg->env_spec;
    const size_t cells = (size_t)e->width * (size_t)e->height;
    size_t size;

    MF_TRY(mf_config_text(cfg, 0, &r->config, &size));
    MF_TRY(name_actions(r));
    if (cfg->env->setting != NULL) {
        MF_TRY(mf_alloc(
            r->writer == 0 ? cells : (size_t)r->tile.nx * (size_t)r->tile.ny, 1,
            "walls", &r->walls));
        MF_TRY(mf_alloc(e->n_agents, 1, "species", &r->species));
    }
    r->spec =
        (mf_trajectory_spec){.n_agents = e->n_agents,
                             .width = e->width,
                             .height = e->height,
                             .periodic = e->periodic != 0,
                             .walls = r->walls,
                             .species = r->species,
                             .fields = cfg->recorded,
                             .n_actions = e->n_actions,
                             .wide_counts = e->max_neighbours > UINT8_MAX,
                             .action_names = r->name_list,
                             .env = cfg->env->name,
                             .config = r->config,
                             .version = MF_VERSION,
                             .episodes = cfg->env->episode != NULL,
                             .seed = (uint64_t)cfg->run.run.seed,
                             .world = (uint32_t)cfg->run.trajectory.world};
    return MF_OK;
}

mf_status mf_recorder_create(mf_run *run, mf_recorder **out)
{
    const mf_config *cfg = run->cfg;
    const mf_plan *plan = &run->roles.plan;
    mf_status st = MF_OK;
    mf_recorder *r = NULL;
    int first, last;

    *out = NULL;
    mf_plan_worlds(plan, run->roles.actor, &first, &last);
    if (cfg->run.trajectory.every == 0 || cfg->run.trajectory.world < first ||
        cfg->run.trajectory.world >= last) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(1, sizeof(*r), "recorder", &r));
    r->run = run;
    r->writer = mf_plan_tile(plan, run->roles.actor);
    r->n_writers = plan->decomp.px * plan->decomp.py;
    mf_decomp_tile(&plan->decomp, r->writer, &r->tile);
    MF_TRY_OR(err, mf_path_join(r->dir, cfg->run.run.dir, DIRECTORY));
    MF_TRY_OR(err, fill_spec(r));
    MF_TRY_OR(err, mf_recorder_frame_create(r));
    *out = r;
    return MF_OK;

err:
    mf_recorder_destroy(&r);
    return st;
}

bool mf_recorder_wants(const mf_recorder *r, int world, int64_t step)
{
    return r != NULL && !r->stopped &&
           world == r->run->cfg->run.trajectory.world &&
           step % r->run->cfg->run.trajectory.every == 0;
}

/* Failing disks end the recording at the next frame, where all get to know. */
static mf_status note(mf_recorder *r, mf_status st)
{
    if (st == MF_ERR_IO || st == MF_ERR_USAGE) {
        r->failed = true;
        return MF_OK;
    }
    return st;
}

void mf_recorder_cut(mf_recorder *r)
{
    if (r != NULL) {
        (void)note(r, mf_trajectory_destroy(&r->out));
        r->open = false;
    }
}

/* The tiles' walls, one after the other, to the world's. */
static void join_walls(mf_recorder *r, const uint8_t *from)
{
    const mf_decomp *d = &r->run->roles.plan.decomp;
    mf_tile t;

    for (int k = 0; k < r->n_writers; k++) {
        mf_decomp_tile(d, k, &t);
        for (int y = 0; y < t.ny; y++, from += t.nx) {
            memcpy(r->walls + (size_t)(t.y0 + y) * (size_t)t.width +
                       (size_t)t.x0,
                   from, (size_t)t.nx);
        }
    }
}

static mf_status get_setting(mf_recorder *r, const mf_arena_world *w)
{
    const mf_env_ops *env = r->run->cfg->env;
    void *all = NULL;
    size_t bytes;

    if (env->setting == NULL) {
        return MF_OK;
    }
    (void)env->setting(w->env, r->walls, r->species);
    MF_TRY(mf_comm_gather(r->walls, (size_t)r->tile.nx * (size_t)r->tile.ny,
                          &all, &bytes, 0, r->run->roles.group));
    if (r->writer == 0) {
        join_walls(r, all);
    }
    mf_free(&all);
    return MF_OK;
}

static mf_status begin_segment(mf_recorder *r, const mf_arena_world *w,
                               int64_t step)
{
    char name[MF_OBSERVABLE_NAME];

    MF_TRY(get_setting(r, w));
    r->spec.lattice = w->agents.x == NULL;
    if (r->spec.lattice) {
        r->spec.fields &= ~(1u << MF_TRAJ_POSITION);
    }
    if (w->agents.hp == NULL) {
        r->spec.fields &= ~(1u << MF_TRAJ_HP);
    }
    snprintf(name, sizeof(name), "step-%012lld", (long long)step);
    r->open = true;
    r->frames = 0;
    return r->failed
               ? MF_OK
               : note(r, mf_trajectory_create(r->dir, name, &r->spec, r->writer,
                                              r->n_writers, &r->out));
}

mf_status mf_recorder_before(mf_recorder *r, const mf_arena_world *w,
                             int64_t step)
{
    const mf_env_ops *env = r->run->cfg->env;
    const int64_t most = r->run->cfg->run.trajectory.steps;
    const uint64_t setting =
        env->setting != NULL ? env->setting(w->env, NULL, NULL) : 0;

    mf_run_phase(r->run, MF_PHASE_RECORD);
    if (env->episode != NULL) {
        env->episode(w->env, &r->episode, &r->episode_step);
    }
    if (setting != r->setting || (most > 0 && r->frames >= most)) {
        mf_recorder_cut(r);
    }
    r->setting = setting;
    return r->open ? MF_OK : begin_segment(r, w, step);
}

mf_status mf_recorder_after(mf_recorder *r, const mf_arena_world *w,
                            int64_t step, int64_t version,
                            const int64_t *counters)
{
    const mf_trajectory_stamp stamp = {.step = step,
                                       .version = version,
                                       .episode = (int64_t)r->episode,
                                       .episode_step = r->episode_step};
    int stop;

    mf_run_phase(r->run, MF_PHASE_RECORD);
    MF_TRY(note(r, mf_recorder_frame(r, w, &stamp, counters, &stop)));
    r->frames++;
    if (stop) {
        mf_recorder_cut(r);
        r->stopped = true;
        if (r->writer == 0) {
            mf_log(MF_LOG_WARN,
                   "the trajectory cannot be written: recording ends before "
                   "step %lld, the run goes on",
                   (long long)step);
        }
    }
    return MF_OK;
}

/* True of the files of segments that begin at or after a step. */
static bool is_later(const char *name, int64_t step)
{
    long long first;
    int n = 0;

    return sscanf(name, "step-%lld.%n", &first, &n) == 1 && n > 0 &&
           (strcmp(name + n, "h5") == 0 ||
            strncmp(name + n, "part-", 5) == 0) &&
           first >= step;
}

mf_status mf_recorder_prepare(const mf_config *cfg, int64_t step)
{
    char dir[MF_PATH], path[MF_PATH];
    DIR *d;

    MF_TRY(mf_path_join(dir, cfg->run.run.dir, DIRECTORY));
    if (cfg->run.trajectory.every > 0) {
        MF_TRY(mf_run_dir_create(dir));
    }
    d = opendir(dir);
    if (d == NULL) {
        return MF_OK;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (is_later(e->d_name, step) &&
            mf_path_join(path, dir, e->d_name) == MF_OK && unlink(path) != 0) {
            mf_log(MF_LOG_WARN,
                   "cannot remove %s, whose steps will be made "
                   "again",
                   path);
        }
    }
    closedir(d);
    return MF_OK;
}

size_t mf_recorder_bytes(const mf_config *cfg, const mf_plan *plan)
{
    const mf_env_spec *e = &cfg->env_spec;
    const size_t cells = (size_t)e->width * (size_t)e->height;
    const int n = plan->decomp.px * plan->decomp.py;
    mf_trajectory_spec spec = {.n_agents = e->n_agents,
                               .fields = cfg->recorded,
                               .n_actions = e->n_actions,
                               .wide_counts = e->max_neighbours > UINT8_MAX,
                               .lattice = e->n_agents == cells};
    uint32_t first, last;
    size_t rows;

    if (cfg->run.trajectory.every == 0) {
        return 0;
    }
    if (spec.lattice) { /* agents that fill a world are spins, not fighters */
        spec.fields &= ~(1u << MF_TRAJ_POSITION | 1u << MF_TRAJ_HP);
    }
    mf_trajectory_block(e->n_agents, n, 0, &first, &last);
    rows = (size_t)mf_config_agents_on_tile(cfg, &plan->decomp) +
           (n > 1 ? last - first : 0);
    return mf_trajectory_bytes(&spec, n) + rows * mf_recorder_row_bytes(cfg) +
           (cfg->env->setting != NULL ? cells + e->n_agents : 0);
}
