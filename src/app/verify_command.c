/* `mfrl-dist verify`: play a trajectory again and compare. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "compare.h"
#include "mfrl/base/clock.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

static const char HELP[] =
    "usage: mfrl-dist verify FILE\n"
    "\n"
    "Plays a recorded trajectory again, from its first frame on by its\n"
    "actions, and compares every frame bit for bit: who is alive, position,\n"
    "hp, episode, reward, mean_action_counts, neighbours, and the views and\n"
    "features under /golden, of what is recorded.  FILE is\n"
    "RUN_DIR/traj/SEGMENT.h5; also one that is still being written, or whose\n"
    "run was killed.  Every step must be there (trajectory.every=1).\n"
    "Prints one line, and exits 0 if all agrees, 3 with the first difference\n"
    "(frame, agent, field, expected, got) or if the file is bad.\n";

typedef struct verify {
    const char *path;
    mf_trajectory_reader *reader;
    const mf_trajectory_spec *spec; /* of the file */
    mf_config cfg;
    mf_frames frames;
    mf_resim sim;
    const mf_trajectory_golden *golden;
    float *view, *features, *seen; /* of one golden frame; of one agent */
    uint64_t n_views;              /* golden frames compared */
    bool counts; /* they were compared in all frames but the first */
} verify;

static mf_status bad(const verify *v, const char *what)
{
    return MF_FAIL(MF_ERR_FILE, "%s: %s", v->path, what);
}

/* Whatever is wrong with it, it is the file's. */
static mf_status read_config(verify *v)
{
    if (mf_config_init(&v->cfg) != MF_OK ||
        mf_opts_read(v->cfg.opts, v->spec->config, v->path) != MF_OK ||
        mf_config_resolve(&v->cfg) != MF_OK) {
        return MF_ERR_FILE;
    }
    if (v->spec->env[0] != '\0' &&
        strcmp(v->spec->env, v->cfg.env->name) != 0) {
        return bad(v, "the attribute env of /parameters and env.name in "
                      "config differ");
    }
    return MF_OK;
}

static mf_status check_shape(const verify *v)
{
    const mf_env_spec *e = &v->cfg.env_spec;
    const mf_trajectory_spec *s = v->spec;

    if (s->width != e->width || s->height != e->height) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: the world is %d x %d cells by its box or walls "
                       "and %d x %d by its config",
                       v->path, s->width, s->height, e->width, e->height);
    }
    if (s->n_actions > 0 && s->n_actions != e->n_actions) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: there are %d actions by name or counts and %d by "
                       "config",
                       v->path, s->n_actions, e->n_actions);
    }
    if (s->episodes && s->n_agents != e->n_agents) {
        return MF_FAIL(MF_ERR_FILE, "%s: there are %u agents, and %u by config",
                       v->path, s->n_agents, e->n_agents);
    }
    return MF_OK;
}

/* What a start needs, and a step. */
static mf_status check_fields(const verify *v)
{
    if (!mf_trajectory_has(v->spec, MF_TRAJ_ACTION)) {
        return bad(v, "cannot be verified: actions are not recorded");
    }
    if (!mf_trajectory_has(v->spec, MF_TRAJ_POSITION) && !v->spec->lattice) {
        return bad(v, "cannot be verified: positions are not recorded");
    }
    if (v->cfg.env->setting != NULL && v->spec->walls == NULL) {
        return bad(v, "cannot be verified: /map/walls is missing");
    }
    if (v->sim.agents.hp != NULL && !mf_trajectory_has(v->spec, MF_TRAJ_HP)) {
        return bad(v, "cannot be verified: hp is not recorded");
    }
    return MF_OK;
}

