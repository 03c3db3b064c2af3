#include "player.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"
#include "state_files.h"

static const char *find_script(const mf_env_ops *env, const char *name)
{
    for (int i = 0; env->scripts != NULL && env->scripts[i] != NULL; i++) {
        if (strcmp(env->scripts[i], name) == 0) {
            return env->scripts[i];
        }
    }
    return NULL;
}

mf_status mf_player_find(const mf_env_ops *env, const char *name,
                         mf_player *out)
{
    static const char *const INSIDE[] = {"", "/net.h5",
                                         "/checkpoints/latest/net.h5"};
    const char *script = find_script(env, name);
    struct stat s;

    *out = (mf_player){.policy = {.script = script}};
    if (strlen(name) >= sizeof(out->name)) {
        return MF_FAIL(MF_ERR_USAGE, "the name of a player is too long: %s",
                       name);
    }
    snprintf(out->name, sizeof(out->name), "%s", name);
    if (script != NULL) {
        return MF_OK;
    }
    for (size_t i = 0; i < sizeof(INSIDE) / sizeof(INSIDE[0]); i++) {
        const int n =
            snprintf(out->path, sizeof(out->path), "%.200s%s", name, INSIDE[i]);

        if (n < (int)sizeof(out->path) && stat(out->path, &s) == 0 &&
            S_ISREG(s.st_mode)) {
            return MF_OK;
        }
    }
    return MF_FAIL(MF_ERR_USAGE,
                   "%s: no such player; give a net.h5, a checkpoint or a run "
                   "directory, or a script of %s such as %s",
                   name, env->name,
                   env->scripts != NULL ? env->scripts[0] : "(none)");
}

mf_status mf_player_config(const mf_player *p, char **text)
{
    return mf_state_load_config(p->path, text);
}

static mf_status read_config(mf_player *p)
{
    char *text;
    mf_status st;

    MF_TRY(mf_player_config(p, &text));
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
        a->obs_floats != b->obs_floats || a->obs_bytes != b->obs_bytes ||
        strcmp(a->observation, b->observation) != 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: was trained in %s with %d actions and %d floats "
                       "of observation, these worlds are %s with %d and %d",
                       p->path, p->cfg->env->name, a->n_actions, a->obs_floats,
                       cfg->env->name, b->n_actions, b->obs_floats);
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
