#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/tags.h"
#include "mfrl/io/run_files.h"
#include "mfrl/replay/merge.h"
#include "record_fields.h"
#include "rollout.h"

enum { MAX_CONFIG_BYTES = 1 << 20 };

/* the words of ranks.layout are handed on as numbers */
_Static_assert((int)MF_LAYOUT_AUTO == (int)MF_PLAN_AUTO &&
                   (int)MF_LAYOUT_SPLIT == (int)MF_PLAN_SPLIT &&
                   (int)MF_LAYOUT_COLOCATED == (int)MF_PLAN_COLOCATED,
               "cfg and comm number the layouts alike");
_Static_assert((int)MF_MAX_WORLDS <= (int)MF_HALO_SLOTS,
               "a group exchanges a halo for each of its worlds");

mf_status mf_config_init(mf_config *c)
{
    mf_opt_section sections[MF_RUN_SECTIONS + 2 * MF_MAX_LISTED];
    const size_t before = mf_mem_bytes();
    int n = MF_RUN_SECTIONS;

    memset(c, 0, sizeof(*c));
    mf_run_cfg_sections(&c->run, sections);
    for (int i = 0; mf_env_at(i) != NULL; i++, n++) {
        const mf_env_ops *env = mf_env_at(i);
        char *name = c->sections[n - MF_RUN_SECTIONS];

        MF_TRY(mf_alloc(1, env->cfg_size, "config", &c->env_cfgs[i]));
        snprintf(name, sizeof(c->sections[0]), "env.%s", env->name);
        sections[n] = (mf_opt_section){name, env->opts, c->env_cfgs[i]};
    }
    for (int i = 0; mf_algo_at(i) != NULL; i++, n++) {
        const mf_algo_ops *algo = mf_algo_at(i);
        char *name = c->sections[n - MF_RUN_SECTIONS];

        MF_TRY(mf_alloc(1, algo->cfg_size, "config", &c->algo_cfgs[i]));
        snprintf(name, sizeof(c->sections[0]), "algo.%s", algo->name);
        sections[n] = (mf_opt_section){name, algo->opts, c->algo_cfgs[i]};
    }
    MF_TRY(mf_opts_create(sections, n, &c->opts));
    c->n_bytes = mf_mem_bytes() - before;
    return MF_OK;
}

void mf_config_clear(mf_config *c)
{
    mf_fail_set_origin(NULL, NULL);
    mf_opts_destroy(&c->opts);
    for (int i = 0; i < MF_MAX_LISTED; i++) {
        mf_free(&c->env_cfgs[i]);
        mf_free(&c->algo_cfgs[i]);
    }
}

mf_status mf_config_load(mf_config *c, const char *path)
{
    char *text;
    size_t n;
    mf_status st;

    MF_TRY(mf_file_read(path, MAX_CONFIG_BYTES, &text, &n));
    if (strlen(text) != n) {
        st = MF_FAIL(MF_ERR_USAGE,
                     "%s: byte %zu is zero, so it is not a text file", path,
                     strlen(text) + 1);
    } else {
        st = mf_opts_read(c->opts, text, path);
    }
    mf_free(&text);
    return st;
}

mf_status mf_config_override(mf_config *c, int n, char *const *assignments)
{
    for (int i = 0; i < n; i++) {
        MF_TRY(mf_opts_set(c->opts, assignments[i]));
    }
    return MF_OK;
}

mf_status mf_config_set_dir(mf_config *c, const char *dir)
{
    const size_t n = strlen(dir);

    if (n >= sizeof(c->run.run.dir)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "the run directory's path has %zu bytes, at most %zu "
                       "fit: %.60s...",
                       n, sizeof(c->run.run.dir) - 1, dir);
    }
    memset(c->run.run.dir, 0, sizeof(c->run.run.dir)); /* as opt.h wants */
    memcpy(c->run.run.dir, dir, n);
    return MF_OK;
}

void mf_config_locate_errors(const mf_config *c)
{
    mf_fail_set_origin(mf_opts_origin, c->opts);
}

/* "a, b, c" of all names in a list. */
static void list_names(int envs, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0;; i++) {
        const char *name =
            envs ? (mf_env_at(i) != NULL ? mf_env_at(i)->name : NULL)
                 : (mf_algo_at(i) != NULL ? mf_algo_at(i)->name : NULL);

        if (name == NULL || used >= size) {
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i > 0 ? ", " : "", name);
    }
}

/* The numbers of how a step ends are the same in env and replay. */
_Static_assert((int)MF_GOES_ON == (int)MF_RECORD_GOES_ON &&
                   (int)MF_DONE == (int)MF_RECORD_ENDED &&
                   (int)MF_CUT_OFF == (int)MF_RECORD_CUT_OFF,
               "env and replay number the ends alike");
_Static_assert((int)MF_ENV_INPUTS <= (int)MF_ALGO_INPUTS,
               "a network takes all inputs of an environment");