/* Every step must be there. */
static mf_status check_steps(const verify *v)
{
    const uint64_t n = mf_trajectory_frames(v->reader);
    int64_t *steps;
    mf_status st;

    if (n == 0) {
        return bad(v, "has no frames yet");
    }
    MF_TRY(mf_alloc(n, sizeof(*steps), "steps", &steps));
    st = mf_trajectory_read_steps(v->reader, 0, n, steps);
    for (uint64_t t = 1; t < n && st == MF_OK; t++) {
        if (steps[t] != steps[t - 1] + 1) {
            st = MF_FAIL(MF_ERR_FILE,
                         "%s: cannot be verified: frame %" PRIu64 " is of step "
                         "%" PRId64 " and the next one of step %" PRId64
                         ", so that steps are missing in between; record with "
                         "trajectory.every=1",
                         v->path, t - 1, steps[t - 1], steps[t]);
        }
    }
    if (st == MF_OK && steps[0] < 0) {
        st = bad(v, "begins before step 0");
    }
    mf_free(&steps);
    return st;
}

static mf_status prepare_golden(verify *v)
{
    const mf_env_spec *e = &v->cfg.env_spec;
    const mf_trajectory_golden *g = mf_trajectory_golden_of(v->reader);
    const size_t n_view = g->view[0] * g->view[1] * g->view[2];

    v->golden = g;
    if (g->n == 0) {
        return MF_OK;
    }
    if (e->n_inputs != 2 || strcmp(e->inputs[0].name, "view") != 0 ||
        strcmp(e->inputs[1].name, "features") != 0 ||
        g->view[0] != (uint64_t)e->inputs[0].h ||
        g->view[1] != (uint64_t)e->inputs[0].w ||
        g->view[2] != (uint64_t)e->inputs[0].c ||
        g->features != (uint64_t)e->inputs[1].c) {
        return bad(v, "/golden: views and features are not shaped as this "
                      "environment's");
    }
    MF_TRY(
        mf_alloc(v->spec->n_agents * n_view, sizeof(float), "views", &v->view));
    MF_TRY(mf_alloc(v->spec->n_agents * g->features, sizeof(float), "features",
                    &v->features));
    return mf_alloc((size_t)e->obs_floats, sizeof(float), "view", &v->seen);
}

static mf_status prepare(verify *v)
{
    MF_TRY(mf_trajectory_open(v->path, &v->reader));
    v->spec = mf_trajectory_described(v->reader);
    MF_TRY(read_config(v));
    MF_TRY(check_shape(v));
    MF_TRY(check_steps(v));
    MF_TRY(mf_resim_create(&v->cfg, v->spec->seed, v->spec->world,
                           v->spec->n_agents, &v->sim));
    v->cfg.env->agents(v->sim.env, &v->sim.agents);
    MF_TRY(check_fields(v));
    MF_TRY(mf_frames_create(v->reader, &v->frames));
    return prepare_golden(v);
}

static mf_status place(verify *v, const mf_frame *f)
{
    const mf_env_scene scene = {
        .walls = v->spec->walls,
        .n_agents = v->spec->n_agents,
        .team = v->spec->species,
        .alive = f->alive,
        .pos = f->position,
        .hp = f->hp,
        .episode = v->spec->episodes ? (uint64_t)f->episode : 0,
        .steps = v->spec->episodes ? f->episode_step : MF_STEPS_UNKNOWN};

    if (v->spec->episodes && (f->episode < 0 || f->episode_step < 0)) {
        return bad(v, "frame 0: the episode's number or step is below 0");
    }
    return mf_resim_place(&v->sim, &scene);
}

static mf_status compare_golden(verify *v, const mf_compare *c)
{
    const mf_trajectory_golden *g = v->golden;
    const size_t n_view = g->view[0] * g->view[1] * g->view[2];

    for (uint64_t i = 0; i < g->n; i++) {
        if ((uint64_t)g->frames[i] != c->frame->number) {
            continue;
        }
        MF_TRY(mf_trajectory_read_golden(v->reader, i, v->view, v->features));
        MF_TRY(mf_compare_views(c, v->view, n_view, v->features, g->features,
                                v->seen));
        v->n_views++;
    }
    return MF_OK;
}

/* A last frame may be a state after which nobody acted. */
static bool is_final(const verify *v, const mf_frame *f)
{
    for (uint32_t i = 0; i < v->spec->n_agents; i++) {
        if (f->action[i] != MF_TRAJ_NO_ACTION) {
            return false;
        }
    }
    return f->number + 1 == mf_trajectory_frames(v->reader);
}

