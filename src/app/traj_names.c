#include "traj_names.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

/* The recordings of other engines have a config and no names. */
static mf_status ask_environment(const mf_trajectory_spec *spec,
                                 mf_traj_names *out)
{
    mf_config cfg;
    mf_status st = MF_OK;
    bool known;

    mf_log_silence(); /* it is no error if that config is nothing to us */
    known = mf_config_init(&cfg) == MF_OK &&
            mf_opts_read(cfg.opts, spec->config, spec->env) == MF_OK &&
            mf_config_resolve(&cfg) == MF_OK;
    mf_log_set_rank(-1, 1);
    if (known && strcmp(cfg.env->name, spec->env) == 0 &&
        (spec->n_actions == 0 || spec->n_actions == cfg.env_spec.n_actions)) {
        out->n = cfg.env_spec.n_actions;
        st = mf_alloc((size_t)out->n, MF_ENV_NAME, "actions", &out->names);
        for (int a = 0; a < out->n && st == MF_OK; a++) {
            if (cfg.env->action_name != NULL) {
                cfg.env->action_name(cfg.env_cfg, a, out->names[a]);
            } else {
                snprintf(out->names[a], MF_ENV_NAME, "%d", a);
            }
        }
    }
    mf_config_clear(&cfg);
    return st;
}

mf_status mf_traj_names_create(const mf_trajectory_spec *spec,
                               mf_traj_names *out)
{
    *out = (mf_traj_names){.n = spec->n_actions};
    if (spec->action_names == NULL) {
        return spec->env[0] != '\0' && spec->config[0] != '\0'
                   ? ask_environment(spec, out)
                   : MF_OK;
    }
    MF_TRY(mf_alloc((size_t)out->n, MF_ENV_NAME, "actions", &out->names));
    for (int a = 0; a < out->n; a++) {
        snprintf(out->names[a], MF_ENV_NAME, "%s", spec->action_names[a]);
    }
    return MF_OK;
}

void mf_traj_names_clear(mf_traj_names *t) { mf_free(&t->names); }

const char *mf_traj_names_of(const mf_traj_names *t, int action)
{
    static char number[16];

    if (action == MF_TRAJ_NO_ACTION) {
        return "none";
    }
    if (t->names != NULL && action < t->n) {
        return t->names[action];
    }
    snprintf(number, sizeof(number), "%d", action);
    return number;
}