/* What net.layers stands for in worlds like these. */
static const char *layers_of(const mf_config *c, const mf_env_spec *e)
{
    return strcmp(c->run.net.layers, "auto") == 0 ? e->layers
                                                  : c->run.net.layers;
}

static mf_status find_parts(mf_config *c)
{
    char names[512];

    c->env = mf_env_find(c->run.env.name);
    if (c->env == NULL) {
        list_names(1, names, sizeof(names));
        return MF_FAIL(MF_ERR_USAGE,
                       "env.name = %s: there is no such environment; use one "
                       "of: %s",
                       c->run.env.name, names);
    }
    c->algo = mf_algo_find(c->run.algo.name);
    if (c->algo == NULL) {
        list_names(0, names, sizeof(names));
        return MF_FAIL(MF_ERR_USAGE,
                       "algo.name = %s: there is no such algorithm; use one "
                       "of: %s",
                       c->run.algo.name, names);
    }
    for (int i = 0; mf_env_at(i) != NULL; i++) {
        if (mf_env_at(i) == c->env) {
            c->env_cfg = c->env_cfgs[i];
        }
    }
    for (int i = 0; mf_algo_at(i) != NULL; i++) {
        if (mf_algo_at(i) == c->algo) {
            c->algo_cfg = c->algo_cfgs[i];
        }
    }
    return MF_OK;
}

/* What is known of the algorithm once it is there; it also knows best what
 * fits it. */
static mf_status try_algo(mf_config *c)
{
    const size_t before = mf_mem_bytes();
    void *algo;

    if (mf_config_on_policy(c) && mf_rollout_records(c) > INT32_MAX) {
        return MF_FAIL(MF_ERR_USAGE,
                       "pipeline.steps_per_round = %lld: algo.name = %s keeps "
                       "a round's steps of all agents, at most 2^31 in a "
                       "shard; use fewer steps, or more replay.shards",
                       (long long)c->run.pipeline.steps_per_round,
                       c->algo->name);
    }
    if (mf_config_on_policy(c) && c->run.learner.terminal == MF_TERMINAL_MASK) {
        return MF_FAIL(MF_ERR_USAGE,
                       "learner.terminal = mask: only for what is drawn from "
                       "the replay; %s learns from all steps of the round, and "
                       "algo.%s.bootstrap says what follows a death; use learn",
                       c->algo->name, c->algo->name);
    }
    MF_TRY(mf_config_learner(c, &algo));
    c->n_learner_bytes = mf_mem_bytes() - before;
    c->n_weights = c->algo->n_weights(algo);
    c->n_state = c->algo->n_state(algo);
    c->n_grad = c->algo->n_grad(algo);
    c->algo->destroy(&algo);
    MF_TRY(mf_config_player(c, c, &algo));
    c->n_player_bytes = mf_mem_bytes() - before;
    c->algo->destroy(&algo);
    return MF_OK;
}

mf_status mf_config_resolve(mf_config *c)
{
    MF_TRY(find_parts(c));
    MF_TRY(mf_run_cfg_check(&c->run));
    MF_TRY(c->env->spec(c->env_cfg, &c->env_spec));
    MF_TRY(mf_env_check(c->env, &c->env_spec));
    if (c->env_spec.stage_game &&
        !mf_opts_is_set(c->opts, "learner", "gamma")) {
        MF_TRY(mf_opts_set(c->opts, "learner.gamma=0"));
    }
    if (c->run.table.sharing == MF_SHARING_PER_AGENT &&
        strcmp(layers_of(c, &c->env_spec), "table") != 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "table.sharing = per_agent: net.layers = auto is a "
                       "network in %s, which all agents share; set "
                       "net.layers=table",
                       c->env->name);
    }
    c->n_worlds =
        c->run.world.count > 0 ? (int)c->run.world.count : c->env_spec.n_worlds;
    if (c->n_worlds < c->env_spec.n_sets) {
        return MF_FAIL(MF_ERR_USAGE,
                       "world.count = %d leaves some of the %d weight sets "
                       "without a world; use at least %d, or auto",
                       c->n_worlds, c->env_spec.n_sets, c->env_spec.n_sets);
    }
    if (c->env_spec.n_teams == 1 &&
        c->run.selfplay.rule != MF_SELFPLAY_SHARED) {
        return MF_FAIL(MF_ERR_USAGE,
                       "selfplay.rule: environment %s has one team, which "
                       "plays with nobody else; leave it at shared",
                       c->env->name);
    }
    MF_TRY(mf_record_fields(c->run.trajectory.fields, &c->recorded));
    if (c->run.trajectory.world >= c->n_worlds) {
        return MF_FAIL(MF_ERR_USAGE,
                       "trajectory.world = %lld: the worlds are numbered from "
                       "0 to %d",
                       (long long)c->run.trajectory.world, c->n_worlds - 1);
    }
    for (int s = 0; s < c->env_spec.n_sets; s++) {
        if (mf_config_temperature(c, s, 0) <= 0) {
            return MF_FAIL(MF_ERR_USAGE,
                           "policy.temperature: environment %s has no "
                           "temperature of its own; set one above 0",
                           c->env->name);
        }
    }
    MF_TRY(try_algo(c));
    if (c->run.run.dir[0] == '\0') {
        char dir[MF_PATH];

        snprintf(dir, sizeof(dir), "runs/%.300s-%.300s-%lld", c->env->name,
                 c->algo->name, (long long)c->run.run.seed);
        return mf_config_set_dir(c, dir);
    }
    return MF_OK;
}

