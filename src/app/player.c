#include "player.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"
#include "state_files.h"

const char *mf_player_script(const mf_env_ops *env, const char *name)
{
    for (int i = 0; env->scripts != NULL && env->scripts[i] != NULL; i++) {
        if (strcmp(env->scripts[i], name) == 0) {
            return env->scripts[i];
        }
    }
    return NULL;
}

bool mf_player_path(const char *name, char path[256])
{
    static const char *const INSIDE[] = {"", "/net.h5",
                                         "/checkpoints/latest/net.h5"};
    struct stat s;

    for (size_t i = 0; i < sizeof(INSIDE) / sizeof(INSIDE[0]); i++) {
        const int n = snprintf(path, 256, "%s%s", name, INSIDE[i]);

        if (n < 256 && stat(path, &s) == 0 && S_ISREG(s.st_mode)) {
            return true;
        }
    }
    path[0] = '\0';
    return false;
}

mf_status mf_player_find(const mf_env_ops *env, const char *name,
                         mf_player *out)
{
    *out = (mf_player){.policy = {.script = mf_player_script(env, name)}};
    snprintf(out->name, sizeof(out->name), "%s", name);
    if (out->policy.script != NULL || mf_player_path(name, out->path)) {
        return MF_OK;
    }
    return MF_FAIL(MF_ERR_USAGE,
                   "%s: no such player; give a net.h5, a checkpoint or a run "
                   "directory, or a script of %s%s%s",
                   name, env->name, env->scripts != NULL ? " such as " : "",
                   env->scripts != NULL ? env->scripts[0] : "");
}

mf_status mf_player_find_all(const mf_env_ops *env, const char *list,
                             mf_player *out, int *n)
{
    char text[MF_OPT_TEXT];
    char *rest = text;

    *n = 0;
    snprintf(text, sizeof(text), "%s", list);
    for (char *name; (name = strsep(&rest, ", ")) != NULL;) {
        if (name[0] == '\0') {
            continue;
        }
        if (*n == MF_PLAYERS) {
            return MF_FAIL(MF_ERR_USAGE, "%s: at most %d players", list,
                           MF_PLAYERS);
        }
        MF_TRY(mf_player_find(env, name, &out[*n]));
        ++*n;
    }
    return MF_OK;
}

static mf_status read_config(mf_player *p)
{
    char *text;
    mf_status st;

    MF_TRY(mf_state_load_config(p->path, &text));
    MF_TRY_OR(out, mf_alloc(1, sizeof(*p->cfg), "player", &p->cfg));
    MF_TRY_OR(out, mf_config_init(p->cfg));
    MF_TRY_OR(out, mf_opts_read(p->cfg->opts, text, p->path));
    st = mf_config_resolve(p->cfg);
out:
    mf_free(&text);
    return st;
}

/* What a network sees and says must be the same. */
static mf_status check_fit(const mf_player *p, const mf_config *cfg)
{
    const mf_env_spec *a = &p->cfg->env_spec, *b = &cfg->env_spec;

    if (p->cfg->env != cfg->env || a->n_actions != b->n_actions ||
        a->obs_floats != b->obs_floats ||
        strcmp(a->observation, b->observation) != 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: was trained in %s with %d actions and %d floats "
                       "of %s observation, these worlds are %s with %d and "
                       "%d of %s",
                       p->path, p->cfg->env->name, a->n_actions, a->obs_floats,
                       a->observation, cfg->env->name, b->n_actions,
                       b->obs_floats, b->observation);
    }
    if (strcmp(a->mean_action, b->mean_action) != 0 ||
        strcmp(a->keying, b->keying) != 0) {
        mf_log_root(MF_LOG_WARN,
                    "%s: learned from the %s mean action of %s, in these "
                    "worlds it sees the %s one of %s",
                    p->path, a->keying, a->mean_action, b->keying,
                    b->mean_action);
    }
    return MF_OK;
}

mf_status mf_player_load(mf_player *p, const mf_config *cfg, double temperature)
{
    if (p->policy.script != NULL) {
        return MF_OK;
    }
    MF_TRY(read_config(p));
    MF_TRY(check_fit(p, cfg));
    /* it sees the worlds that are played, not those of its training */
    MF_TRY(mf_config_player(p->cfg, cfg, &p->algo));
    MF_TRY(mf_alloc((size_t)p->cfg->env_spec.n_sets * p->cfg->n_weights,
                    sizeof(float), "player", &p->weights));
    MF_TRY(mf_state_load_weights(p->path, p->cfg, p->algo, p->weights));
    p->policy = (mf_policy){.ops = p->cfg->algo,
                            .algo = p->algo,
                            .weights = p->weights,
                            .temperature = temperature};
    return MF_OK;
}