/* What the mean action is made of depends on the step before the first frame
 * where it is lagged, unless nothing was before it. */
static bool counts_known(const verify *v, const mf_frame *f)
{
    const int64_t before = v->spec->episodes ? f->episode_step : f->step;

    return f->number > 0 || before == 0 ||
           strcmp(v->cfg.env_spec.keying, "lagged") != 0;
}

static mf_status compare_frame(verify *v, const mf_frame *f)
{
    const mf_compare c = {.path = v->path, .frame = f, .sim = &v->sim};

    mf_resim_begin(&v->sim, (uint64_t)f->step);
    MF_TRY(mf_compare_state(&c));
    if (is_final(v, f)) {
        mf_resim_act(&v->sim, NULL);
        return compare_golden(v, &c);
    }
    MF_TRY(mf_compare_actions(&c));
    mf_resim_act(&v->sim, f->action);
    MF_TRY(compare_golden(v, &c));
    mf_resim_finish(&v->sim);
    MF_TRY(mf_compare_rewards(&c));
    return counts_known(v, f) ? mf_compare_counts(&c) : MF_OK;
}

static mf_status compare_all(verify *v)
{
    const uint64_t n = mf_trajectory_frames(v->reader);
    mf_frame f;

    for (uint64_t t = 0; t < n; t++) {
        MF_TRY(mf_frames_get(&v->frames, t, &f));
        if (t == 0) {
            MF_TRY(place(v, &f));
        }
        MF_TRY(compare_frame(v, &f));
    }
    return MF_OK;
}

static void report(const verify *v, double seconds)
{
    static const struct {
        mf_trajectory_field field;
        const char *name;
    } NAMES[] = {
        {MF_TRAJ_POSITION, "position"},
        {MF_TRAJ_ALIVE, "alive"},
        {MF_TRAJ_HP, "hp"},
        {MF_TRAJ_ACTION, "action"},
        {MF_TRAJ_REWARD, "reward"},
        {MF_TRAJ_COUNTS, "mean_action_counts"},
        {MF_TRAJ_NEIGHBOURS, "neighbours"},
    };
    char fields[160] = "", views[64] = "";

    for (size_t k = 0; k < sizeof(NAMES) / sizeof(NAMES[0]); k++) {
        if (mf_trajectory_has(v->spec, NAMES[k].field)) {
            const size_t used = strlen(fields);

            snprintf(fields + used, sizeof(fields) - used, "%s%s",
                     used > 0 ? ", " : "", NAMES[k].name);
        }
    }
    if (v->n_views > 0) {
        snprintf(views, sizeof(views),
                 ", views and features of %" PRIu64 " frames", v->n_views);
    }
    mf_log(MF_LOG_INFO,
           "%s: %" PRIu64 " frame%s of %u agents agree in %s%s (%.2f s)",
           v->path, mf_trajectory_frames(v->reader),
           mf_trajectory_frames(v->reader) == 1 ? "" : "s", v->spec->n_agents,
           fields, views, seconds);
}

static void clear(verify *v)
{
    mf_resim_clear(&v->sim);
    mf_frames_clear(&v->frames);
    mf_free(&v->view);
    mf_free(&v->features);
    mf_free(&v->seen);
    mf_config_clear(&v->cfg);
    mf_trajectory_close(&v->reader);
}

mf_status mf_command_verify(int argc, char **argv)
{
    const double began = mf_clock_now();
    verify *v;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    if (argc != 1 || argv[0][0] == '-') {
        return MF_FAIL(MF_ERR_USAGE,
                       "verify needs one file, as in mfrl-dist verify "
                       "runs/battle-mfq-1/traj/step-000000000000.h5");
    }
    MF_TRY(mf_alloc(1, sizeof(*v), "verify", &v));
    v->path = argv[0];
    st = prepare(v);
    st = st == MF_OK ? compare_all(v) : st;
    if (st == MF_OK) {
        report(v, mf_clock_now() - began);
    }
    clear(v);
    mf_free(&v);
    return st;
}