mf_status mf_config_text(const mf_config *c, int explain, char **text,
                         size_t *size)
{
    FILE *f = open_memstream(text, size);
    mf_status st;

    if (f == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for the config's text");
    }
    st = mf_opts_write(c->opts, explain, f);
    fclose(f);
    if (st != MF_OK) {
        free(*text);
        *text = NULL;
    }
    return st;
}

double mf_config_temperature(const mf_config *c, int set, int64_t round)
{
    const double t = mf_schedule_at(&c->run.policy.temperature, (double)round);

    return t > 0 ? t : c->env->temperature(c->env_cfg, set);
}

size_t mf_config_published(const mf_config *c)
{
    const size_t n = (size_t)c->env_spec.n_sets * c->n_weights;

    return c->run.selfplay.rule == MF_SELFPLAY_SHARED ? n : 2 * n;
}

int mf_config_shard_batch(const mf_config *c)
{
    return mf_config_whole_rounds(c)
               ? (int)mf_rollout_records(c)
               : (int)(c->run.learner.batch / c->run.replay.shards);
}

/* @p max_rows as in mf_algo_spec. */
static mf_status create_algo(const mf_config *c, const mf_config *worlds,
                             int max_rows, void **algo)
{
    const mf_env_spec *e = &worlds->env_spec;
    mf_algo_spec spec = {.run = &c->run,
                         .n_agents = e->n_agents,
                         .n_actions = e->n_actions,
                         .obs_bytes = e->obs_bytes,
                         .obs_floats = e->obs_floats,
                         .obs_states = e->obs_states,
                         .n_inputs = e->n_inputs,
                         .layers = layers_of(c, e),
                         .unpack = c->env->unpack,
                         .env_cfg = worlds->env_cfg,
                         .abar_states = e->abar_states,
                         .abar_key = c->env->abar_key,
                         .batch = (int)c->run.learner.batch,
                         .max_rows = max_rows};

    for (int i = 0; i < e->n_inputs; i++) {
        const mf_env_input *in = &e->inputs[i];

        spec.inputs[i] = (mf_net_input){in->name, in->h, in->w, in->c};
    }
    return c->algo->create(c->algo_cfg, &spec, algo);
}

mf_status mf_config_learner(const mf_config *c, void **algo)
{
    return create_algo(c, c, mf_config_shard_batch(c), algo);
}

mf_status mf_config_player(const mf_config *c, const mf_config *worlds,
                           void **algo)
{
    return create_algo(c, worlds, 0, algo);
}

mf_plan_request mf_config_plan_request(const mf_config *c, int n_ranks)
{
    mf_plan_request r = {.n_ranks = n_ranks,
                         .layout = (mf_plan_kind)c->run.ranks.layout,
                         .n_learners = (int)c->run.ranks.learners,
                         .n_worlds = c->n_worlds,
                         .n_shards = (int)c->run.replay.shards,
                         .width = c->env_spec.width,
                         .height = c->env_spec.height,
                         .halo = c->env_spec.halo,
                         .periodic = c->env_spec.periodic};

    /* resolve has checked the text */
    (void)mf_run_cfg_tiles(c->run.world.tiles, &r.px, &r.py);
    return r;
}

size_t mf_config_agents_on_tile(const mf_config *c, const mf_decomp *d)
{
    const size_t area = (size_t)((d->width + d->px - 1) / d->px) *
                        (size_t)((d->height + d->py - 1) / d->py);
    const size_t all = (size_t)d->width * (size_t)d->height;

    return (c->env_spec.n_agents * area + all - 1) / all;
}

size_t mf_config_section_bytes(const mf_config *c)
{
    return sizeof(mf_section) + sizeof(mf_step_head) +
           (size_t)c->env_spec.ctx_bytes;
}

bool mf_config_on_policy(const mf_config *c)
{
    return c->algo->on_policy != NULL && c->algo->on_policy(c->algo_cfg);
}

bool mf_config_whole_rounds(const mf_config *c)
{
    return mf_config_on_policy(c) && c->algo->evaluate == NULL;
}

mf_layout mf_config_layout(const mf_config *c)
{
    return mf_layout_make(c->env_spec.n_actions, c->env_spec.obs_bytes,
                          c->env_spec.max_neighbours, mf_config_on_policy(c));
}