void mf_player_clear(mf_player *p)
{
    if (p->cfg != NULL) {
        if (p->algo != NULL) {
            p->cfg->algo->destroy(&p->algo);
        }
        mf_config_clear(p->cfg);
        mf_free(&p->cfg);
    }
    mf_free(&p->weights);
}

/* Whether two algorithms of one kind have the same arrays that read the same.
 * @p a and @p b are scratch, [MF_ALGO_MAX_ARRAYS]. */
static bool same_arrays(const mf_algo_ops *ops, const void *one,
                        const void *other, mf_algo_array *a, mf_algo_array *b)
{
    const int n = ops->arrays(one, a);

    if (ops->arrays(other, b) != n) {
        return false;
    }
    for (int k = 0; k < n; k++) {
        if (strcmp(a[k].name, b[k].name) != 0 ||
            strcmp(a[k].input, b[k].input) != 0 || a[k].rank != b[k].rank ||
            a[k].stride != b[k].stride ||
            memcmp(a[k].dims, b[k].dims, sizeof(a[k].dims)) != 0) {
            return false;
        }
    }
    return true;
}

static mf_status check_network(const mf_player *p, const mf_config *cfg)
{
    mf_algo_array *arrays = NULL;
    void *algo = NULL;
    mf_status st = MF_OK;
    bool same = p->cfg->algo == cfg->algo &&
                p->cfg->env_spec.n_sets == cfg->env_spec.n_sets;

    if (same) {
        MF_TRY_OR(out, mf_config_player(cfg, cfg, &algo));
        MF_TRY_OR(out, mf_alloc((size_t)2 * MF_ALGO_MAX_ARRAYS, sizeof(*arrays),
                                "arrays", &arrays));
        same = same_arrays(cfg->algo, p->algo, algo, arrays,
                           arrays + MF_ALGO_MAX_ARRAYS);
    }
    if (!same) {
        st = MF_FAIL(MF_ERR_USAGE,
                     "selfplay.opponent = %s: is no %s policy of this run's "
                     "network, net.layers = %s; its own config is in the file",
                     p->name, cfg->algo->name, cfg->run.net.layers);
    }
out:
    if (algo != NULL) {
        cfg->algo->destroy(&algo);
    }
    mf_free(&arrays);
    return st;
}

mf_status mf_player_frozen(const mf_config *cfg, float *weights)
{
    const size_t n = (size_t)cfg->env_spec.n_sets * cfg->n_weights;
    mf_player p;
    mf_status st;

    MF_TRY(mf_player_find(cfg->env, cfg->run.selfplay.opponent, &p));
    if (p.policy.script != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "selfplay.opponent = %s: is a script; give the net.h5 "
                       "of a policy of the same network",
                       p.name);
    }
    MF_TRY_OR(out, mf_player_load(&p, cfg, 0));
    MF_TRY_OR(out, check_network(&p, cfg));
    if (weights != NULL) {
        memcpy(weights, p.weights, n * sizeof(*weights));
    }
out:
    mf_player_clear(&p);
    return st;
}

static mf_status check_opponents(const mf_config *cfg)
{
    mf_player players[MF_PLAYERS] = {0};
    mf_status st;
    int n;

    MF_TRY(mf_player_find_all(cfg->env, cfg->run.eval.against, players, &n));
    st = MF_OK;
    for (int i = 0; i < n && st == MF_OK; i++) {
        st = mf_player_load(&players[i], cfg, cfg->run.eval.temperature);
        mf_player_clear(&players[i]);
    }
    return st;
}

mf_status mf_player_check(const mf_config *cfg, bool resumed)
{
    if (cfg->run.eval.every > 0 && cfg->env_spec.n_teams > 1) {
        MF_TRY(check_opponents(cfg));
    }
    /* a checkpoint holds the frozen opponent, wherever its file is by now */
    return cfg->run.selfplay.rule == MF_SELFPLAY_FROZEN && !resumed
               ? mf_player_frozen(cfg, NULL)
               : MF_OK;
}
