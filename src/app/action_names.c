#include "action_names.h"

#include <stdio.h>

#include "config.h"
#include "mfrl/base/mem.h"

static mf_status make_room(mf_action_names *a, int n)
{
    a->n = n;
    MF_TRY(mf_alloc((size_t)n, sizeof(*a->name), "action names", &a->name));
    MF_TRY(mf_alloc((size_t)n, sizeof(*a->text), "action names", &a->text));
    for (int i = 0; i < n; i++) {
        a->name[i] = a->text[i];
    }
    return MF_OK;
}

static mf_status from_config(const mf_trajectory_spec *spec, const char *path,
                             mf_action_names *a)
{
    mf_config c;
    mf_status st;

    MF_TRY_OR(out, mf_config_init(&c));
    MF_TRY_OR(out, mf_opts_read(c.opts, spec->config, path));
    MF_TRY_OR(out, mf_config_resolve(&c));
    if (c.env->action_name != NULL) {
        MF_TRY_OR(out, make_room(a, c.env_spec.n_actions));
        for (int i = 0; i < a->n; i++) {
            c.env->action_name(c.env_cfg, i, a->text[i]);
        }
    }
out:
    mf_config_clear(&c);
    return st == MF_ERR_USAGE ? MF_ERR_FILE : st;
}

mf_status mf_action_names_create(const mf_trajectory_spec *spec,
                                 const char *path, mf_action_names *out)
{
    mf_status st = MF_OK;

    *out = (mf_action_names){0};
    if (spec->action_names != NULL) {
        st = make_room(out, spec->n_actions);
        for (int i = 0; i < out->n && st == MF_OK; i++) {
            snprintf(out->text[i], sizeof(out->text[i]), "%s",
                     spec->action_names[i]);
        }
    } else if (spec->env != NULL && mf_env_find(spec->env) != NULL) {
        st = from_config(spec, path, out);
    }
    if (st != MF_OK) {
        mf_action_names_clear(out);
    }
    return st;
}

void mf_action_names_clear(mf_action_names *a)
{
    mf_free(&a->name);
    mf_free(&a->text);
    a->n = 0;
}
